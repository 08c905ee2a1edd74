/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * inside.h: a process of ours in a running tenant: its namespaces, a cgroup of its own below the payload,
 * its system call filter, nothing of the host. Internal to agent/work.
 */
#pragma once

#include "backends.h"
#include "seccomp.h"
#include <sched.h>
#include <sys/resource.h>

typedef struct Inside {
        const char *name;
        Allocation *allocation;
        Backends *backends; /* the namespace's only */
        SeccompFilter filter;
        uint64_t capabilities; /* bounding set of the tenant's init */
        struct rlimit limits[RLIM_NLIMITS]; /* of the tenant's init */
        bool profile; /* the tenant's init has the AppArmor profile */
        cpu_set_t cpus; /* of the tenant's init */
        int init_pidfd;
        int payload_fd;
        int cgroup_fd; /* payload/tenantd.run.PID.RANDOM */
        int shim_fd; /* see shim.h */
        char cgroup[40];
} Inside;

#define INSIDE_NONE ((Inside){ .init_pidfd = -1, .payload_fd = -1, .cgroup_fd = -1, .shim_fd = -1 })

/*
 * Everything that is needed from the host. -ESRCH NotRunning, -ENOTSUP NotSupported. Ends with inside_done.
 */
int inside_open(const char *name, const struct tenant_host *host, Inside *ret, TenantError *error)
        _must_check_;

/* Kills what was started, waits for its end (5 s at most) and removes the cgroup. */
void inside_done(Inside *i);

/* Kills and removes what workers that are gone left in a running tenant; waits for it until the deadline, which many share. */
void inside_collect(const char *name, uint64_t deadline_usec);

/* Kills every process that was started in the tenant by this Inside. */
void inside_kill(const Inside *i);

typedef struct InsideChild {
        int stdio[3]; /* the child's; stay the caller's */
        /* A program of the tenant's, looked up there; its exit status, 127 or 126 is the child's. */
        char *const *argv;
        char *const *environment;
        /* Or, without argv: runs in the tenant as its root; its return is the exit status. */
        int (*body)(void *userdata);
        void *userdata;
} InsideChild;

/*
 * Starts one. *ret_pidfd: of a process on the host whose exit status is body's, or 128 + signal.
 * *ret_error_fd: a packet with a TenantError when the tenant could not be entered (inside_error), end of
 * file as soon as body runs (or has exec'ed).
 */
int inside_start(const Inside *i, const InsideChild *child, int *ret_pidfd, int *ret_error_fd,
                 TenantError *error) _must_check_;

/* `usec` from now, by the clock of all deadlines here (CLOCK_MONOTONIC). */
uint64_t inside_deadline(uint64_t usec);

/* Waits for the word on error_fd: 0: body runs; else what was wrong. -ETIMEDOUT Timeout, -ECANCELED Canceled. */
int inside_entered(int error_fd, uint64_t deadline_usec, const struct tenant_host *host, TenantError *error)
        _must_check_;

/* Exit status of a pidfd of inside_start, when it has ended. -ETIMEDOUT Timeout, -ECANCELED Canceled. */
int inside_wait(int pidfd, uint64_t deadline_usec, const struct tenant_host *host, TenantError *error)
        _must_check_;
