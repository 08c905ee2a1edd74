/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* main.c: tenantd(8): options, signals, the manager, the loop. Owned by the agent. */
#include "config.h"
#include "errors.h"
#include "lifecycle.h"
#include "loader.h"
#include "log.h"
#include "manager.h"
#include "parse.h"
#include "paths.h"
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>

#define IDLE_DEFAULT_SEC 30u
#define LINGER_DEFAULT_SEC 30u

static void help(void) {
        printf("tenantd [OPTIONS]\n\n"
               "The bus service org.tenantd1; started by D-Bus when somebody calls it.\n\n"
               "  --root=DIRECTORY        Work on the files below another root\n"
               "  --plugin-dir=DIRECTORY  Load backends from here\n"
               "  --idle-sec=SECONDS      End when nobody has called for so long, 0: never (%u)\n"
               "  --linger-sec=SECONDS    Keep the objects of ended jobs for so long (%u)\n"
               "  --debug                 Log more\n"
               "  --version               Show the version\n"
               "  --help                  Show this\n",
               IDLE_DEFAULT_SEC, LINGER_DEFAULT_SEC);
}

static int parse_seconds(const char *option, const char *text, uint64_t *ret_usec) {
        uint32_t seconds;

        if (parse_u32(text, &seconds) < 0) {
                fprintf(stderr, "tenantd: --%s=%s: not a number of seconds\n", option, text);
                return -1;
        }
        *ret_usec = seconds * USEC_PER_SEC;
        return 1;
}

/* 1: go on, 0: all done, -1: usage. */
static int parse_options(int argc, char **argv, ManagerOptions *options) {
        enum { ROOT = 256, PLUGIN_DIR, IDLE, LINGER, DEBUG, VERSION, HELP };
        static const struct option table[] = {
                { "root", required_argument, NULL, ROOT },
                { "plugin-dir", required_argument, NULL, PLUGIN_DIR },
                { "idle-sec", required_argument, NULL, IDLE },
                { "linger-sec", required_argument, NULL, LINGER },
                { "debug", no_argument, NULL, DEBUG },
                { "version", no_argument, NULL, VERSION },
                { "help", no_argument, NULL, HELP },
                { 0 },
        };
        int c, r = 1;

        while (r > 0 && (c = getopt_long(argc, argv, "", table, NULL)) >= 0) {
                switch (c) {
                case ROOT:
                        paths_set_root(optarg);
                        break;
                case PLUGIN_DIR:
                        plugin_set_directory(optarg);
                        break;
                case IDLE:
                        r = parse_seconds("idle-sec", optarg, &options->idle_usec);
                        break;
                case LINGER:
                        r = parse_seconds("linger-sec", optarg, &options->linger_usec);
                        break;
                case DEBUG:
                        log_max_level = LOG_DEBUG;
                        break;
                case VERSION:
                        puts("tenantd " TENANTD_VERSION);
                        return 0;
                case HELP:
                        help();
                        return 0;
                default:
                        return -1;
                }
        }
        if (r > 0 && optind < argc) {
                fprintf(stderr, "tenantd: '%s': no arguments are taken\n", argv[optind]);
                return -1;
        }
        return r;
}

static void block_signals(void) {
        sigset_t signals;

        sigemptyset(&signals);
        sigaddset(&signals, SIGTERM);
        sigaddset(&signals, SIGINT);
        sigaddset(&signals, SIGCHLD);
        sigprocmask(SIG_BLOCK, &signals, NULL);
        (void) signal(SIGPIPE, SIG_IGN); /* cannot fail */
}

static int serve(const ManagerOptions *options, TenantError *error) {
        _cleanup_(manager_free_p) Manager *m = NULL;
        int r = manager_new(options, &m, error);

        if (r >= 0) {
                r = manager_start(m, error);
        }
        if (r < 0) {
                return r;
        }
        (void) sd_notify(false, "READY=1\nSTATUS=Serving " BUS_NAME); /* without systemd nobody listens */
        r = sd_event_loop(m->event);
        if (r < 0) {
                return error_set_errno(error, r, E_FAILED, "The event loop failed");
        }
        if (r > 0) {
                return error_set(error, ENOTCONN, E_FAILED,
                                 "The connection to the system bus is lost; systemd starts tenantd again");
        }
        lifecycle_end(m);
        return 0;
}

int main(int argc, char **argv) {
        ManagerOptions options = {
                .idle_usec = IDLE_DEFAULT_SEC * USEC_PER_SEC,
                .linger_usec = LINGER_DEFAULT_SEC * USEC_PER_SEC,
        };
        TenantError error = { 0 };
        int r = parse_options(argc, argv, &options);

        if (r <= 0) {
                return r < 0 ? 2 : 0;
        }
        umask(0022);
        block_signals();
        r = errors_register();
        if (r >= 0) {
                r = serve(&options, &error);
        }
        if (r < 0) {
                log_error("%s", error.message[0] ? error.message : strerror(-r));
        }
        return r < 0 ? 1 : 0;
}
