/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * main.c: tenant-machines, which keeps systemd-machined's list of machines in agreement with the tenants that run. tenant-run says
 * by a datagram with a name when one is up or gone, and waits for nothing; this program waits for machined, however long that takes,
 * so that no start, stop or release has to. A name is a hint only: what is true is in /run/tenantd and the kernel. It looks around
 * once when it begins, also at tenants that machined knows (they may have been started anew while nobody listened), and once before it
 * ends, so that a hint may be lost. It keeps nothing: killed, it is as good the next time.
 */
#include "config.h"
#include "log.h"
#include "machined.h"
#include "name.h"
#include "paths.h"
#include "running.h"
#include "strv.h"
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>

#define IDLE_MSEC 5000
#define RETRY_MSEC 10000

typedef struct Machines {
        int socket_fd;
        sd_bus *bus; /* NULL: not connected */
        GHashTable *names; /* to be looked at */
        bool look_around, /* every tenant and every machine is to be compared */
                doubtful, /* even those that both lists have */
                silent; /* machined did not answer, and that was said */
} Machines;

static void drain(Machines *m) {
        char name[TENANT_NAME_MAX + 2];
        ssize_t n;

        while ((n = recv(m->socket_fd, name, sizeof(name) - 1, MSG_DONTWAIT)) >= 0) {
                name[n] = '\0';
                if (tenant_name_is_valid(name)) {
                        g_hash_table_add(m->names, g_strdup(name));
                }
        }
}

static bool runs(const char *name) {
        pid_t pid;
        _cleanup_close_ int pidfd = tenant_init_pidfd(name, &pid, NULL);

        return pidfd >= 0;
}

static int look_at_tenants(Machines *m, GHashTable *machines, TenantError *error) {
        _cleanup_(strv_free_p) char **names = NULL;
        int r = name_list_directories(path_get(PATH_RUNTIME), &names);

        if (r < 0) {
                return error_set_errno(error, r, E_FAILED, "Cannot read %s", path_get(PATH_RUNTIME));
        }
        for (char **name = names; *name; name++) {
                if ((m->doubtful || !g_hash_table_contains(machines, *name)) && runs(*name)) {
                        g_hash_table_add(m->names, g_strdup(*name));
                }
        }
        return 0;
}

static int look_around(Machines *m, TenantError *error) {
        g_autoptr(GHashTable) all = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        g_autoptr(GHashTable) tenants = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        GHashTableIter i;
        gpointer name;
        int r = machined_list(m->bus, all, tenants, error);

        if (r < 0) {
                return r;
        }
        g_hash_table_iter_init(&i, tenants);
        while (g_hash_table_iter_next(&i, &name, NULL)) {
                if (tenant_name_is_valid(name) && !runs(name)) {
                        g_hash_table_add(m->names, g_strdup(name));
                }
        }
        return look_at_tenants(m, all, error);
}

/* Errors of one tenant are said here; of machined or the bus, which the others would have too, returned. */
static int agree_on(Machines *m, const char *name, TenantError *error) {
        TenantError one = { 0 };
        int r = machined_agree(m->bus, name, &one);

        if (r == -EAGAIN || r == -EHOSTDOWN || (r < 0 && sd_bus_is_open(m->bus) <= 0)) {
                *error = one;
                return r;
        }
        if (r < 0) {
                log_context.tenant = name;
                log_warning("%s", one.message);
                log_context.tenant = NULL;
        }
        return 0;
}

static int work(Machines *m, TenantError *error) {
        GHashTableIter i;
        gpointer name;
        int r = m->bus ? 0 : sd_bus_open_system(&m->bus);

        if (r < 0) {
                return error_set_errno(error, r, E_FAILED, "Cannot connect to the system bus");
        }
        r = m->look_around ? look_around(m, error) : 0;
        while (r >= 0 && g_hash_table_size(m->names) > 0) {
                g_hash_table_iter_init(&i, m->names);
                (void) g_hash_table_iter_next(&i, &name, NULL); /* there is one */
                r = agree_on(m, name, error);
                g_hash_table_iter_remove(&i);
                drain(m);
        }
        return r;
}

/* How long to wait for the next hint. */
static int after_work(Machines *m, int r, const TenantError *error) {
        if (r == -EAGAIN) {
                if (!m->silent) {
                        log_warning("%s; trying again until it does", error->message);
                }
                m->silent = m->look_around = m->doubtful = true;
                m->bus = sd_bus_close_unref(m->bus);
                g_hash_table_remove_all(m->names);
                return RETRY_MSEC;
        }
        if (r == -EHOSTDOWN) {
                log_debug("%s", error->message); /* as the operator wants it */
                m->look_around = m->doubtful = true; /* should it be there after all at the next hint */
                g_hash_table_remove_all(m->names);
                return IDLE_MSEC;
        }
        if (m->silent) {
                log_info("systemd-machined answers again");
        }
        m->silent = m->look_around = m->doubtful = false;
        return IDLE_MSEC;
}

static int serve(Machines *m, TenantError *error) {
        bool last = false; /* it has looked around, and nothing came since */
        int r, n;

        for (;;) {
                drain(m);
                r = work(m, error);
                if (r < 0 && r != -EAGAIN && r != -EHOSTDOWN) {
                        return r;
                }
                n = poll(&(struct pollfd){ .fd = m->socket_fd, .events = POLLIN }, 1,
                         after_work(m, r, error));
                if (n == 0 && r != -EAGAIN) {
                        if (last || r == -EHOSTDOWN) {
                                return 0;
                        }
                        m->look_around = true;
                }
                last = n == 0 && r != -EAGAIN;
        }
}

static Machines *machines_done(Machines *m) {
        sd_bus_close_unref(m->bus);
        g_hash_table_unref(m->names);
        return NULL;
}

int main(int argc, char **argv) {
        _cleanup_(machines_done) Machines m = {
                .socket_fd = SD_LISTEN_FDS_START,
                .names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
                .look_around = true,
                .doubtful = true,
        };
        TenantError error = { 0 };

        if (argc > 1) {
                puts("tenant-machines " TENANTD_VERSION
                     ": started by tenantd-machines.socket; see tenantd(8)");
                return strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "--help") == 0 ? EXIT_SUCCESS
                                                                                           : 2;
        }
        if (sd_listen_fds(true) != 1 ||
            sd_is_socket_unix(m.socket_fd, SOCK_DGRAM, 0, path_get(PATH_MACHINES), 0) <= 0) {
                log_error("There is no socket; this program is started by tenantd-machines.socket");
                return 2;
        }
        if (serve(&m, &error) < 0) {
                log_error("%s", error.message);
                return EXIT_FAILURE;
        }
        return EXIT_SUCCESS;
}
