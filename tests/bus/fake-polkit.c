/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fake-polkit.c: a test double of polkit: says what org.tenantd1.Test.Mode(s) told it, and what it was asked last. Modes: "yes",
 * "no", "challenge", "only ACTION" (yes to this one, no to others), "hang" (the answer comes when the mode changes), "error",
 * "garbage" (an answer of another type), "leave" (it dies when it is asked). Anything but a name on the bus as the subject ends
 * it, too. Never shipped. Owned by tests/bus.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#define HANGING_MAX 256

typedef struct Polkit {
        char mode[64];
        char asked[2048]; /* "ACTION SUBJECT-KIND NAME key=value … flags=FLAGS" */
        uint32_t count;
        sd_bus_message *hanging[HANGING_MAX];
        char ids[HANGING_MAX][32]; /* by which they are withdrawn */
        size_t n_hanging;
} Polkit;

static bool says_yes(const Polkit *p, const char *action) {
        return strcmp(p->mode, "yes") == 0 ||
               (strncmp(p->mode, "only ", 5) == 0 && strcmp(p->mode + 5, action) == 0);
}

static int answer(const Polkit *p, sd_bus_message *m, const char *action) {
        if (strcmp(p->mode, "error") == 0) {
                return sd_bus_reply_method_errorf(m, "org.freedesktop.PolicyKit1.Error.Failed",
                                                  "something is wrong");
        }
        if (strcmp(p->mode, "garbage") == 0) {
                return sd_bus_reply_method_return(m, "(sb)", "yes", 1);
        }
        return sd_bus_reply_method_return(m, "(bba{ss})", says_yes(p, action),
                                          strcmp(p->mode, "challenge") == 0, 0);
}

static int note_details(Polkit *p, sd_bus_message *m) {
        const char *key, *value;
        int r = sd_bus_message_enter_container(m, 'a', "{ss}");

        while (r >= 0 && (r = sd_bus_message_read(m, "{ss}", &key, &value)) > 0) {
                size_t n = strlen(p->asked);

                snprintf(p->asked + n, sizeof(p->asked) - n, " %s=%s", key, value);
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int check(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Polkit *p = userdata;
        const char *kind, *key, *name, *action, *id;
        uint32_t flags;
        size_t n;
        int r = sd_bus_message_read(m, "(sa{sv})s", &kind, 1, &key, "s", &name, &action);

        if (r < 0 || strcmp(kind, "system-bus-name") != 0 || strcmp(key, "name") != 0 ||
            strcmp(p->mode, "leave") == 0) {
                exit(EXIT_FAILURE); /* a test will miss us */
        }
        p->count++;
        snprintf(p->asked, sizeof(p->asked), "%s %s %s", action, kind, name);
        r = note_details(p, m);
        if (r >= 0) {
                r = sd_bus_message_read(m, "us", &flags, &id);
        }
        if (r < 0) {
                return r;
        }
        n = strlen(p->asked);
        snprintf(p->asked + n, sizeof(p->asked) - n, " flags=%u", flags);
        if (strcmp(p->mode, "hang") == 0 && p->n_hanging < HANGING_MAX) {
                snprintf(p->ids[p->n_hanging], sizeof(p->ids[0]), "%s", id);
                p->hanging[p->n_hanging++] = sd_bus_message_ref(m);
                return 1;
        }
        return answer(p, m, action);
}

static int cancel(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Polkit *p = userdata;
        const char *id;
        int r = sd_bus_message_read(m, "s", &id);

        for (size_t i = 0; r >= 0 && i < p->n_hanging; i++) {
                if (strcmp(p->ids[i], id) == 0) {
                        r = sd_bus_reply_method_errorf(p->hanging[i],
                                                       "org.freedesktop.PolicyKit1.Error.Cancelled",
                                                       "it was withdrawn");
                        sd_bus_message_unref(p->hanging[i]);
                        p->n_hanging--;
                        p->hanging[i] = p->hanging[p->n_hanging];
                        memcpy(p->ids[i], p->ids[p->n_hanging], sizeof(p->ids[i]));
                        break;
                }
        }
        return r < 0 ? r : sd_bus_reply_method_return(m, NULL);
}

static int set_mode(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Polkit *p = userdata;
        const char *mode;
        int r = sd_bus_message_read(m, "s", &mode);

        if (r < 0) {
                return r;
        }
        snprintf(p->mode, sizeof(p->mode), "%s", mode);
        snprintf(p->asked, sizeof(p->asked), "%s", p->n_hanging ? p->asked : "");
        for (size_t i = 0; i < p->n_hanging && r >= 0; i++) {
                r = answer(p, p->hanging[i], "");
                sd_bus_message_unref(p->hanging[i]);
        }
        p->n_hanging = 0;
        return r < 0 ? r : sd_bus_reply_method_return(m, NULL);
}

static int asked(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return sd_bus_reply_method_return(m, "s", ((Polkit *) userdata)->asked);
}

static int count(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return sd_bus_reply_method_return(m, "u", ((Polkit *) userdata)->count);
}

static int hanging(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return sd_bus_reply_method_return(m, "u", (uint32_t) ((Polkit *) userdata)->n_hanging);
}

static const sd_bus_vtable authority[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("CheckAuthorization", "(sa{sv})sa{ss}us", "(bba{ss})", check,
                      SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("CancelCheckAuthorization", "s", NULL, cancel, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

static const sd_bus_vtable test[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("Mode", "s", NULL, set_mode, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Asked", NULL, "s", asked, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Count", NULL, "u", count, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Hanging", NULL, "u", hanging, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

int main(void) {
        const char *path = "/org/freedesktop/PolicyKit1/Authority";
        Polkit p = { .mode = "no" };
        sd_event *event;
        sd_bus *bus;

        if (sd_event_default(&event) < 0 || sd_bus_open_system(&bus) < 0 ||
            sd_bus_attach_event(bus, event, 0) < 0 ||
            sd_bus_add_object_vtable(bus, NULL, path, "org.freedesktop.PolicyKit1.Authority", authority,
                                     &p) < 0 ||
            sd_bus_add_object_vtable(bus, NULL, path, "org.tenantd1.Test", test, &p) < 0 ||
            sd_bus_request_name(bus, "org.freedesktop.PolicyKit1", 0) < 0) {
                return EXIT_FAILURE;
        }
        sd_notify(0, "READY=1");
        return sd_event_loop(event) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
