/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host.c: backends, doctor, jobs, cancel: what the host can do and is doing. The service checks; this
 * prints. Owned by tenantctl.
 */
#include "parse.h"
#include "query.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Rows of a reply as objects with these keys; what stands behind the last key is a dictionary, merged. */
static json_object *rows_to_objects(json_object *rows, const char *const *keys) {
        json_object *list = json_object_new_array();
        size_t n = g_strv_length((char **) (uintptr_t) keys);

        for (size_t i = 0; i < json_object_array_length(rows); i++) {
                json_object *row = json_object_array_get_idx(rows, i), *o = json_object_new_object();

                for (size_t k = 0; k < n; k++) {
                        json_object_object_add(o, keys[k],
                                               json_object_get(json_object_array_get_idx(row, k)));
                }
                json_merge(o, json_object_array_get_idx(row, n));
                json_object_array_add(list, o);
        }
        return list;
}

int verb_backends(Ctl *c, char **args, int n_args) {
        static const char *const keys[] = { "Kind", "Name", "Summary", NULL };
        _cleanup_json_ json_object *reply = NULL, *list = NULL;
        _cleanup_(table_free_p) Table *t = NULL;
        TenantError e = { 0 };

        if (ctl_call(c, BUS_ROOT, IFACE_MANAGER, "ListBackends", &reply, &e, NULL) < 0) {
                return ctl_fail(c, NULL, NULL, &e);
        }
        list = rows_to_objects(json_object_array_get_idx(reply, 0), keys);
        if (opt_given(c, OPT_JSON)) {
                return ctl_print_json(list);
        }
        t = table_new("BACKEND", "KIND", "VERSION", "USABLE", "SUMMARY", NULL);
        for (size_t i = 0; i < json_object_array_length(list); i++) {
                json_object *o = json_object_array_get_idx(list, i);
                bool usable = json_object_get_boolean(json_member(o, "Usable"));

                table_cell(t, json_text(o, "Name"));
                table_cell(t, json_text(o, "Kind"));
                table_cell(t, json_text(o, "Version"));
                table_cell(t, usable ? "yes" : "no");
                table_cell(t, usable || !*json_text(o, "Advice") ? json_text(o, "Summary")
                                                                 : json_text(o, "Advice"));
        }
        table_print(c, t, "backend");
        return CTL_OK;
}

static int print_checks(Ctl *c, json_object *list) {
        _cleanup_(table_free_p) Table *t = table_new("CHECK", "RESULT", "ADVICE", NULL);
        int status = CTL_OK;

        for (size_t i = 0; i < json_object_array_length(list); i++) {
                json_object *o = json_object_array_get_idx(list, i);
                const char *result = json_text(o, "Result");

                if (strcmp(result, "ok") != 0 && strcmp(result, "warning") != 0) {
                        status = CTL_FAILED;
                }
                table_cell(t, json_text(o, "Check"));
                table_cell(t, result);
                table_cell(t, json_text(o, "Advice"));
        }
        if (opt_given(c, OPT_JSON)) {
                (void) ctl_print_json(list); /* always 0 */
        } else if (!opt_given(c, OPT_QUIET)) {
                table_print(c, t, "check");
        }
        return status;
}

int verb_doctor(Ctl *c, char **args, int n_args) {
        static const char *const keys[] = { "Check", "Result", "Advice", NULL };
        _cleanup_json_ json_object *reply = NULL, *list = NULL;
        TenantError e = { 0 };

        if (ctl_call(c, BUS_ROOT, IFACE_MANAGER, "CheckHost", &reply, &e, NULL) < 0) {
                return ctl_fail(c, NULL, NULL, &e);
        }
        list = rows_to_objects(json_object_array_get_idx(reply, 0), keys);
        return print_checks(c, list);
}

/* Those of all managed objects that are jobs, with Id and Path. */
static json_object *jobs_of_objects(json_object *objects) {
        json_object *list = json_object_new_array();

        json_object_object_foreach(objects, path, interfaces) {
                json_object *properties = json_member(interfaces, IFACE_JOB), *o;

                if (!properties || !g_str_has_prefix(path, BUS_JOBS "/")) {
                        continue;
                }
                o = json_object_new_object();
                json_object_object_add(o, "Id", json_object_new_int64(atoll(path + strlen(BUS_JOBS "/"))));
                json_set_text(o, "Path", path);
                json_merge(o, properties);
                json_object_array_add(list, o);
        }
        return list;
}

static int by_id(const void *a, const void *b) {
        uint64_t x = json_number(*(json_object *const *) a, "Id"),
                 y = json_number(*(json_object *const *) b, "Id");

        return x < y ? -1 : x > y;
}

static void job_row(Table *t, json_object *o) {
        double fraction = json_object_get_double(json_member(o, "Progress"));
        const char *tenant = json_text(o, "Tenant"), *subject = *tenant ? tenant : json_text(o, "Image");
        char percent[16] = "";

        if (json_member(o, "Progress") && fraction >= 0) {
                snprintf(percent, sizeof(percent), "%.0f%%", MIN(fraction, 1.0) * 100);
        }
        table_cell(t, json_text(o, "Id"));
        table_cell(t, json_text(o, "Operation"));
        table_cell(t, subject);
        table_cell(t, json_text(o, "State"));
        table_cell(t, percent);
        table_cell(t, json_text(o, "StartedByUID"));
        table_cell(t, *json_text(o, "Error") ? json_text(o, "Error") : json_text(o, "Stage"));
}

int verb_jobs(Ctl *c, char **args, int n_args) {
        _cleanup_json_ json_object *reply = NULL, *list = NULL;
        _cleanup_(table_free_p) Table *t = NULL;
        TenantError e = { 0 };

        if (ctl_call(c, BUS_ROOT, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", &reply, &e,
                     NULL) < 0) {
                return ctl_fail(c, NULL, NULL, &e);
        }
        list = jobs_of_objects(json_object_array_get_idx(reply, 0));
        json_object_array_sort(list, by_id);
        if (opt_given(c, OPT_JSON)) {
                return ctl_print_json(list);
        }
        t = table_new("ID", "OPERATION", "OF", "STATE", ">DONE", ">UID", "STAGE", NULL);
        for (size_t i = 0; i < json_object_array_length(list); i++) {
                job_row(t, json_object_array_get_idx(list, i));
        }
        table_print(c, t, "job");
        return CTL_OK;
}

int verb_cancel(Ctl *c, char **args, int n_args) {
        char path[sizeof(BUS_JOBS) + 16];
        TenantError e = { 0 };
        uint32_t id;

        if (parse_u32(args[0], &id) < 0) {
                return ctl_usage(c, "'%s' is no number of a job; 'tenantctl jobs' lists them", args[0]);
        }
        snprintf(path, sizeof(path), "%s/%" PRIu32, BUS_JOBS, id);
        if (ctl_call(c, path, IFACE_JOB, "Cancel", NULL, &e, NULL) < 0) {
                if (strcmp(e.name, "UnknownObject") == 0) {
                        (void) error_set(&e, ENOENT, E_NO_SUCH_JOB,
                                         "there is no such job; 'tenantctl jobs' lists them");
                }
                return ctl_fail(c, args[0], NULL, &e);
        }
        if (opt_given(c, OPT_JSON)) {
                _cleanup_json_ json_object *o = json_object_new_object();

                json_object_object_add(o, "Job", json_object_new_int64(id));
                return ctl_print_json(o);
        }
        return CTL_OK;
}
