/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * job.h: long operations as objects on the bus: one worker each, or one job of systemd's, or (remove with force) first the one
 * and then the other. A job stays for a while (--linger-sec=) after its end.
 */
#pragma once

#include "task.h"

#define JOBS_MAX 64u
/* Of all users together; the rest is root's. */
#define JOBS_OTHERS_MAX 48u
/* Of one user who is not root; replies that wait for a worker count too. */
#define JOBS_PER_UID_MAX 16u
#define JOBS_LINGERING_MAX 256u

typedef enum JobOperation {
        JOB_CREATE,
        JOB_REMOVE,
        JOB_START,
        JOB_STOP,
        JOB_RESTART,
        JOB_ROTATE,
        JOB_BUILD_IMAGE,
        JOB_IMPORT_IMAGE,
        JOB_REMOVE_IMAGE,
        JOB_SET, /* no job: what a Set is excluded by */
} JobOperation;

typedef enum JobState {
        JOB_RUNNING,
        JOB_DONE,
        JOB_FAILED,
        JOB_CANCELED,
        JOB_TIMEOUT,
} JobState;

extern const char *const job_operation_name[];
extern const char *const job_state_name[];

typedef struct Job {
        Manager *manager;
        uint32_t id;
        char *path;
        JobOperation operation;
        Task *task; /* names of tenant and image are there */
        uid_t uid;
        const char *action;
        JobState state;
        double progress;
        char stage[40];
        char *error; /* "" or "ShortName: text" */

        WorkFunction function; /* NULL: all is systemd's */
        Worker *worker;
        sd_bus_slot *unit_call;
        char *unit_job; /* systemd's object; NULL: not yet known, or none */
        bool is_unit; /* its present part is systemd's */
        bool cancelled;
        sd_event_source *linger;
} Job;

/*
 * Makes the job of a call and starts it: with `unit_method` ("StartUnit" …) at systemd, `function` (may be NULL then) coming
 * after that; else in a worker. Takes the task over in any case. Busy: too many, or another job is in the way (TenantExists
 * and ImageExists for a second creation). Replies (u id, o job) to the call.
 */
int job_start(const Call *call, JobOperation operation, Task *task, const char *unit_method,
              WorkFunction function, TenantError *error) _must_check_;

/* What systemd says about the part that is its own: "done", "canceled", "timeout", "failed" … */
void job_unit_ended(Job *job, const char *result);
/* systemd would not even begin. */
void job_unit_refused(Job *job, int r, const TenantError *error);

/* -EOPNOTSUPP NotSupported, -EALREADY Failed. */
int job_cancel(Job *job, TenantError *error) _must_check_;

Job *job_free(Job *job);

/* Begins the work of jobs that waited for the end of a recovery. */
void jobs_begin_waiting(Manager *m);

/* Counts jobs and replies that are under way. */
unsigned jobs_running(const Manager *m);
int jobs_check_limit(const Manager *m, uid_t uid, TenantError *error) _must_check_;

/* Busy when a job or another caller's Set works on the tenant (image) in a way that excludes `operation`. */
int jobs_check_conflict(const Manager *m, JobOperation operation, const Task *task, TenantError *error)
        _must_check_;

extern const BusInterface job_interface;
