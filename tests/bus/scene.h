/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* scene.h: a world with a tenant, a job and several callers, and calls made from dbus/, for questions of who may do what. */
#pragma once

#include "client.h"
#include "contract.h"

#define DENIED "org.freedesktop.DBus.Error.AccessDenied"

typedef struct Scene {
        World *w;
        Client *root;
        Client *user; /* NOBODY */
        char job[64]; /* an endless import, of manage-images */
        int job_fd;
} Scene;

/* A tenant "acme" with Docker; `polkit`: it is there, and says no. */
Scene scene_open(World *w, bool polkit);
void scene_close(Scene *s);

/* What the double of polkit does from now on; see fake-polkit.c. */
void polkit_mode(Scene *s, const char *mode);
/* The last question; free(). */
char *polkit_asked(Scene *s);
/* How many so far. */
uint32_t polkit_count(Scene *s);
/* Questions that wait for an answer. */
uint32_t polkit_hanging(Scene *s);

/* The object that a member of an interface is called at. */
const char *scene_path(const Scene *s, const char *interface);

/*
 * Sends a call with arguments of the right types. Each dictionary has an unknown key, so that a call that is let through does
 * nothing but say so. A property is read.
 */
uint32_t scene_send(Client *c, const Scene *s, const Member *m);
DBusMessage *scene_call(Client *c, const Scene *s, const Member *m);

/* Every method (properties: those, too) of every interface of dbus/. */
void scene_each(Scene *s, bool properties, void (*test)(Scene *, const Member *));
