/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * log.h: lines for the journal. Of programs, not of libraries: agent/basic, agent/tenant and agent/compose return errors and never
 * log above debug.
 *
 * Warnings and errors are records with fields, when standard error is the journal's: MESSAGE, PRIORITY, SYSLOG_IDENTIFIER, what
 * they are about (TENANT, BACKEND, JOB), and MESSAGE_ID for those that a monitor may wait for. One about a tenant is
 * shown by `journalctl -u tenant@NAME` too. All else, and all where there is no journal, is a line on standard error with a "<N>"
 * priority prefix (sd-daemon(3)), or plain on a terminal.
 */
#pragma once

#include "cleanup.h"
#include <stdint.h>
#include <syslog.h>

/* Events with an explanation in units/tenantd.catalog. */
#define LOG_ID_START_FAILED "5f0c1f5bb0a94a1c8f3a6d1e52c7f0a1"
#define LOG_ID_JOB_FAILED "c1d9b4b7f2f84d6f9f0a3be8f43f26d2"
#define LOG_ID_INIT_KILLED "2a8e6c9d0f4b4f25b8d1f7e3a9c05b63"
#define LOG_ID_NETWORK_MENDED "e4a1c07d92b84c3fb6150f8d3c7a29be"
#define LOG_ID_RECOVERY_FAILED "9b7d3e1f6c5a4e82a0d4c8b2e7f19a54"

/* What the lines of this process are about, until it is changed: borrowed, NULL or 0 for none. */
typedef struct LogContext {
        const char *tenant;
        const char *backend;
        uint32_t job;
} LogContext;

extern LogContext log_context;

/* Lines below this priority are dropped; LOG_INFO by default. */
extern int log_max_level;

/* id: one of LOG_ID_*, or NULL. */
void log_event(int level, const char *id, const char *format, ...) _printf_(3, 4);

#define log_line(level, ...) log_event(level, NULL, __VA_ARGS__)
#define log_error(...) log_line(LOG_ERR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_WARNING, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)
