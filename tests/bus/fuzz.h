/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz.h: what the parts of fuzzer.c share: fuzz-send.c makes calls up, fuzz-judge.c looks at what comes of them. Whatever must not be
 * fails the test.
 */
#pragma once
#include "hostile.h"
#include "jail.h"
#include "raw.h"
#include "scene.h"
#include "tree.h"

#define PROPERTIES "org.freedesktop.DBus.Properties"
#define SANITIZER_DIRECTORY JAIL_DIRECTORY "/sanitizer"
#define BATCH_MAX 24u
#define ERRORS_MAX 64

typedef struct Pending {
        Client *client;
        uint32_t serial;
        unsigned member;
        char text[400];
} Pending;

typedef struct ErrorCount {
        char name[128];
        unsigned n;
} ErrorCount;

typedef struct Fuzz {
        World *w;
        Client *root, *user, *control;
        Raw *raw;
        Tree tree;
        Pending pending[BATCH_MAX];
        size_t n_pending;
        ErrorCount errors[ERRORS_MAX];
        size_t n_errors;
        char batch[BATCH_MAX * 420]; /* what was sent, for whoever has to look */
        unsigned calls, replies, broken, jobs, rounds;
        unsigned descriptors, memory_kib, memory_most_kib; /* of the agent when it had begun */
        char left[65536]; /* files that there are when nothing is */
} Fuzz;

/* Something of the agent's to call: what does something more often than what does nothing. Of f->tree. */
const Spot *pick_spot(Fuzz *f);

/* One call, signal or run of broken bytes; all of it is as the seed says, and noted in f->batch. */
void send_call(Fuzz *f, Client *c, const Spot *s);
void send_signal(Fuzz *f, Client *c);
void send_broken(Fuzz *f, const Spot *s);
/* Reads what broken bytes were answered, and may end their connection. */
void drain_raw(Fuzz *f);

/* Waits for the answer to each call of this client's, and judges it. */
void take_all(Fuzz *f, Client *c);
/* No sanitizer has written a report, in any process. */
void check_sanitizer(void);
/* That, and the agent is still the same. */
void check_agent(Fuzz *f);
/* That, and it answers, and has no more memory and descriptors than it should. */
void check_alive(Fuzz *f);
