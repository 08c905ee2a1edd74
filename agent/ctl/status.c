/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * status.c: status, of tenants and of the host: what a person asks first. Changes nothing. Owned by
 * tenantctl.
 */
#include "parse.h"
#include "query.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void line(const char *label, const char *text) {
        if (text && *text) {
                _cleanup_gfree_ char *clean = text_clean(text);

                printf("%10s: %s\n", label, clean);
        }
}

static void line_limit(json_object *usage, const char *label, const char *key, const char *limit,
                       bool bytes) {
        _cleanup_gfree_ char *text =
                json_member(usage, key) ? format_of_limit(usage, key, limit, bytes) : NULL;

        line(label, text);
}

/* "1.0M read, 2.0M written"; nothing when the host does not count. */
static void line_pair(json_object *usage, const char *label, const char *in_key, const char *in_word,
                      const char *out_key, const char *out_word) {
        char in[32], out[32];
        _cleanup_gfree_ char *text = NULL;

        if (!json_member(usage, in_key)) {
                return;
        }
        text = g_strdup_printf("%s %s, %s %s", format_size(json_number(usage, in_key), in), in_word,
                               format_size(json_number(usage, out_key), out), out_word);
        line(label, text);
}

static void print_usage(json_object *usage) {
        _cleanup_gfree_ char *cpu = g_strdup_printf("%.1fs", (double) json_number(usage, "CPUUSec") / 1e6);

        line("CPU", json_member(usage, "CPUUSec") ? cpu : "");
        line_limit(usage, "Memory", "MemoryBytes", "MemoryLimitBytes", true);
        line_limit(usage, "Tasks", "Pids", "PidsLimit", false);
        line_limit(usage, "Disk", "StorageBytes", "StorageLimitBytes", true);
        line_pair(usage, "I/O", "IOReadBytes", "read", "IOWriteBytes", "written");
        line_pair(usage, "Network", "NetworkReceivedBytes", "received", "NetworkSentBytes", "sent");
        line("OOM kills", json_number(usage, "OOMKills") > 0 ? json_text(usage, "OOMKills") : "");
}

static void print_state(const char *name, const char *state) {
        bool color = color_wanted();
        _cleanup_gfree_ char *clean = text_clean(state);
        const char *tint = strcmp(state, "running") == 0  ? "\033[1;32m"
                           : strcmp(state, "failed") == 0 ? "\033[1;31m"
                                                          : "\033[1m";

        printf("%s - %s%s%s\n", name, color ? tint : "", clean, color ? "\033[0m" : "");
}

static void print_backends(json_object *backends) {
        g_autoptr(GString) text = g_string_new(NULL);

        if (!json_object_is_type(backends, json_type_object)) {
                return;
        }
        json_object_object_foreach(backends, kind, name) {
                g_string_append_printf(text, "%s%s %s", text->len > 0 ? ", " : "", kind,
                                       json_object_get_string(name));
        }
        line("Backends", text->str);
}

static void print_tenant(const char *name, json_object *p) {
        json_object *docker = json_member(p, "Docker"), *usage = json_member(p, "Usage");
        _cleanup_gfree_ char *ids = NULL, *endpoint = NULL;
        uint64_t base = json_number(p, "IdBase"), count = json_number(p, "IdCount");

        ids = count > 0 ? g_strdup_printf("%" PRIu64 "-%" PRIu64, base, base + count - 1) : NULL;
        print_state(name, json_text(p, "State"));
        line("Image", json_text(p, "Image"));
        line("Profile", json_text(p, "Profile"));
        line("Unit", json_text(p, "Unit"));
        line("Address", json_text(p, "Address"));
        if (docker) {
                endpoint =
                        g_strdup_printf("%s, %s", json_text(docker, "State"), json_text(docker, "Endpoint"));
                line("Docker", endpoint);
        }
        if (usage) {
                print_usage(usage);
        }
        line("Host ids", ids);
        print_backends(json_member(p, "Backends"));
}

/* Figures are an extra: who may not read them, or when the tenant has just stopped, sees the rest. */
static int status_of(Ctl *c, const char *name, json_object **ret, TenantError *e) {
        json_object *usage = NULL;
        TenantError ignored = { 0 };
        int r = tenant_properties(c, name, ret, e);

        if (r >= 0 && tenant_usage(c, name, &usage, &ignored) >= 0) {
                json_object_object_add(*ret, "Usage", usage);
        }
        return r;
}

static int status_tenants(Ctl *c, char **names, int n) {
        _cleanup_json_ json_object *list = json_object_new_array();
        int status = CTL_OK;

        for (int i = 0; i < n; i++) {
                json_object *properties = NULL;
                TenantError e = { 0 };

                if (status_of(c, names[i], &properties, &e) < 0) {
                        status = status_join(status, ctl_fail(c, names[i], names[i], &e));
                        continue;
                }
                if (!opt_given(c, OPT_JSON)) {
                        printf("%s", json_object_array_length(list) > 0 ? "\n" : "");
                        print_tenant(names[i], properties);
                }
                json_object_array_add(list, properties);
        }
        if (opt_given(c, OPT_JSON)) {
                (void) ctl_print_json(list); /* always 0; what failed is in the status */
        }
        return status;
}

/* {state: how many} */
static json_object *count_states(json_object *tenants) {
        json_object *counts = json_object_new_object();

        for (size_t i = 0; i < json_object_array_length(tenants); i++) {
                const char *state = json_text(json_object_array_get_idx(tenants, i), "State");

                json_object_object_add(counts, state,
                                       json_object_new_uint64(json_number(counts, state) + 1));
        }
        return counts;
}

static int host_summary(Ctl *c, json_object **ret, TenantError *e) {
        _cleanup_json_ json_object *manager = NULL, *tenants = NULL;
        _cleanup_array_ GPtrArray *images = NULL;
        json_object *o;
        int r = ctl_properties(c, BUS_ROOT, IFACE_MANAGER, &manager, e);

        if (r >= 0) {
                r = list_tenants(c, &tenants, e);
        }
        if (r < 0) {
                return r;
        }
        images = ctl_names(c, "ListImages");
        o = json_object_new_object();
        json_merge(o, manager);
        json_object_object_add(o, "Tenants", json_object_new_uint64(json_object_array_length(tenants)));
        json_object_object_add(o, "States", count_states(tenants));
        json_object_object_add(o, "Images", json_object_new_int((int) images->len));
        *ret = o;
        return 0;
}

static int status_host(Ctl *c) {
        _cleanup_json_ json_object *o = NULL;
        g_autoptr(GString) text = g_string_new(NULL);
        TenantError e = { 0 };

        if (host_summary(c, &o, &e) < 0) {
                return ctl_fail(c, NULL, NULL, &e);
        }
        if (opt_given(c, OPT_JSON)) {
                return ctl_print_json(o);
        }
        g_string_append(text, json_text(o, "Tenants"));
        json_object_object_foreach(json_member(o, "States"), state, count) {
                g_string_append_printf(text, ", %s %s", json_object_get_string(count), state);
        }
        line("tenantd", json_text(o, "Version"));
        line("Tenants", text->str);
        line("Images", json_text(o, "Images"));
        return CTL_OK;
}

int verb_status(Ctl *c, char **args, int n_args) {
        return n_args > 0 ? status_tenants(c, args, n_args) : status_host(c);
}
