/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fail.c: errors as an operator or a program reads them, and the exit status of each. One line, on stderr,
 * with what to do next when the service's text cannot know it. Owned by tenantctl.
 */
#include "ctl.h"
#include <stdio.h>
#include <string.h>

static const struct {
        const char *name; /* last part of the bus error name */
        int status;
        const char *advice; /* NULL: the service's text has it */
} errors[] = {
        { "Usage", CTL_USAGE, NULL },
        { E_NO_SUCH_TENANT, CTL_NOT_FOUND, NULL },
        { E_NO_SUCH_IMAGE, CTL_NOT_FOUND, NULL },
        { E_NO_SUCH_JOB, CTL_NOT_FOUND, NULL },
        { "UnknownObject", CTL_NOT_FOUND, "it was removed meanwhile" },
        { "AccessDenied", CTL_DENIED, "run this as root, or let a polkit rule allow it" },
        { "AuthFailed", CTL_DENIED, "run this as root, or let a polkit rule allow it" },
        { "InteractiveAuthorizationRequired", CTL_DENIED,
          "authorization must be asked for: leave out --no-ask-password, or run this as root" },
        { E_HOST_NOT_READY, CTL_UNREACHABLE, "'tenantctl doctor' lists what is missing" },
        { "ServiceUnknown", CTL_UNREACHABLE, "is tenantd installed there? See 'systemctl status tenantd'" },
        { "NameHasNoOwner", CTL_UNREACHABLE, "see 'systemctl status tenantd'" },
        { "NoReply", CTL_UNREACHABLE, "the service ended or hangs: see 'journalctl -u tenantd'" },
        { "TimedOut", CTL_UNREACHABLE, "the service does not start: see 'journalctl -u tenantd'" },
        { "UnitMasked", CTL_UNREACHABLE, "let it start again: systemctl unmask tenantd" },
        { "NoSuchUnit", CTL_UNREACHABLE, "is tenantd installed completely?" },
        { "LoadFailed", CTL_UNREACHABLE, "see 'systemctl status tenantd'" },
        { "NoServer", CTL_UNREACHABLE, NULL },
        { "Disconnected", CTL_UNREACHABLE, NULL },
        { "Spawn.ChildExited", CTL_UNREACHABLE, "see 'journalctl -u tenantd'" },
        { "Spawn.Failed", CTL_UNREACHABLE, "see 'journalctl -u tenantd'" },
        { "Spawn.ExecFailed", CTL_UNREACHABLE, "is tenantd installed completely?" },
        { "Spawn.ServiceNotFound", CTL_UNREACHABLE, "is tenantd installed?" },
        { "UnknownMethod", CTL_UNREACHABLE, "the service is of another version than tenantctl" },
};

static size_t error_index(const TenantError *e) {
        size_t i;

        for (i = 0; i < ELEMENTSOF(errors) && strcmp(errors[i].name, e->name) != 0; i++) {
        }
        return i;
}

int ctl_exit_status(const TenantError *e) {
        size_t i = error_index(e);

        return i < ELEMENTSOF(errors) ? errors[i].status : CTL_FAILED;
}

static const char *error_advice(const TenantError *e) {
        size_t i = error_index(e);

        return i < ELEMENTSOF(errors) ? errors[i].advice : NULL;
}

/* "did you mean" among what exists. */
static char *error_hint(Ctl *c, const char *word, const TenantError *e) {
        bool tenant = strcmp(e->name, E_NO_SUCH_TENANT) == 0, image = strcmp(e->name, E_NO_SUCH_IMAGE) == 0;
        _cleanup_array_ GPtrArray *names = NULL;

        if (!word || !c->bus || (!tenant && !image)) {
                return g_strdup("");
        }
        names = ctl_names(c, tenant ? "ListTenants" : "ListImages");
        return suggest(word, names);
}

static void print_json_error(const char *subject, const TenantError *e, const char *message) {
        _cleanup_json_ json_object *top = json_object_new_object();
        json_object *inner = json_object_new_object();

        json_set_text(inner, "name", *e->name ? e->name : E_FAILED);
        json_set_text(inner, "message", message);
        if (subject) {
                json_set_text(inner, "subject", subject);
        }
        json_object_object_add(top, "error", inner);
        fprintf(stderr, "%s\n",
                json_object_to_json_string_ext(top,
                                               JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
}

int ctl_fail(Ctl *c, const char *subject, const char *word, const TenantError *e) {
        const char *advice = error_advice(e);
        _cleanup_gfree_ char *clean = text_clean(e->message), *hint = error_hint(c, word, e),
                             *about = subject ? text_clean(subject) : NULL, *message = NULL;

        message = g_strdup_printf("%s%s%s%s", clean, hint, advice ? "; " : "", advice ?: "");
        fflush(stdout);
        if (opt_given(c, OPT_JSON)) {
                print_json_error(about, e, message);
        } else {
                fprintf(stderr, "tenantctl: %s%s%s\n", about ?: "", about ? ": " : "", message);
        }
        return ctl_exit_status(e);
}
