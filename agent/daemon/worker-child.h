/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* worker-child.h: the worker's side of worker.h. Internal to worker.c. */
#pragma once

#include "worker.h"

typedef enum WorkRecordKind {
        WORK_RECORD_PROGRESS, /* fraction, stage */
        WORK_RECORD_END, /* r, error */
} WorkRecordKind;

/* One write(2) of less than PIPE_BUF. */
typedef struct WorkRecord {
        WorkRecordKind kind;
        int r;
        double fraction;
        char stage[40];
        TenantError error;
} WorkRecord;

typedef struct WorkerChild {
        int record_fd;
        int data_fd;
        int keep_fd; /* -1: none */
        pid_t parent;
        WorkFunction function;
        void *arg;
} WorkerChild;

/* Right after fork. Never returns. */
_Noreturn void worker_child_run(WorkerChild *child);
