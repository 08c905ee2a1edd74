/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * jail.h: a place for an agent that is root and may be led astray: the machine's files are there to be read only, /run and /dev are
 * its own, and processes, network and IPC are those of the jail.
 */
#pragma once

/* The one directory that can be written; gone with the jail. */
#define JAIL_DIRECTORY "/run"

/* Runs body in a jail, as a process with nothing of the machine's beside it. Its exit status; 77: no jail can be made here, which was said. */
int jail_run(int (*body)(void));
