/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * run.h: the parts of tenant-run: runner (stays), composer (its child, loads the plugins, ends when init runs), child (becomes
 * init) and release (undoes what the run journal says).
 */
#pragma once

#include "backends.h"
#include "error.h"
#include <stdbool.h>
#include <sys/types.h>

/* Exit status that RestartForceExitStatus= of tenant@.service knows: the tenant rebooted itself (as systemd-nspawn's). */
#define EXIT_REBOOT 133

typedef struct RunOptions {
        const char *name;
        unsigned stop_seconds; /* --stop-time=: what init has to halt when it was asked to; 0: for ever */
        const char *fault; /* --fault=STEP[:wait], for tests: see fault_point(); NULL: no */
} RunOptions;

/* The whole life of a tenant; returns the exit status of the program. */
int runner_run(const RunOptions *options);

/*
 * Body of the composer, a child of `runner`, with which it ends. runtime_fd: /run/tenantd/NAME. Returns the exit status; errors go
 * to the runner by control_fd.
 */
int composer_run(const RunOptions *options, pid_t runner, int runtime_fd, int control_fd);

/*
 * Undoes the last run of NAME. Idempotent; a tenant that was never started is fine. Needs neither definition nor agent.
 * -EBUSY Running: the run is not over.
 */
int release_run(const char *name, TenantError *error) __attribute__((warn_unused_result));

/* The same of a run whose files are the present runner's already: undoes the journal and ends it. runtime_fd: /run/tenantd/NAME. */
int release_undo(const char *name, int runtime_fd, TenantError *error) __attribute__((warn_unused_result));

/* Whether the backend has an undo. For one without nothing is written down, and its plugin is not loaded at the end of a run. */
bool release_owed(const Backend *b, enum tenant_kind kind);

/* For tests: composer or child dies here, or (STEP:wait) goes no further, when the fault switch says so. */
void fault_point(const RunOptions *options, const char *step);
