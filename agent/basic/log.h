/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * log.h: lines for the journal through stderr with a "<N>" priority prefix (sd-daemon(3)), or plain on a terminal. Of programs,
 * not of libraries: agent/basic, agent/tenant and agent/compose return errors and never log above debug.
 */
#pragma once

#include "cleanup.h"
#include <syslog.h>

/* Lines below this priority are dropped; LOG_INFO by default. */
extern int log_max_level;

void log_line(int level, const char *format, ...) _printf_(2, 3);

#define log_error(...) log_line(LOG_ERR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_WARNING, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)
