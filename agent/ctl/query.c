/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * query.c: list, show, usage: verbs that only read, for people and for programs. Change nothing. Owned by
 * tenantctl.
 */
#include "query.h"
#include "parse.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* One row (name, state, image, path, details) as an object. */
static json_object *tenant_of_row(json_object *row) {
        static const char *const keys[] = { "Name", "State", "Image", "Path" };
        json_object *o = json_object_new_object();

        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                json_object_object_add(o, keys[i], json_object_get(json_object_array_get_idx(row, i)));
        }
        json_merge(o, json_object_array_get_idx(row, ELEMENTSOF(keys)));
        return o;
}

void json_merge(json_object *o, json_object *details) {
        if (!json_object_is_type(details, json_type_object)) {
                return;
        }
        json_object_object_foreach(details, key, value) {
                json_object_object_add(o, key, json_object_get(value));
        }
}

int list_tenants(Ctl *c, json_object **ret, TenantError *e) {
        _cleanup_json_ json_object *reply = NULL;
        json_object *rows, *list;
        int r = ctl_call(c, BUS_ROOT, IFACE_MANAGER, "ListTenants", &reply, e, NULL);

        if (r < 0) {
                return r;
        }
        rows = json_object_array_get_idx(reply, 0);
        list = json_object_new_array();
        for (size_t i = 0; i < json_object_array_length(rows); i++) {
                json_object_array_add(list, tenant_of_row(json_object_array_get_idx(rows, i)));
        }
        *ret = list;
        return 0;
}

void print_row_errors(const Ctl *c, json_object *list) {
        for (size_t i = 0; !opt_given(c, OPT_QUIET) && i < json_object_array_length(list); i++) {
                json_object *o = json_object_array_get_idx(list, i);

                if (*json_text(o, "Error")) {
                        _cleanup_gfree_ char *clean = text_clean(json_text(o, "Error"));

                        fflush(stdout);
                        fprintf(stderr, "tenantctl: %s: %s\n", json_text(o, "Name"), clean);
                }
        }
}

int verb_list(Ctl *c, char **args, int n_args) {
        _cleanup_(table_free_p) Table *t = NULL;
        _cleanup_json_ json_object *list = NULL;
        TenantError e = { 0 };

        if (list_tenants(c, &list, &e) < 0) {
                return ctl_fail(c, NULL, NULL, &e);
        }
        if (opt_given(c, OPT_JSON)) {
                return ctl_print_json(list);
        }
        t = table_new("NAME", "STATE", "IMAGE", "ADDRESS", "DOCKER", NULL);
        for (size_t i = 0; i < json_object_array_length(list); i++) {
                json_object *o = json_object_array_get_idx(list, i);

                table_cell(t, json_text(o, "Name"));
                table_cell(t, json_text(o, "State"));
                table_cell(t, json_text(o, "Image"));
                table_cell(t, json_text(o, "Address"));
                table_cell(t, json_text(o, "Endpoint"));
        }
        table_print(c, t, "tenant");
        print_row_errors(c, list);
        return CTL_OK;
}

int tenant_properties(Ctl *c, const char *name, json_object **ret, TenantError *e) {
        _cleanup_json_ json_object *properties = NULL, *docker = NULL;
        _cleanup_free_ char *path = NULL;
        TenantError ignored = { 0 };
        int r = ctl_tenant_path(c, name, &path, e);

        if (r >= 0) {
                r = ctl_properties(c, path, IFACE_TENANT, &properties, e);
        }
        if (r < 0) {
                return r;
        }
        /* a tenant without Docker has no such interface; a lost bus shows at the next call */
        if (ctl_properties(c, path, IFACE_DOCKER, &docker, &ignored) >= 0 &&
            json_object_object_length(docker) > 0) {
                json_object_object_add(properties, "Docker", TAKE_PTR(docker));
        }
        *ret = TAKE_PTR(properties);
        return 0;
}

/* "Settings.Cgroup.MemoryMax" for the nested ones; lists are joined by blanks. */
static void flatten(json_object *o, const char *prefix, json_object *flat) {
        json_object_object_foreach(o, key, value) {
                _cleanup_gfree_ char *name = g_strconcat(prefix, *prefix ? "." : "", key, NULL);
                g_autoptr(GString) text = g_string_new(NULL);

                if (json_object_is_type(value, json_type_object)) {
                        flatten(value, name, flat);
                        continue;
                }
                if (!json_object_is_type(value, json_type_array)) {
                        json_set_text(flat, name, json_object_get_string(value) ?: "");
                        continue;
                }
                for (size_t i = 0; i < json_object_array_length(value); i++) {
                        g_string_append_printf(text, "%s%s", i > 0 ? " " : "",
                                               json_object_get_string(json_object_array_get_idx(value, i)));
                }
                json_set_text(flat, name, text->str);
        }
}

static GPtrArray *wanted_properties(const Ctl *c) {
        GPtrArray *wanted = g_ptr_array_new_with_free_func(g_free), *given = c->options[OPT_PROPERTY];

        for (guint i = 0; given && i < given->len; i++) {
                g_auto(GStrv) words = g_strsplit(g_ptr_array_index(given, i), ",", -1);

                for (char **w = words; *w; w++) {
                        g_ptr_array_add(wanted, g_strdup(*w));
                }
        }
        return wanted;
}

/* Whether the key is `word`, or below it. */
static bool matches(const char *key, const char *word) {
        size_t length = strlen(word);

        return strncmp(key, word, length) == 0 && (key[length] == '\0' || key[length] == '.');
}

/* Prints property `word`, or all below it; all with "". Returns how many there were. */
static unsigned show_matching(const Ctl *c, json_object *flat, const char *word) {
        unsigned n = 0;

        json_object_object_foreach(flat, key, value) {
                _cleanup_gfree_ char *clean = NULL;

                if (*word && !matches(key, word)) {
                        continue;
                }
                clean = text_clean(json_object_get_string(value));
                printf("%s%s%s\n", opt_given(c, OPT_QUIET) ? "" : key, opt_given(c, OPT_QUIET) ? "" : "=",
                       clean);
                n++;
        }
        return n;
}

static int no_such_property(Ctl *c, const char *tenant, const char *word, json_object *properties) {
        _cleanup_array_ GPtrArray *names = g_ptr_array_new();
        _cleanup_gfree_ char *hint = NULL;
        TenantError e = { 0 };

        json_object_object_foreach(properties, key, value) {
                (void) value; /* the macro declares it */
                g_ptr_array_add(names, key);
        }
        hint = suggest(word, names);
        (void) error_set(&e, ENOENT, "UnknownProperty",
                         "there is no property '%s'%s; 'tenantctl show %s' lists all", word, hint, tenant);
        return ctl_fail(c, tenant, NULL, &e);
}

/* All below `word` with the rest of their names; NULL: nothing. The caller's. */
static json_object *properties_below(json_object *flat, const char *word) {
        _cleanup_json_ json_object *below = json_object_new_object();
        size_t length = strlen(word);

        json_object_object_foreach(flat, key, value) {
                if (matches(key, word) && key[length] == '.') {
                        json_object_object_add(below, key + length + 1, json_object_get(value));
                }
        }
        return json_object_object_length(below) > 0 ? TAKE_PTR(below) : NULL;
}

static int show_json(Ctl *c, const char *tenant, json_object *properties, const GPtrArray *wanted) {
        _cleanup_json_ json_object *some = json_object_new_object(), *flat = json_object_new_object();

        if (wanted->len == 0) {
                return ctl_print_json(properties);
        }
        flatten(properties, "", flat);
        for (guint i = 0; i < wanted->len; i++) {
                const char *word = g_ptr_array_index(wanted, i);
                json_object *whole = json_member(properties, word) ?: json_member(flat, word);
                json_object *value = whole ? json_object_get(whole) : properties_below(flat, word);

                if (!value) {
                        return no_such_property(c, tenant, word, properties);
                }
                json_object_object_add(some, word, value);
        }
        return ctl_print_json(some);
}

static int show_text(Ctl *c, const char *tenant, json_object *properties, const GPtrArray *wanted) {
        _cleanup_json_ json_object *flat = json_object_new_object();

        flatten(properties, "", flat);
        if (wanted->len == 0) {
                (void) show_matching(c, flat, ""); /* all of them */
                return CTL_OK;
        }
        for (guint i = 0; i < wanted->len; i++) {
                const char *word = g_ptr_array_index(wanted, i);

                /* a dictionary that is empty exists too */
                if (show_matching(c, flat, word) == 0 && !json_member(properties, word)) {
                        return no_such_property(c, tenant, word, properties);
                }
        }
        return CTL_OK;
}

int verb_show(Ctl *c, char **args, int n_args) {
        _cleanup_array_ GPtrArray *wanted = wanted_properties(c);
        _cleanup_json_ json_object *properties = NULL;
        TenantError e = { 0 };

        if (tenant_properties(c, args[0], &properties, &e) < 0) {
                return ctl_fail(c, args[0], args[0], &e);
        }
        return opt_given(c, OPT_JSON) ? show_json(c, args[0], properties, wanted)
                                      : show_text(c, args[0], properties, wanted);
}

int tenant_usage(Ctl *c, const char *name, json_object **ret, TenantError *e) {
        _cleanup_json_ json_object *reply = NULL;
        _cleanup_free_ char *path = NULL;
        int r = ctl_tenant_path(c, name, &path, e);

        if (r >= 0) {
                r = ctl_call(c, path, IFACE_TENANT, "GetUsage", &reply, e, NULL);
        }
        if (r < 0) {
                return r;
        }
        *ret = json_object_get(json_object_array_get_idx(reply, 0));
        return 0;
}

char *format_of_limit(json_object *usage, const char *key, const char *limit_key, bool bytes) {
        uint64_t value = json_number(usage, key), limit = json_number(usage, limit_key);
        char a[32], b[32];

        if (!json_member(usage, key)) {
                return g_strdup("-");
        }
        if (bytes) {
                format_size(value, a);
                format_size(limit, b);
        } else {
                snprintf(a, sizeof(a), "%" PRIu64, value);
                snprintf(b, sizeof(b), "%" PRIu64, limit);
        }
        return json_member(usage, limit_key) && limit != UINT64_MAX ? g_strdup_printf("%s/%s", a, b)
                                                                    : g_strdup(a);
}

static void usage_row(Table *t, const char *name, json_object *usage) {
        static const struct {
                const char *key, *limit;
                bool bytes;
        } columns[] = {
                { "MemoryBytes", "MemoryLimitBytes", true },
                { "Pids", "PidsLimit", false },
                { "StorageBytes", "StorageLimitBytes", true },
                { "NetworkReceivedBytes", "", true },
                { "NetworkSentBytes", "", true },
        };
        _cleanup_gfree_ char *cpu = g_strdup_printf("%.1fs", (double) json_number(usage, "CPUUSec") / 1e6);

        table_cell(t, name);
        table_cell(t, json_member(usage, "CPUUSec") ? cpu : "");
        for (size_t i = 0; i < ELEMENTSOF(columns); i++) {
                _cleanup_gfree_ char *text =
                        format_of_limit(usage, columns[i].key, columns[i].limit, columns[i].bytes);

                table_cell(t, text);
        }
        table_cell(t, json_member(usage, "OOMKills") ? json_text(usage, "OOMKills") : "");
}

/* The names given, or all tenants. */
static int usage_names(Ctl *c, char **args, int n_args, GPtrArray **ret, TenantError *e) {
        _cleanup_array_ GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
        _cleanup_json_ json_object *list = NULL;

        for (int i = 0; i < n_args; i++) {
                g_ptr_array_add(names, g_strdup(args[i]));
        }
        if (n_args == 0) {
                int r = list_tenants(c, &list, e);

                if (r < 0) {
                        return r;
                }
                for (size_t i = 0; i < json_object_array_length(list); i++) {
                        g_ptr_array_add(names,
                                        g_strdup(json_text(json_object_array_get_idx(list, i), "Name")));
                }
        }
        *ret = TAKE_PTR(names);
        return 0;
}

static int collect_usage(Ctl *c, const GPtrArray *names, bool all, Table *t, json_object *list) {
        int status = CTL_OK;

        for (guint i = 0; i < names->len; i++) {
                const char *name = g_ptr_array_index(names, i);
                _cleanup_json_ json_object *usage = NULL;
                TenantError e = { 0 };
                json_object *o;

                if (tenant_usage(c, name, &usage, &e) < 0) {
                        /* of all tenants, one may go while we look */
                        if (!all || ctl_exit_status(&e) != CTL_NOT_FOUND) {
                                status = status_join(status, ctl_fail(c, name, name, &e));
                        }
                        continue;
                }
                usage_row(t, name, usage);
                o = json_object_new_object();
                json_set_text(o, "Name", name);
                json_merge(o, usage);
                json_object_array_add(list, o);
        }
        return status;
}

int verb_usage(Ctl *c, char **args, int n_args) {
        _cleanup_json_ json_object *list = json_object_new_array();
        _cleanup_array_ GPtrArray *names = NULL;
        _cleanup_(table_free_p) Table *t = NULL;
        TenantError e = { 0 };
        int status;

        if (usage_names(c, args, n_args, &names, &e) < 0) {
                return ctl_fail(c, NULL, NULL, &e);
        }
        t = table_new("NAME", ">CPU", ">MEMORY", ">TASKS", ">DISK", ">RECEIVED", ">SENT", ">OOM", NULL);
        status = collect_usage(c, names, n_args == 0, t, list);
        if (opt_given(c, OPT_JSON)) {
                (void) ctl_print_json(list); /* always 0; what failed is in the status */
        } else if (status == CTL_OK || json_object_array_length(list) > 0) {
                table_print(c, t, "tenant");
        }
        return status;
}
