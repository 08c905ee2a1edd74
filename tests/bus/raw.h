/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * raw.h: a connection to the bus without a library, for messages that no library would send. Nothing here fails a test, so
 * that it can be used in a child of other credentials.
 */
#pragma once

#include "world.h"
#include <dbus/dbus.h>

typedef struct Raw {
        int fd;
        uint32_t serial; /* of the last message */
        char *in; /* what came and was not taken yet */
        size_t n_in;
} Raw;

/*
 * Connects as whoever this process is and claims to be `uid` (the text of a number; EXTERNAL of the D-Bus specification).
 * NULL: the bus refused.
 */
Raw *raw_open(const char *bus_path, const char *uid);
Raw *raw_close(Raw *r);
DEFINE_CLEANUP(Raw *, raw_close)
#define _cleanup_raw_ _cleanup_(raw_close_p)

/* As raw_open(), with this effective uid for the time of connect(2). */
Raw *raw_open_as(World *w, uid_t uid);

/* Bytes as they are, waiting at most `msec`; false: the bus closed the connection, or does not take them in time. */
bool raw_write(Raw *r, const void *data, size_t size, int msec);

/* The same with descriptors. */
bool raw_write_fds(Raw *r, const void *data, size_t size, const int *fds, size_t n_fds);

/* A message under the next serial. */
bool raw_send(Raw *r, DBusMessage *m);

/* The bytes of a message; free(). */
char *raw_marshal(Raw *r, DBusMessage *m, size_t *ret_size);

/* The next message, waited for at most `msec`; NULL: none, or the connection is gone (then *ret_gone). */
DBusMessage *raw_next(Raw *r, int msec, bool *ret_gone);

/* The reply to the last message; NULL: none in time. */
DBusMessage *raw_reply(Raw *r, int msec);
