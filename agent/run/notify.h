/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* notify.h: readiness: our own to systemd (sd_notify(3) protocol), and the tenant's init to us. No libsystemd in the runner. */
#pragma once

#include "cleanup.h"
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Sends "KEY=VALUE\n…" to $NOTIFY_SOCKET; silently nothing without one (run by hand). */
void notify_systemd(const char *text);

/* Tells tenantd-machines.socket that something has changed. Silently nothing without it; never waits. */
void notify_machines(const char *name);

/* Binds the tenant's socket at /run/tenantd/NAME/notify; the composer gives it to the tenant's root. Negative errno. */
int notify_listen(const char *path) _must_check_;

/* What a tenant's init may say; all else is dropped. */
typedef struct NotifyNews {
        bool ready;
        bool stopping;
        char status[160]; /* printable ASCII; empty: none */
} NotifyNews;

/*
 * Reads one datagram. 1: news from init; 0: somebody else or nothing of interest; negative errno. -EPERM: it comes with descriptors,
 * and is still in the queue: nothing can be read any more, and the socket is to be closed by notify_close().
 */
int notify_receive(int fd, pid_t init, NotifyNews *ret) _must_check_;

/*
 * Closes the socket without ever waiting for what a tenant put into its queue. Returns the pid of a process that ends at once and is
 * the caller's to reap, or negative errno (the socket is open then).
 */
pid_t notify_close(int fd) _must_check_;
