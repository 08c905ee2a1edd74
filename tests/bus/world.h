/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* world.h: a private bus with our policy file, the real tenantd on a root of its own, and doubles of systemd and polkit. */
#pragma once

#include "cleanup.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
/* after those it needs */
#include <cmocka.h>

#define NOBODY 65534u
/* Users that there are after world_add_users(). */
#define WORLD_OPERATOR 1717u
#define WORLD_GROUP 4999u /* tenantd: the operator is its member */
#define WORLD_TENANT 603979776u /* root of a tenant, should the host ever have a name for him */

typedef struct World {
        char dir[64];
        char root[80]; /* of the agent */
        int notify_fd; /* NOTIFY_SOCKET of all children */
        pid_t bus;
        pid_t agent;
        pid_t systemd;
        pid_t polkit;
        const char *linger_sec; /* of the next agent; NULL: 1 */
} World;

/* Where worlds are made, and how long a test may wait for all it waits for; a program may say otherwise before its first. */
extern const char *world_directory;
extern unsigned world_limit_sec;

/* cmocka's: bus, systemd, agent with an image "img"; no polkit. The end fails when the agent does not end well. */
int world_set_up(void **state);
int world_tear_down(void **state);

/* An image "img" as an import leaves it, with nothing in it; while no agent runs that could be surprised. */
void world_make_image(void);

/* Returns when it says READY=1. NULL idle: 0. */
void start_agent(World *w, const char *idle_sec);
void start_polkit(World *w);

/* Waits for the end; exit status, or 128 + signal. Sends signo first unless 0. */
int end_process(pid_t *pid, int signo);

/* Waits for a notification that begins with text. */
void expect_notification(World *w, const char *text);

/* Path below the agent's root; valid until the next call. */
const char *world_path(World *w, const char *path);
bool world_has(World *w, const char *path);

/* Worker processes of the agent; waits until there is one (or none). */
pid_t wait_for_worker(World *w);
pid_t worker_beside(const World *w, pid_t other); /* another one than this, now; 0: none */
int watch_worker(World *w); /* a pidfd, which outlives the agent */
void wait_for_no_worker(pid_t agent);

/* What the process has in memory (VmRSS), in KiB; 0: it is gone. */
unsigned memory_kib(pid_t pid);

/* Waits, at most a test's time limit, until the condition holds. */
#define wait_until(condition)                                                                               \
        while (!(condition)) {                                                                              \
                nap();                                                                                      \
        }
void nap(void); /* a poll of 10 ms */
void world_renew_time(void); /* so much again, for a test that is as long as somebody wants */
void check_time(void); /* fails the test when its time is up */

/*
 * Before the first world: this process and its children see a /etc/passwd with more users, since a bus lets nobody in whom it
 * does not know. False: cannot be, which was said.
 */
bool world_add_users(void);

/* Changes when a file below the agent's root does. */
uint64_t world_digest(World *w);

/* How many descriptors the agent has open. */
unsigned world_descriptors(World *w);

/* main of each program: skips without root, bounds the time. */
#define run_world_tests(tests) (world_can_run() ? cmocka_run_group_tests(tests, NULL, NULL) : 77)
bool world_can_run(void);
