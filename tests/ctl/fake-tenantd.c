/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fake-tenantd.c: a stand-in for the service on a private bus, for the tests of tenantctl only. What
 * happens to a job follows from the tenant's name (see job_plan). Every method call is written to $FAKE_LOG
 * as it arrived. Keeps no tenant.
 */
#include "cleanup.h"
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#define ROOT "/org/tenantd1"
#define ERROR_PREFIX "org.tenantd1.Error."

static struct {
        sd_bus *bus;
        sd_event *event;
        FILE *log;
        uint32_t next_id;
        char job_name[64]; /* of the last job */
        bool job_lives;
        double progress;
        const char *stage;
} fake = { .next_id = 7, .stage = "" };

static void job_path(uint32_t id, char path[static 64]) {
        snprintf(path, 64, ROOT "/job/%" PRIu32, id);
}

static int job_removed(uint32_t id, const char *result, const char *error) {
        char path[64];

        fake.job_lives = false;
        job_path(id, path);
        return sd_bus_emit_signal(fake.bus, ROOT, "org.tenantd1.Manager", "JobRemoved", "uoss", id, path,
                                  result, error);
}

static int job_progress(uint32_t id, const char *stage, double progress) {
        char path[64];

        job_path(id, path);
        fake.stage = stage;
        fake.progress = progress;
        return sd_bus_emit_properties_changed(fake.bus, path, "org.tenantd1.Job", "Stage", "Progress", NULL);
}

/* What happens after the reply. */
static int job_plan(uint32_t id, const char *name) {
        if (strcmp(name, "slow") == 0 || strcmp(name, "mute") == 0) {
                return job_progress(id, "unpacking", 0.42); /* and there it stays, until Cancel */
        }
        if (strcmp(name, "dies") == 0) {
                return sd_event_exit(fake.event, 0);
        }
        if (strcmp(name, "broken") == 0) {
                return job_removed(id, "failed", "QuotaExceeded: the volume is full: raise Storage.Size");
        }
        if (strcmp(name, "plain") == 0) {
                return job_removed(id, "timeout", "it took too long");
        }
        if (strcmp(name, "stages") == 0) {
                (void) job_progress(id, "fetching", 0.1); /* a lost one is seen by the test */
                (void) job_progress(id, "unpacking", 0.5);
                (void) job_progress(id, "unpacking", 0.6);
        }
        return strcmp(name, "early") == 0 ? 0 : job_removed(id, "done", "");
}

static int begin_job(sd_bus_message *m, const char *name) {
        _Alignas(8) char path[64];
        uint32_t id = fake.next_id++;
        int r;

        snprintf(fake.job_name, sizeof(fake.job_name), "%s", name);
        fake.job_lives = true;
        fake.progress = -1;
        fake.stage = "";
        job_path(id, path);
        if (strcmp(name, "early") == 0) {
                (void) job_removed(id, "done",
                                   ""); /* before the reply: the test waits for ever if it is lost */
        }
        r = sd_bus_reply_method_return(m, "uo", id, path);
        r = r < 0 ? r : job_plan(id, name);
        return r < 0 ? r : 1; /* 0 would be: not handled */
}

static int refuse(sd_bus_message *m, const char *name, const char *text) {
        sd_bus_error error = SD_BUS_ERROR_MAKE_CONST(name, text);

        return sd_bus_reply_method_error(m, &error);
}

/* Why a service is not activated, as dbus-daemon and systemd say it. */
static const char *activation_error(const char *name) {
        static const char *const errors[][2] = {
                { "late", "org.freedesktop.DBus.Error.TimedOut" },
                { "masked", "org.freedesktop.systemd1.UnitMasked" },
                { "unitless", "org.freedesktop.systemd1.NoSuchUnit" },
                { "unloadable", "org.freedesktop.systemd1.LoadFailed" },
        };

        for (size_t i = 0; i < ELEMENTSOF(errors); i++) {
                if (strcmp(errors[i][0], name) == 0) {
                        return errors[i][1];
                }
        }
        return NULL;
}

static int on_create(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *name;
        int r = sd_bus_message_read(m, "s", &name);

        if (r < 0) {
                return r;
        }
        if (strcmp(name, "denied") == 0) {
                return refuse(m, SD_BUS_ERROR_ACCESS_DENIED, "not allowed");
        }
        if (strcmp(name, "unready") == 0) {
                return refuse(m, ERROR_PREFIX "HostNotReady", "no cgroup v2");
        }
        if (strcmp(name, "imageless") == 0) {
                return refuse(m, ERROR_PREFIX "NoSuchImage", "there is no image 'debiam'");
        }
        if (strcmp(name, "acme") == 0) {
                return refuse(m, ERROR_PREFIX "TenantExists", "there is a tenant 'acme' already");
        }
        if (activation_error(name)) {
                return refuse(m, activation_error(name), "no activation");
        }
        return begin_job(m, name);
}

static int on_named_job(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *name;
        int r = sd_bus_message_read(m, "s", &name);

        return r < 0 ? r : begin_job(m, name);
}

static int on_import(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *name;
        char data[256] = "";
        int fd = -1, r = sd_bus_message_read(m, "sv", &name, "h", &fd);

        if (r < 0) {
                return r;
        }
        r = (int) read(fd, data, sizeof(data) - 1);
        fprintf(fake.log, "CONTENT %.*s\n", r < 0 ? 0 : r, data);
        return begin_job(m, name);
}

static bool is_known(const char *name) {
        static const char *const known[] = { "acme",   "rival", "slow",   "mute", "dies",
                                             "broken", "plain", "stages", "early" };

        for (size_t i = 0; i < ELEMENTSOF(known); i++) {
                if (strcmp(known[i], name) == 0) {
                        return true;
                }
        }
        return false;
}

/* Ctrl-C at a moment when the caller waits for a reply. */
static int interrupt_caller(sd_bus_message *m) {
        sd_bus_creds *creds = NULL;
        pid_t pid = 0;
        int r = sd_bus_query_sender_creds(m, SD_BUS_CREDS_PID, &creds);

        r = r < 0 ? r : sd_bus_creds_get_pid(creds, &pid);
        sd_bus_creds_unref(creds);
        r = r < 0 ? r : kill(pid, SIGINT);
        return r < 0 ? r : 1; /* handled: no reply ever */
}

static int on_get_tenant(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        _cleanup_free_ char *path = NULL;
        const char *name;
        int r = sd_bus_message_read(m, "s", &name);

        if (r < 0) {
                return r;
        }
        if (strcmp(name, "hangs") == 0) {
                return interrupt_caller(m);
        }
        if (!is_known(name)) {
                return refuse(m, ERROR_PREFIX "NoSuchTenant", "there is no such tenant");
        }
        r = sd_bus_path_encode(ROOT "/tenant", name, &path);
        return r < 0 ? r : sd_bus_reply_method_return(m, "o", path);
}

static int on_list_tenants(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return sd_bus_reply_method_return(
                m, "a(sssoa{sv})", 2, "acme", "running", "débian", ROOT "/tenant/acme", 2, "Address", "s",
                "10.9.0.2", "Endpoint", "s", "tcp://192.0.2.1:20001", "rival", "stopped\033[2J", "debian",
                ROOT "/tenant/rival", 1, "Error", "s", "rival.conf:3: unknown key");
}

static int on_list_images(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return sd_bus_reply_method_return(m, "a(soa{sv})", 1, "debian", ROOT "/image/debian", 3, "SizeBytes",
                                          "t", (uint64_t) 1610612736, "Profile", "s", "docker",
                                          "CreatedUSec", "t", (uint64_t) 1700000000000000);
}

static int on_list_backends(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return sd_bus_reply_method_return(m, "a(sssa{sv})", 2, "storage", "directory", "plain directories",
                                          2, "Version", "s", "0.1", "Usable", "b", 1, "network", "routed",
                                          "a /32 each", 2, "Usable", "b", 0, "Advice", "s",
                                          "load nf_tables");
}

static int on_check_host(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *quota = getenv("FAKE_QUOTA") ?: "error";

        return sd_bus_reply_method_return(m, "a(sss)", 2, "cgroups", "ok", "", "quota", quota,
                                          "mount the store with prjquota");
}

static int find_tenant(sd_bus *bus, const char *path, const char *interface, void *userdata,
                       void **ret_found, sd_bus_error *error) {
        static char name[64];
        _cleanup_free_ char *decoded = NULL;
        int r = sd_bus_path_decode(path, ROOT "/tenant", &decoded);

        if (r <= 0) {
                return r;
        }
        if (!is_known(decoded) ||
            (strcmp(interface, "org.tenantd1.Docker") == 0 && strcmp(decoded, "acme") != 0)) {
                return 0;
        }
        snprintf(name, sizeof(name), "%s", decoded);
        *ret_found = name;
        return 1;
}

static int on_control(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return begin_job(m, userdata);
}

static int on_kill(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return sd_bus_reply_method_return(m, "");
}

static int on_set(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return sd_bus_reply_method_return(m, "asas", 1, "Cgroup.MemoryMax", 1, "Network.Address");
}

static int on_usage(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        if (strcmp(userdata, "rival") == 0) {
                return sd_bus_reply_method_return(m, "a{sv}", 1, "StorageBytes", "t", (uint64_t) 4096);
        }
        return sd_bus_reply_method_return(m, "a{sv}", 5, "MemoryBytes", "t", (uint64_t) 1610612736,
                                          "MemoryLimitBytes", "t", (uint64_t) 2147483648, "CPUUSec", "t",
                                          (uint64_t) 3200000, "Pids", "t", (uint64_t) 12, "PidsLimit", "t",
                                          UINT64_MAX);
}

/* argv[0]: "exit" N, "late" (times out), "cat" (stdin back), "binary", "much" (cut). */
static int on_run(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const void *input = "";
        size_t size = 0;
        const char *key;
        char **argv = NULL;
        int status = 0, r = sd_bus_message_read_strv(m, &argv);

        if (r < 0) {
                return r;
        }
        r = sd_bus_message_enter_container(m, 'a', "{sv}");
        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                r = sd_bus_message_read(m, "s", &key);
                if (r >= 0 && strcmp(key, "Input") == 0) {
                        r = sd_bus_message_enter_container(m, 'v', "ay");
                        r = r < 0 ? r : sd_bus_message_read_array(m, 'y', &input, &size);
                        r = r < 0 ? r : sd_bus_message_exit_container(m);
                } else if (r >= 0) {
                        r = sd_bus_message_skip(m, "v");
                }
                r = r < 0 ? r : sd_bus_message_exit_container(m);
        }
        if (r < 0) {
                return r;
        }
        if (strcmp(argv[0], "late") == 0) {
                return refuse(m, ERROR_PREFIX "Timeout", "the command took too long and was killed");
        }
        if (strcmp(argv[0], "exit") == 0) {
                status = atoi(argv[1]);
        }
        if (strcmp(argv[0], "binary") == 0) {
                input = "\xff\x00\x01";
                size = 3;
        }
        r = sd_bus_message_new_method_return(m, &reply);
        r = r < 0 ? r : sd_bus_message_append(reply, "i", status);
        r = r < 0 ? r : sd_bus_message_append_array(reply, 'y', input, size);
        r = r < 0 ? r : sd_bus_message_append_array(reply, 'y', "warned\n", 7);
        r = r < 0 ? r : sd_bus_message_append(reply, "b", strcmp(argv[0], "much") == 0);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int on_credentials(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return sd_bus_reply_method_return(m, "a{ss}", 4, "ca", "CA-TEXT\n", "cert", "CERT-TEXT\n", "key",
                                          "KEY-SECRET\n", "endpoint", "tcp://192.0.2.1:20001");
}

static int get_text(sd_bus *bus, const char *path, const char *interface, const char *property,
                    sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        const char *value = strcmp(property, "Name") == 0       ? userdata
                            : strcmp(property, "State") == 0    ? "running"
                            : strcmp(property, "Image") == 0    ? "debian"
                            : strcmp(property, "Version") == 0  ? "9.9"
                            : strcmp(property, "Endpoint") == 0 ? "tcp://192.0.2.1:20001"
                                                                : "x\033[31my";

        return sd_bus_message_append(reply, "s", value);
}

static int get_map(sd_bus *bus, const char *path, const char *interface, const char *property,
                   sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        return sd_bus_message_append(reply, "a{ss}", 2, "Cgroup.MemoryMax", "2G", "Storage.Size", "20G");
}

static int get_number(sd_bus *bus, const char *path, const char *interface, const char *property,
                      sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        return sd_bus_message_append(reply, "u", strcmp(property, "IdBase") == 0 ? 603979776u : 262144u);
}

static int find_job(sd_bus *bus, const char *path, const char *interface, void *userdata, void **ret_found,
                    sd_bus_error *error) {
        char current[64];

        job_path(fake.next_id - 1, current);
        if (!fake.job_lives || strcmp(path, current) != 0) {
                return 0;
        }
        *ret_found = &fake;
        return 1;
}

static int list_jobs(sd_bus *bus, const char *prefix, void *userdata, char ***ret_nodes,
                     sd_bus_error *error) {
        char **nodes = calloc(2, sizeof(char *)), path[64];

        if (!nodes) {
                return -ENOMEM;
        }
        job_path(fake.next_id - 1, path);
        nodes[0] = fake.job_lives ? strdup(path) : NULL;
        *ret_nodes = nodes;
        return 0;
}

static int get_job_text(sd_bus *bus, const char *path, const char *interface, const char *property,
                        sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        const char *value = strcmp(property, "Stage") == 0       ? fake.stage
                            : strcmp(property, "Tenant") == 0    ? fake.job_name
                            : strcmp(property, "Operation") == 0 ? "create"
                            : strcmp(property, "State") == 0     ? "running"
                                                                 : "";

        return sd_bus_message_append(reply, "s", value);
}

static int get_job_progress(sd_bus *bus, const char *path, const char *interface, const char *property,
                            sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        return sd_bus_message_append(reply, "d", fake.progress);
}

static int on_cancel(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        int r = sd_bus_reply_method_return(m, "");

        if (r >= 0 && strcmp(fake.job_name, "mute") != 0) {
                r = job_removed(fake.next_id - 1, "canceled", "Canceled: canceled on request");
        }
        return r < 0 ? r : 1;
}

static const sd_bus_vtable manager_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("CreateTenant", "sa{sv}", "uo", on_create, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("RemoveTenant", "sa{sv}", "uo", on_named_job, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("GetTenant", "s", "o", on_get_tenant, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("ListTenants", "", "a(sssoa{sv})", on_list_tenants, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("BuildImage", "ssa{sv}", "uo", on_named_job, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("ImportImage", "sva{sv}", "uo", on_import, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("ListImages", "", "a(soa{sv})", on_list_images, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("RemoveImage", "sa{sv}", "uo", on_named_job, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("ListBackends", "", "a(sssa{sv})", on_list_backends, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("CheckHost", "", "a(sss)", on_check_host, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_PROPERTY("Version", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_SIGNAL("JobRemoved", "uoss", 0),
        SD_BUS_VTABLE_END,
};

static const sd_bus_vtable tenant_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("Start", "a{sv}", "uo", on_control, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Stop", "a{sv}", "uo", on_control, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Restart", "a{sv}", "uo", on_control, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Kill", "ia{sv}", "", on_kill, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Set", "a{sv}a{sv}", "asas", on_set, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("GetUsage", "", "a{sv}", on_usage, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Run", "asa{sv}", "iayayb", on_run, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_PROPERTY("Name", "s", get_text, 0, 0),
        SD_BUS_PROPERTY("State", "s", get_text, 0, 0),
        SD_BUS_PROPERTY("Image", "s", get_text, 0, 0),
        SD_BUS_PROPERTY("Address", "s", get_text, 0, 0),
        SD_BUS_PROPERTY("IdBase", "u", get_number, 0, 0),
        SD_BUS_PROPERTY("IdCount", "u", get_number, 0, 0),
        SD_BUS_PROPERTY("Settings", "a{ss}", get_map, 0, 0),
        SD_BUS_VTABLE_END,
};

static const sd_bus_vtable docker_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("GetCredentials", "a{sv}", "a{ss}", on_credentials, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_PROPERTY("State", "s", get_text, 0, 0),
        SD_BUS_PROPERTY("Endpoint", "s", get_text, 0, 0),
        SD_BUS_VTABLE_END,
};

static const sd_bus_vtable job_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("Cancel", "", "", on_cancel, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_PROPERTY("Operation", "s", get_job_text, 0, 0),
        SD_BUS_PROPERTY("Tenant", "s", get_job_text, 0, 0),
        SD_BUS_PROPERTY("State", "s", get_job_text, 0, 0),
        SD_BUS_PROPERTY("Error", "s", get_job_text, 0, 0),
        SD_BUS_PROPERTY("Stage", "s", get_job_text, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Progress", "d", get_job_progress, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_VTABLE_END,
};

static int log_call(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        if (sd_bus_message_is_method_call(m, NULL, NULL)) {
                (void) sd_bus_message_dump(
                        m, fake.log,
                        SD_BUS_MESSAGE_DUMP_WITH_HEADER); /* what is lacking in the log fails the test */
                fflush(fake.log);
                return sd_bus_message_rewind(m, true) < 0 ? -EIO : 0;
        }
        return 0;
}

/* A service whose replies are of another kind. */
static int odd_reply(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return sd_bus_message_is_method_call(m, "org.tenantd1.Manager", NULL)
                       ? sd_bus_reply_method_return(m, "as", 1, "odd")
                       : 0;
}

static int add_objects(void) {
        int r = sd_bus_add_filter(fake.bus, NULL, getenv("FAKE_ODD") ? odd_reply : log_call, NULL);

        r = r < 0 ? r : sd_bus_add_object_manager(fake.bus, NULL, ROOT);
        r = r < 0 ? r
                  : sd_bus_add_object_vtable(fake.bus, NULL, ROOT, "org.tenantd1.Manager", manager_vtable,
                                             NULL);
        r = r < 0 ? r
                  : sd_bus_add_fallback_vtable(fake.bus, NULL, ROOT "/tenant", "org.tenantd1.Tenant",
                                               tenant_vtable, find_tenant, NULL);
        r = r < 0 ? r
                  : sd_bus_add_fallback_vtable(fake.bus, NULL, ROOT "/tenant", "org.tenantd1.Docker",
                                               docker_vtable, find_tenant, NULL);
        r = r < 0 ? r
                  : sd_bus_add_fallback_vtable(fake.bus, NULL, ROOT "/job", "org.tenantd1.Job", job_vtable,
                                               find_job, NULL);
        return r < 0 ? r : sd_bus_add_node_enumerator(fake.bus, NULL, ROOT "/job", list_jobs, NULL);
}

/* argv[1]: the descriptor to which a byte goes when the name is ours. */
int main(int argc, char **argv) {
        int r;

        fake.log = fopen(getenv("FAKE_LOG") ?: "/dev/null", "ae");
        if (argc < 2 || !fake.log || sd_event_default(&fake.event) < 0) {
                return 2;
        }
        r = sd_bus_open_system(&fake.bus);
        r = r < 0 ? r : add_objects();
        r = r < 0 ? r : sd_bus_request_name(fake.bus, "org.tenantd1", 0);
        r = r < 0 ? r : sd_bus_attach_event(fake.bus, fake.event, 0);
        if (r < 0 || write(atoi(argv[1]), "r", 1) != 1) {
                fprintf(stderr, "fake-tenantd: %s\n", strerror(-r));
                return 1;
        }
        r = sd_event_loop(fake.event);
        sd_bus_flush_close_unref(fake.bus);
        sd_event_unref(fake.event);
        fclose(fake.log);
        return r < 0 ? 1 : 0;
}
