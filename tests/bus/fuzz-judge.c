/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz-judge.c: see fuzz.h. What has to hold of the agent, of each answer and of each job's end.
 */
#include "errors.h"
#include "fuzz.h"
#include <fcntl.h>
#include <sys/wait.h>

#define GROWTH_KIB (192u * 1024u) /* with the largest messages under way, and a sanitizer's quarantine */
#define DESCRIPTORS_SLACK 4u

/* A sanitizer of any process, workers too, writes its report to a file. */
void check_sanitizer(void) {
        _cleanup_closedir_ DIR *dir = opendir(SANITIZER_DIRECTORY);
        char text[8192];

        assert_non_null(dir);
        for (struct dirent *e; (e = readdir(dir));) {
                int fd;
                ssize_t n;

                if (e->d_name[0] == '.') {
                        continue;
                }
                fd = openat(dirfd(dir), e->d_name, O_RDONLY | O_CLOEXEC);
                n = read(fd, text, sizeof(text) - 1);
                text[n > 0 ? n : 0] = '\0';
                close(fd);
                fail_msg("a sanitizer found: %s", text);
        }
}

void check_agent(Fuzz *f) {
        int status;

        check_sanitizer();
        if (waitpid(f->w->agent, &status, WNOHANG) != 0) {
                f->w->agent = 0;
                fail_msg("the agent ended with wait status %#x", status);
        }
}

void check_alive(Fuzz *f) {
        _cleanup_reply_ DBusMessage *pong =
                client_call(f->control, MANAGER_PATH, "org.freedesktop.DBus.Peer", "Ping", "");
        _cleanup_reply_ DBusMessage *list =
                client_call(f->control, MANAGER_PATH, MANAGER, "ListTenants", "");
        unsigned kib = memory_kib(f->w->agent);

        expect_reply(pong);
        expect_reply(list);
        wait_until(world_descriptors(f->w) <= f->descriptors + DESCRIPTORS_SLACK);
        f->memory_most_kib = kib > f->memory_most_kib ? kib : f->memory_most_kib;
        if (kib > f->memory_kib + GROWTH_KIB) {
                fail_msg("the agent has %u KiB, %u when it began", kib, f->memory_kib);
        }
        check_agent(f);
}

/* Of our table, or of the specification and its libraries; System.Error.* is an errno that nobody gave a name. */
static bool is_named(const char *error) {
        static const char *const standard[] = {
                "AccessDenied",     "InvalidArgs",   "InvalidSignature", "LimitsExceeded",
                "UnknownInterface", "UnknownMethod", "UnknownObject",    "UnknownProperty",
                "PropertyReadOnly", "NotSupported",  "NoSuchProperty",   "InteractiveAuthorizationRequired",
        };
        const char *ours = BUS_ERROR_PREFIX, *dbus = "org.freedesktop.DBus.Error.";

        if (strncmp(error, ours, strlen(ours)) == 0) {
                return strcmp(error_known_name(error + strlen(ours)), error + strlen(ours)) == 0;
        }
        for (size_t i = 0; i < ELEMENTSOF(standard); i++) {
                if (strncmp(error, dbus, strlen(dbus)) == 0 &&
                    strcmp(error + strlen(dbus), standard[i]) == 0) {
                        return true;
                }
        }
        return false;
}

static void count_error(Fuzz *f, const char *name) {
        size_t i = 0;

        while (i < f->n_errors && strcmp(f->errors[i].name, name) != 0) {
                i++;
        }
        if (i == f->n_errors && i < ERRORS_MAX) {
                snprintf(f->errors[f->n_errors++].name, sizeof(f->errors[0].name), "%s", name);
        }
        if (i < ERRORS_MAX) {
                f->errors[i].n++;
        }
}

static void judge(Fuzz *f, const Pending *p, DBusMessage *m) {
        const char *error = dbus_message_get_error_name(m), *text = "";

        if (!error) {
                f->replies++;
                f->tree.members[p->member].replies++;
                f->jobs += dbus_message_has_signature(m, "uo");
                return;
        }
        count_error(f, error);
        if (!dbus_message_get_args(m, NULL, DBUS_TYPE_STRING, &text, DBUS_TYPE_INVALID) || !*text ||
            !is_named(error)) {
                fail_msg("%s was answered with %s: '%s'", p->text, error, text);
        }
}

/* A job may fail; its worker may not. */
static void judge_job(DBusMessage *m) {
        static const char *const results[] = { "done", "failed", "canceled", "timeout" };
        const char *path, *result, *error;
        bool known = false;
        uint32_t id;

        if (!dbus_message_get_args(m, NULL, DBUS_TYPE_UINT32, &id, DBUS_TYPE_OBJECT_PATH, &path,
                                   DBUS_TYPE_STRING, &result, DBUS_TYPE_STRING, &error, DBUS_TYPE_INVALID)) {
                fail_msg("JobRemoved has the signature %s", dbus_message_get_signature(m));
        }
        for (size_t i = 0; i < ELEMENTSOF(results); i++) {
                known = known || strcmp(result, results[i]) == 0;
        }
        if (!known || strstr(error, "worker process died") ||
            (strcmp(result, "done") == 0) != (error[0] == '\0')) {
                fail_msg("job %u ended with %s: '%s'", id, result, error);
        }
}

static bool waits(const Fuzz *f, const Client *c) {
        for (size_t i = 0; i < f->n_pending; i++) {
                if (f->pending[i].client == c) {
                        return true;
                }
        }
        return false;
}

static void take(Fuzz *f, Client *c, DBusMessage *m) {
        uint32_t serial = dbus_message_get_reply_serial(m);

        if (dbus_message_is_signal(m, MANAGER, "JobRemoved")) {
                judge_job(m);
        }
        for (size_t i = 0; serial && i < f->n_pending; i++) {
                if (f->pending[i].client == c && f->pending[i].serial == serial) {
                        judge(f, &f->pending[i], m);
                        f->pending[i] = f->pending[--f->n_pending];
                        return;
                }
        }
}

void take_all(Fuzz *f, Client *c) {
        while (waits(f, c)) {
                _cleanup_reply_ DBusMessage *m = client_next(c);

                take(f, c, m);
        }
}
