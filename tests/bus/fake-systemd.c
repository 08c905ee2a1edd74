/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fake-systemd.c: a test double of systemd's bus face: a unit that runs holds the tenant's lock below the root given, as the
 * runner does. Tenants named fail* fail with an error file, refused* before a runner was there, slow* start only until they
 * are stopped. Counts what it is asked in a file "calls" below the root. Never shipped. Owned by tests/bus.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#define MANAGER "org.freedesktop.systemd1.Manager"
#define UNITS_MAX 4096 /* the fuzzer has many tenants, one after the other */

typedef struct Unit {
        char name[128];
        int lock_fd;
        uint32_t waiting_job; /* of a slow start */
} Unit;

typedef struct Systemd {
        sd_bus *bus;
        const char *root;
        bool subscribed;
        uint32_t last_job;
        Unit units[UNITS_MAX];
        size_t n_units;
} Systemd;

static Unit *get_unit(Systemd *s, const char *name) {
        for (size_t i = 0; i < s->n_units; i++) {
                if (strcmp(s->units[i].name, name) == 0) {
                        return &s->units[i];
                }
        }
        if (s->n_units == UNITS_MAX) {
                exit(EXIT_FAILURE);
        }
        s->units[s->n_units].lock_fd = -1;
        snprintf(s->units[s->n_units].name, sizeof(s->units[0].name), "%s", name);
        return &s->units[s->n_units++];
}

static void note(Systemd *s, const char *what, const char *unit) {
        char path[256];
        FILE *f;

        snprintf(path, sizeof(path), "%s/calls", s->root);
        f = fopen(path, "ae");
        if (f) {
                fprintf(f, "%s %s\n", what, unit);
                fclose(f);
        }
}

/* Opens run/tenantd/NAME/FILE below the root. */
static int open_runtime(Systemd *s, const Unit *u, const char *file, int flags) {
        char path[512];
        int length = (int) (strchr(u->name, '.') - strchr(u->name, '@')) - 1;
        const char *name = strchr(u->name, '@') + 1;

        snprintf(path, sizeof(path), "%s/run/tenantd/%.*s", s->root, length, name);
        mkdir(path, 0711);
        snprintf(path, sizeof(path), "%s/run/tenantd/%.*s/%s", s->root, length, name, file);
        return open(path, flags | O_CLOEXEC, 0600);
}

static void tell_state(Systemd *s, const Unit *u, const char *state) {
        char *path = NULL;

        if (!s->subscribed || sd_bus_path_encode("/org/freedesktop/systemd1/unit", u->name, &path) < 0) {
                return;
        }
        sd_bus_emit_signal(s->bus, path, "org.freedesktop.DBus.Properties", "PropertiesChanged", "sa{sv}as",
                           "org.freedesktop.systemd1.Unit", 2, "SubState", "s", "x", "ActiveState", "s",
                           state, 0);
        free(path);
}

static void end_job(Systemd *s, const Unit *u, uint32_t id, const char *result) {
        char path[64];

        snprintf(path, sizeof(path), "/org/freedesktop/systemd1/job/%u", id);
        if (s->subscribed) {
                sd_bus_emit_signal(s->bus, "/org/freedesktop/systemd1", MANAGER, "JobRemoved", "uoss", id,
                                   path, u->name, result);
        }
}

static void stop_unit(Systemd *s, Unit *u) {
        if (u->waiting_job) {
                end_job(s, u, u->waiting_job, "canceled");
                u->waiting_job = 0;
        }
        tell_state(s, u, "deactivating");
        if (u->lock_fd >= 0) {
                close(u->lock_fd);
        }
        u->lock_fd = -1;
        tell_state(s, u, "inactive");
}

static void fail_unit(Systemd *s, Unit *u, uint32_t id) {
        int fd = open_runtime(s, u, "error", O_WRONLY | O_CREAT | O_TRUNC);

        dprintf(fd, "HostNotReady: the module overlay is missing; load it with modprobe overlay\n");
        close(fd);
        tell_state(s, u, "failed");
        end_job(s, u, id, "failed");
}

static void start_unit(Systemd *s, Unit *u, uint32_t id) {
        const char *name = strchr(u->name, '@') + 1;

        if (strncmp(name, "fail", 4) == 0) {
                tell_state(s, u, "activating");
                fail_unit(s, u, id);
                return;
        }
        if (strncmp(name, "refused", 7) == 0) {
                tell_state(s, u, "activating");
                tell_state(s, u, "inactive");
                end_job(s, u, id, "dependency");
                return;
        }
        /* The runner has its lock before anybody hears of the start: tests ask then what a second one is told. */
        u->lock_fd = open_runtime(s, u, "lock", O_RDWR | O_CREAT);
        flock(u->lock_fd, LOCK_EX | LOCK_NB);
        tell_state(s, u, "activating");
        if (strncmp(name, "slow", 4) == 0) {
                u->waiting_job = id;
                return;
        }
        tell_state(s, u, "active");
        end_job(s, u, id, "done");
}

static int job_call(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *member = sd_bus_message_get_member(m), *unit, *mode;
        Systemd *s = userdata;
        char path[64];
        int r = sd_bus_message_read(m, "ss", &unit, &mode);
        Unit *u;

        if (r < 0 || strcmp(mode, "replace") != 0 || strncmp(unit, "tenant@", 7) != 0) {
                return -EINVAL;
        }
        note(s, member, unit);
        u = get_unit(s, unit);
        snprintf(path, sizeof(path), "/org/freedesktop/systemd1/job/%u", ++s->last_job);
        r = sd_bus_reply_method_return(m, "o", path);
        if (strcmp(member, "StartUnit") != 0) {
                stop_unit(s, u);
        }
        if (strcmp(member, "StopUnit") == 0) {
                end_job(s, u, s->last_job, "done");
        } else {
                start_unit(s, u, s->last_job);
        }
        return r;
}

static int kill_unit(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *unit, *who;
        int32_t signo;
        char text[64];
        int r = sd_bus_message_read(m, "ssi", &unit, &who, &signo);

        if (r < 0) {
                return r;
        }
        snprintf(text, sizeof(text), "KillUnit %s %d", who, signo);
        note(userdata, text, unit);
        return sd_bus_reply_method_return(m, NULL);
}

static int subscribe(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        ((Systemd *) userdata)->subscribed = true;
        return sd_bus_reply_method_return(m, NULL);
}

/* An operator's `systemctl start` and `stop`, or a crash: no job of the agent's. */
static int by_hand(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Systemd *s = userdata;
        const char *unit, *state;
        int r = sd_bus_message_read(m, "ss", &unit, &state);

        if (r < 0) {
                return r;
        }
        tell_state(s, get_unit(s, unit), state);
        return sd_bus_reply_method_return(m, NULL);
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("StartUnit", "ss", "o", job_call, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("StopUnit", "ss", "o", job_call, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("RestartUnit", "ss", "o", job_call, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("KillUnit", "ssi", NULL, kill_unit, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Subscribe", NULL, NULL, subscribe, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("ByHand", "ss", NULL, by_hand, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

int main(int argc, char **argv) {
        Systemd s = { .root = argc == 2 ? argv[1] : "" };
        sd_event *event;

        if (argc != 2 || sd_event_default(&event) < 0 || sd_bus_open_system(&s.bus) < 0 ||
            sd_bus_attach_event(s.bus, event, 0) < 0 ||
            sd_bus_add_object_vtable(s.bus, NULL, "/org/freedesktop/systemd1", MANAGER, vtable, &s) < 0 ||
            sd_bus_request_name(s.bus, "org.freedesktop.systemd1", 0) < 0) {
                return EXIT_FAILURE;
        }
        sd_notify(0, "READY=1");
        return sd_event_loop(event) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
