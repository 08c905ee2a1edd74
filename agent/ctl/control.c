/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * control.c: start, stop, restart, docker-rotate, kill. Several tenants are asked for at once and waited for together.
 * Owned by tenantctl.
 */
#include "ctl.h"
#include "parse.h"
#include <ctype.h>
#include <signal.h>
#include <string.h>
#include <strings.h>

typedef struct Method {
        const char *interface;
        const char *member;
} Method;

static int control_message(Ctl *c, const char *name, const void *userdata, sd_bus_message **ret,
                           TenantError *e) {
        const Method *method = userdata;
        _cleanup_free_ char *path = NULL;
        int r = ctl_tenant_path(c, name, &path, e);

        if (r >= 0) {
                r = ctl_message(c, ret, path, method->interface, method->member, e);
        }
        if (r < 0) {
                return r;
        }
        r = sd_bus_message_append(*ret, "a{sv}", 0);
        return r < 0 ? error_building(r, e) : 0;
}

static int control(Ctl *c, char **names, int n, const char *interface, const char *member,
                   const char *done) {
        return jobs_of_names(c, names, n, control_message, &(Method){ interface, member }, done);
}

int verb_start(Ctl *c, char **args, int n_args) {
        return control(c, args, n_args, IFACE_TENANT, "Start", "started");
}

int verb_stop(Ctl *c, char **args, int n_args) {
        return control(c, args, n_args, IFACE_TENANT, "Stop", "stopped");
}

int verb_restart(Ctl *c, char **args, int n_args) {
        return control(c, args, n_args, IFACE_TENANT, "Restart", "restarted");
}

int verb_docker_rotate(Ctl *c, char **args, int n_args) {
        return control(c, args, n_args, IFACE_DOCKER, "Rotate", "got new certificates");
}

/* "RTMIN+3", "RTMAX-1", "RTMIN". */
static int parse_realtime(const char *name) {
        bool from_min = strncasecmp(name, "RTMIN", 5) == 0, from_max = strncasecmp(name, "RTMAX", 5) == 0;
        uint32_t offset = 0;
        int base, signo;

        if (!from_min && !from_max) {
                return -EINVAL;
        }
        base = from_min ? SIGRTMIN : SIGRTMAX;
        if (name[5] != '\0' &&
            (name[5] != (from_min ? '+' : '-') || parse_u32(name + 6, &offset) < 0 || offset > 64)) {
                return -EINVAL;
        }
        signo = from_min ? base + (int) offset : base - (int) offset;
        return signo >= SIGRTMIN && signo <= SIGRTMAX ? signo : -EINVAL;
}

/* The second names of signal(7), which sigabbrev_np(3) does not know. */
static int parse_alias(const char *name) {
        static const struct {
                const char *name;
                int signo;
        } aliases[] = { { "CLD", SIGCHLD }, { "IO", SIGIO }, { "IOT", SIGABRT } };

        for (size_t i = 0; i < ELEMENTSOF(aliases); i++) {
                if (strcasecmp(aliases[i].name, name) == 0) {
                        return aliases[i].signo;
                }
        }
        return -EINVAL;
}

static int parse_signal(const char *text) {
        const char *name = strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text;
        uint32_t number;
        int alias;

        if (parse_u32(text, &number) >= 0) {
                return number >= 1 && (int) number <= SIGRTMAX ? (int) number : -EINVAL;
        }
        for (int i = 1; i < SIGRTMIN; i++) {
                const char *known = sigabbrev_np(i);

                if (known && strcasecmp(known, name) == 0) {
                        return i;
                }
        }
        alias = parse_alias(name);
        return alias >= 0 ? alias : parse_realtime(name);
}

int verb_kill(Ctl *c, char **args, int n_args) {
        const char *text = opt_value(c, OPT_SIGNAL) ?: "TERM";
        _cleanup_free_ char *path = NULL;
        TenantError e = { 0 };
        int signo = parse_signal(text), r;

        if (signo < 0) {
                return ctl_usage(c, "'%s' is no signal; use a name as in signal(7), or a number", text);
        }
        r = ctl_tenant_path(c, args[0], &path, &e);
        if (r >= 0) {
                r = ctl_call(c, path, IFACE_TENANT, "Kill", NULL, &e, "ia{sv}", signo, 0);
        }
        if (r < 0) {
                return ctl_fail(c, args[0], args[0], &e);
        }
        if (opt_given(c, OPT_JSON)) {
                _cleanup_json_ json_object *o = json_object_new_object();

                json_set_text(o, "Name", args[0]);
                json_object_object_add(o, "Signal", json_object_new_int(signo));
                return ctl_print_json(o);
        }
        return CTL_OK;
}
