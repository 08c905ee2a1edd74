/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * unit.h: systemd, asked for what it owns: StartUnit, StopUnit, RestartUnit, KillUnit of tenant@NAME.service; its signals
 * about those units. Never ListUnits, never Reload, never a property read: a start costs one call and its signals.
 */
#pragma once

#include "job.h"

#define UNIT_FORMAT "tenant@%s.service"

/* Matches and Manager.Subscribe, all without waiting. */
int unit_watch(Manager *m, TenantError *error) _must_check_;

/* Sends the call; the job ends by job_unit_ended() or job_unit_refused(). */
void unit_begin(Job *job, const char *method);

/* Stops what is being started; systemd then cancels the start. */
void unit_cancel_start(Job *job);

/* Signals every process of the tenant's unit; replies to the call when systemd did. */
int unit_kill(const Call *call, const char *tenant, int signo, TenantError *error) _must_check_;
