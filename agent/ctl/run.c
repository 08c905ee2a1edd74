/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * run.c: run a command in a tenant, bounded: no terminal, its whole output at its end. Refuses input above
 * a limit instead of cutting it. Owned by tenantctl.
 */
#include "ctl.h"
#include "io.h"
#include "parse.h"
#include <stdio.h>
#include <string.h>

#define INPUT_MAX (1024u * 1024u)
#define TIMEOUT_MAX_SEC 3600u

/* Standard input when it is no terminal; *ret NULL when there is none. */
static int read_input(char **ret, size_t *ret_size, TenantError *e) {
        int r;

        if (isatty(STDIN_FILENO)) {
                return 0;
        }
        r = fd_read_all(STDIN_FILENO, INPUT_MAX, ret, ret_size);
        if (r == -EBADF) {
                return 0;
        }
        if (r == -EFBIG) {
                return error_set(
                        e, r, "LimitsExceeded",
                        "standard input is larger than %u bytes; copy the data into the tenant instead",
                        INPUT_MAX);
        }
        return r < 0 ? error_set_errno(e, r, E_FAILED, "cannot read standard input") : 0;
}

static int append_options(sd_bus_message *m, uint64_t timeout_usec, const char *input, size_t size) {
        int r = sd_bus_message_open_container(m, 'a', "{sv}");

        if (r >= 0 && timeout_usec > 0) {
                r = sd_bus_message_append(m, "{sv}", "TimeoutUSec", "t", timeout_usec);
        }
        if (r >= 0 && size > 0) {
                r = sd_bus_message_open_container(m, 'e', "sv");
                if (r >= 0) {
                        r = sd_bus_message_append(m, "s", "Input");
                }
                if (r >= 0) {
                        r = sd_bus_message_open_container(m, 'v', "ay");
                }
                if (r >= 0) {
                        r = sd_bus_message_append_array(m, 'y', input, size);
                }
                if (r >= 0) {
                        r = sd_bus_message_close_container(m);
                }
                if (r >= 0) {
                        r = sd_bus_message_close_container(m);
                }
        }
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int run_message(Ctl *c, char **args, uint64_t timeout_usec, sd_bus_message **ret, TenantError *e) {
        _cleanup_free_ char *path = NULL, *input = NULL;
        size_t size = 0;
        int r = ctl_tenant_path(c, args[0], &path, e);

        if (r >= 0) {
                r = read_input(&input, &size, e);
        }
        if (r >= 0) {
                r = ctl_message(c, ret, path, IFACE_TENANT, "Run", e);
        }
        if (r < 0) {
                return r;
        }
        r = sd_bus_message_append_strv(*ret, args + 1);
        if (r >= 0) {
                r = append_options(*ret, timeout_usec, input, size);
        }
        return r < 0 ? error_building(r, e) : 0;
}

/* Text as it is; other bytes in base64 under a name that says so. */
static void add_output(json_object *o, const char *key, json_object *bytes) {
        const char *data = json_object_get_string(bytes) ?: "";
        gssize size = json_object_get_string_len(bytes);

        if (g_utf8_validate(data, size, NULL)) {
                json_object_object_add(o, key, json_object_get(bytes));
        } else {
                _cleanup_gfree_ char *name = g_strconcat(key, "Base64", NULL);
                _cleanup_gfree_ char *text = g_base64_encode((const guchar *) data, (gsize) size);

                json_set_text(o, name, text);
        }
}

static void write_bytes(FILE *f, json_object *bytes) {
        size_t size = (size_t) json_object_get_string_len(bytes);

        if (size > 0) {
                (void) !fwrite(json_object_get_string(bytes), 1, size, f); /* main checks when it flushes */
        }
}

/* A program whose output is incomplete did not succeed for whoever reads that. */
static int report(Ctl *c, const char *tenant, json_object *reply) {
        int status = json_object_get_int(json_object_array_get_idx(reply, 0));
        json_object *out = json_object_array_get_idx(reply, 1), *err = json_object_array_get_idx(reply, 2);
        bool truncated = json_object_get_boolean(json_object_array_get_idx(reply, 3));

        if (opt_given(c, OPT_JSON)) {
                _cleanup_json_ json_object *o = json_object_new_object();

                json_object_object_add(o, "Status", json_object_new_int(status));
                add_output(o, "Output", out);
                add_output(o, "Errors", err);
                json_object_object_add(o, "Truncated", json_object_new_boolean(truncated));
                (void) ctl_print_json(o); /* always 0 */
        } else {
                write_bytes(stdout, out);
                fflush(stdout);
                write_bytes(stderr, err);
        }
        if (truncated) {
                fprintf(stderr,
                        "tenantctl: %s: the command wrote more than 1 MiB, the rest is lost; "
                        "let it write to a file in the tenant\n",
                        tenant);
                status = status == 0 ? CTL_FAILED : status;
        }
        return status >= 0 && status <= 255 ? status : CTL_FAILED;
}

static int parse_timeout(Ctl *c, uint64_t *ret_usec) {
        const char *text = opt_value(c, OPT_TIMEOUT);
        uint32_t seconds = 0;

        if (text && (parse_u32(text, &seconds) < 0 || seconds < 1 || seconds > TIMEOUT_MAX_SEC)) {
                return ctl_usage(c, "--timeout takes seconds from 1 to %u, not '%s'", TIMEOUT_MAX_SEC, text);
        }
        *ret_usec = (uint64_t) seconds * 1000000;
        return 0;
}

int verb_run(Ctl *c, char **args, int n_args) {
        _cleanup_message_ sd_bus_message *m = NULL;
        _cleanup_json_ json_object *reply = NULL;
        TenantError e = { 0 };
        uint64_t timeout_usec = 0;
        int r = parse_timeout(c, &timeout_usec);

        if (r != 0) {
                return r;
        }
        r = run_message(c, args, timeout_usec, &m, &e);
        if (r >= 0) {
                /* the service keeps the time; its death ends the call at once */
                r = ctl_send(c, m, UINT64_MAX, &reply, &e);
        }
        if (r < 0) {
                int status = ctl_fail(c, args[0], args[0], &e);

                return strcmp(e.name, E_TIMEOUT) == 0 ? CTL_TIMED_OUT : status;
        }
        return report(c, args[0], reply);
}
