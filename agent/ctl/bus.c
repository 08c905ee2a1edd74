/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bus.c: calls to org.tenantd1 and their replies as JSON. Trusts the service's types only as far as they
 * are read; owns no object. Descriptors never come back to us: a reply that holds one is refused. Owned by
 * tenantctl.
 */
#include "ctl.h"
#include <math.h>
#include <stdarg.h>
#include <string.h>

int error_from_bus(const sd_bus_error *error, int r, TenantError *e) {
        static const char *const prefixes[] = { "org.tenantd1.Error.", "org.freedesktop.DBus.Error.",
                                                "org.freedesktop.systemd1." }; /* why it is not activated */
        const char *name = error && error->name ? error->name : E_FAILED;
        int code = r < 0 ? r : -EIO;

        for (size_t i = 0; i < ELEMENTSOF(prefixes); i++) {
                name += g_str_has_prefix(name, prefixes[i]) ? strlen(prefixes[i]) : 0;
        }
        if (error && sd_bus_error_has_name(error, SD_BUS_ERROR_TIMEOUT)) {
                return error_set(e, code, "NoReply", "the service did not answer in time");
        }
        if (r == -ECONNRESET || r == -ENOTCONN || r == -EPIPE) {
                return error_set(e, r, "Disconnected", "the connection to the bus ended");
        }
        if (error && error->message && *error->message) {
                return error_set(e, code, name, "%s", error->message);
        }
        return error_set(e, code, name, "%s", strerror(-code));
}

/* Errors of our own messages: a text that is no UTF-8, too many arguments. */
int error_building(int r, TenantError *e) {
        return error_set_errno(e, r, r == -EINVAL ? "InvalidArgs" : E_FAILED,
                               "cannot put this into a message (arguments must be UTF-8 text)");
}

int ctl_connect(Ctl *c, TenantError *e) {
        const char *host = opt_value(c, OPT_HOST);
        int r = host ? sd_bus_open_system_remote(&c->bus, host) : sd_bus_open_system(&c->bus);

        if (r < 0 && host) {
                return error_set_errno(
                        e, r, "Disconnected",
                        "cannot reach the bus of %s (does 'ssh %s systemctl is-system-running' work?)", host,
                        host);
        }
        if (r < 0) {
                return error_set_errno(
                        e, r, "Disconnected",
                        "cannot reach the system bus; is this a host booted with systemd and D-Bus?");
        }
        (void) sd_bus_set_allow_interactive_authorization(
                c->bus, !opt_given(c, OPT_NO_ASK_PASSWORD)); /* fails only for NULL or after a fork */
        return 0;
}

int ctl_message(Ctl *c, sd_bus_message **ret, const char *path, const char *interface, const char *member,
                TenantError *e) {
        int r = sd_bus_message_new_method_call(c->bus, ret, BUS_NAME, path, interface, member);

        return r < 0 ? error_building(r, e) : 0;
}

static int read_bytes(sd_bus_message *m, json_object **ret) {
        const void *data;
        size_t size;
        int r = sd_bus_message_read_array(m, 'y', &data, &size);

        if (r < 0) {
                return r;
        }
        if (size > INT32_MAX) {
                return -EFBIG;
        }
        *ret = json_object_new_string_len(size ? data : "", (int) size);
        return 0;
}

static json_object *json_of_double(double d) {
        return isfinite(d) ? json_object_new_double(d) : json_object_new_null();
}

static int read_basic(sd_bus_message *m, char type, json_object **ret) {
        union {
                const char *text;
                uint8_t y;
                int b;
                int16_t n;
                uint16_t q;
                int32_t i;
                uint32_t u;
                int64_t x;
                uint64_t t;
                double d;
        } v = { 0 };
        int r = type == 'h' ? -EBADMSG : sd_bus_message_read_basic(m, type, &v);

        if (r < 0) {
                return r;
        }
        *ret = type == 'y'   ? json_object_new_int(v.y)
               : type == 'b' ? json_object_new_boolean(v.b)
               : type == 'n' ? json_object_new_int(v.n)
               : type == 'q' ? json_object_new_int(v.q)
               : type == 'i' ? json_object_new_int(v.i)
               : type == 'u' ? json_object_new_int64(v.u)
               : type == 'x' ? json_object_new_int64(v.x)
               : type == 't' ? json_object_new_uint64(v.t)
               : type == 'd' ? json_of_double(v.d)
                             : json_object_new_string(v.text);
        return 0;
}

static int read_value(sd_bus_message *m, json_object **ret);

static int read_items(sd_bus_message *m, json_object **ret) {
        _cleanup_json_ json_object *list = json_object_new_array();
        int r;

        while ((r = sd_bus_message_at_end(m, false)) == 0) {
                json_object *item = NULL;

                r = read_value(m, &item);
                if (r < 0) {
                        return r;
                }
                json_object_array_add(list, item);
        }
        if (r < 0) {
                return r;
        }
        *ret = TAKE_PTR(list);
        return 0;
}

static int read_entry(sd_bus_message *m, const char *contents, json_object *dictionary) {
        _cleanup_json_ json_object *key = NULL;
        json_object *value = NULL;
        int r = sd_bus_message_enter_container(m, 'e', contents);

        if (r >= 0) {
                r = read_value(m, &key);
        }
        if (r >= 0) {
                r = read_value(m, &value);
        }
        if (r < 0) {
                return r;
        }
        json_object_object_add(dictionary, json_object_get_string(key), value);
        return sd_bus_message_exit_container(m);
}

/* `contents` is "{kv}". */
static int read_dictionary(sd_bus_message *m, const char *contents, json_object **ret) {
        _cleanup_json_ json_object *dictionary = json_object_new_object();
        _cleanup_gfree_ char *inner = g_strndup(contents + 1, strlen(contents) - 2);
        int r;

        while ((r = sd_bus_message_at_end(m, false)) == 0) {
                r = read_entry(m, inner, dictionary);
                if (r < 0) {
                        return r;
                }
        }
        if (r < 0) {
                return r;
        }
        *ret = TAKE_PTR(dictionary);
        return 0;
}

static int read_container(sd_bus_message *m, char type, const char *contents, json_object **ret) {
        _cleanup_json_ json_object *value = NULL;
        int r = sd_bus_message_enter_container(m, type, contents);

        if (r < 0) {
                return r;
        }
        r = type == 'v'                         ? read_value(m, &value)
            : type == 'a' && contents[0] == '{' ? read_dictionary(m, contents, &value)
                                                : read_items(m, &value);
        if (r < 0) {
                return r;
        }
        r = sd_bus_message_exit_container(m);
        if (r < 0) {
                return r;
        }
        *ret = TAKE_PTR(value);
        return 0;
}

static int read_value(sd_bus_message *m, json_object **ret) {
        const char *contents = NULL;
        char type;
        int r = sd_bus_message_peek_type(m, &type, &contents);

        if (r <= 0) {
                return r < 0 ? r : -EBADMSG;
        }
        if (type == 'a' && strcmp(contents, "y") == 0) {
                return read_bytes(m, ret);
        }
        return strchr("avr", type) ? read_container(m, type, contents, ret) : read_basic(m, type, ret);
}

int json_from_message(sd_bus_message *m, json_object **ret) {
        return read_items(m, ret);
}

/* What the replies that we read must look like: the code that reads them relies on it. */
static const char *reply_signature(const char *member) {
        static const struct {
                const char *member, *signature;
        } replies[] = {
                { "GetTenant", "o" },
                { "ListTenants", "a(sssoa{sv})" },
                { "ListImages", "a(soa{sv})" },
                { "CheckHost", "a(sss)" },
                { "ListBackends", "a(sssa{sv})" },
                { "GetManagedObjects", "a{oa{sa{sv}}}" },
                { "GetAll", "a{sv}" },
                { "GetUsage", "a{sv}" },
                { "GetCredentials", "a{ss}" },
                { "Run", "iayayb" },
                { "Set", "asas" },
        };

        for (size_t i = 0; i < ELEMENTSOF(replies); i++) {
                if (strcmp(replies[i].member, member) == 0) {
                        return replies[i].signature;
                }
        }
        return NULL;
}

static int read_reply(sd_bus_message *call, sd_bus_message *reply, json_object **ret, TenantError *e) {
        const char *member = sd_bus_message_get_member(call), *signature = reply_signature(member);
        int r;

        if (!signature || !sd_bus_message_has_signature(reply, signature)) {
                return error_set(e, EBADMSG, "UnknownMethod", "the reply to %s is of another kind", member);
        }
        r = json_from_message(reply, ret);
        return r < 0 ? error_set_errno(e, r, E_FAILED, "cannot read the reply of the service") : 0;
}

int error_of_host(Ctl *c, int r, TenantError *e) {
        const char *host = opt_value(c, OPT_HOST);

        if (!host || strcmp(e->name, "Disconnected") != 0) {
                return r;
        }
        return error_set(e, r, "Disconnected",
                         "cannot reach the bus of %s; does 'ssh %s systemctl status tenantd' work?", host,
                         host);
}

int ctl_send(Ctl *c, sd_bus_message *m, uint64_t timeout_usec, json_object **ret, TenantError *e) {
        _cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_message_ sd_bus_message *reply = NULL;
        int r = sd_bus_call(c->bus, m, timeout_usec, &error, &reply);

        if (r < 0) {
                (void) error_from_bus(&error, r, e); /* fills e */
                return error_of_host(c, r, e);
        }
        return ret ? read_reply(m, reply, ret, e) : 0;
}

int ctl_call(Ctl *c, const char *path, const char *interface, const char *member, json_object **ret,
             TenantError *e, const char *types, ...) {
        _cleanup_message_ sd_bus_message *m = NULL;
        int r = ctl_message(c, &m, path, interface, member, e);

        if (r < 0) {
                return r;
        }
        if (types) {
                va_list ap;

                va_start(ap, types);
                r = sd_bus_message_appendv(m, types, ap);
                va_end(ap);
                if (r < 0) {
                        return error_building(r, e);
                }
        }
        return ctl_send(c, m, CALL_TIMEOUT_USEC, ret, e);
}

int ctl_tenant_path(Ctl *c, const char *name, char **ret, TenantError *e) {
        _cleanup_json_ json_object *reply = NULL;
        int r = ctl_call(c, BUS_ROOT, IFACE_MANAGER, "GetTenant", &reply, e, "s", name);

        if (r < 0) {
                return r;
        }
        *ret = strdup(json_object_get_string(json_object_array_get_idx(reply, 0)) ?: "");
        return *ret ? 0 : error_set_errno(e, ENOMEM, E_FAILED, "cannot remember the tenant's object");
}

int ctl_properties(Ctl *c, const char *path, const char *interface, json_object **ret, TenantError *e) {
        _cleanup_json_ json_object *reply = NULL;
        int r = ctl_call(c, path, "org.freedesktop.DBus.Properties", "GetAll", &reply, e, "s", interface);

        if (r < 0) {
                return r;
        }
        *ret = json_object_get(json_object_array_get_idx(reply, 0));
        return 0;
}

static int append_setting(sd_bus_message *m, const char *word, const char *key, GHashTable *seen,
                          TenantError *e) {
        const char *value = strchr(word, '=') + 1;
        int r;

        if (!g_hash_table_add(seen, g_strdup(key))) {
                return error_set(e, EINVAL, "Usage", "%s is given twice", key);
        }
        r = sd_bus_message_append(m, "{sv}", key, "s", value);
        return r < 0 ? error_building(r, e) : 0;
}

static int append_words(sd_bus_message *m, char **words, int n_words, GHashTable *seen, TenantError *e) {
        for (int i = 0; i < n_words; i++) {
                size_t length = strcspn(words[i], "=");
                _cleanup_gfree_ char *key = g_strndup(words[i], length);
                int r;

                if (length == 0 || words[i][length] == '\0') {
                        return error_set(e, EINVAL, "Usage", "'%s' is not KEY=VALUE", words[i]);
                }
                r = append_setting(m, words[i], key, seen, e);
                if (r < 0) {
                        return r;
                }
        }
        return 0;
}

int append_settings(sd_bus_message *m, char **words, int n_words, const char *image, TenantError *e) {
        g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        int r = sd_bus_message_open_container(m, 'a', "{sv}");

        if (r >= 0 && image) {
                g_hash_table_add(seen, g_strdup("Image"));
                r = sd_bus_message_append(m, "{sv}", "Image", "s", image);
        }
        if (r < 0) {
                return error_building(r, e);
        }
        r = append_words(m, words, n_words, seen, e);
        if (r < 0) {
                return r;
        }
        r = sd_bus_message_close_container(m);
        return r < 0 ? error_building(r, e) : 0;
}

GPtrArray *ctl_names(Ctl *c, const char *list) {
        GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
        _cleanup_json_ json_object *reply = NULL;
        TenantError e = { 0 };
        json_object *rows;

        if (ctl_call(c, BUS_ROOT, IFACE_MANAGER, list, &reply, &e, NULL) < 0) {
                return names;
        }
        rows = json_object_array_get_idx(reply, 0);
        for (size_t i = 0; i < json_object_array_length(rows); i++) {
                json_object *row = json_object_array_get_idx(rows, i);

                g_ptr_array_add(names, g_strdup(json_object_get_string(json_object_array_get_idx(row, 0))));
        }
        return names;
}
