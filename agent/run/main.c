/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* main.c: the command line of tenant-run(8). */
#include "config.h"
#include "loader.h"
#include "log.h"
#include "name.h"
#include "notify.h"
#include "parse.h"
#include "paths.h"
#include "run.h"
#include <getopt.h>
#include <signal.h>

/* Below TimeoutStopSec= of the unit, after which systemd kills, in its own way. */
#define STOP_SECONDS_DEFAULT 80u
#define STOP_SECONDS_MAX 86400u

static const char help[] =
        "tenant-run [--release] NAME\n"
        "\n"
        "Runs a tenant as the main process of tenant@NAME.service. Started by systemd, not by hand.\n"
        "\n"
        "  --stop-time=SECONDS  kill the tenant when it has not halted so long after it was asked to (80)\n"
        "  --release       undo what the last run of NAME did, and end\n"
        "  --root=DIR      state, definitions and runtime files below DIR\n"
        "  --plugin-dir=DIR\n"
        "  --fault=STEP    for tests: die before a step of the start; STEP:wait: wait there for ever\n"
        "  --version\n"
        "  --help\n";

static int release(const char *name) {
        TenantError error = { 0 };
        int r;

        notify_machines(name); /* now: init has ended; and when all has, whoever killed the runner */
        r = release_run(name, &error);
        notify_machines(name);
        if (r < 0) {
                log_error("%s", error.message);
                return EXIT_FAILURE;
        }
        return EXIT_SUCCESS;
}

int main(int argc, char **argv) {
        enum { OPT_RELEASE = 256, OPT_ROOT, OPT_PLUGINS, OPT_STOP_TIME, OPT_FAULT, OPT_VERSION, OPT_HELP };
        static const struct option options[] = {
                { "release", no_argument, NULL, OPT_RELEASE },
                { "root", required_argument, NULL, OPT_ROOT },
                { "plugin-dir", required_argument, NULL, OPT_PLUGINS },
                { "stop-time", required_argument, NULL, OPT_STOP_TIME },
                { "fault", required_argument, NULL, OPT_FAULT },
                { "version", no_argument, NULL, OPT_VERSION },
                { "help", no_argument, NULL, OPT_HELP },
                { NULL, 0, NULL, 0 },
        };
        RunOptions run = { .stop_seconds = STOP_SECONDS_DEFAULT };
        TenantError error = { 0 };
        bool do_release = false;
        int c;

        while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0) {
                switch (c) {
                case OPT_RELEASE:
                        do_release = true;
                        break;
                case OPT_ROOT:
                        paths_set_root(optarg);
                        break;
                case OPT_PLUGINS:
                        plugin_set_directory(optarg);
                        break;
                case OPT_STOP_TIME:
                        if (parse_u32(optarg, &run.stop_seconds) < 0 ||
                            run.stop_seconds > STOP_SECONDS_MAX) {
                                fputs(help, stderr);
                                return 2;
                        }
                        break;
                case OPT_FAULT:
                        run.fault = optarg;
                        break;
                case OPT_VERSION:
                        puts("tenantd " TENANTD_VERSION);
                        return EXIT_SUCCESS;
                case OPT_HELP:
                        fputs(help, stdout);
                        return EXIT_SUCCESS;
                default:
                        fputs(help, stderr);
                        return 2;
                }
        }
        if (optind + 1 != argc) {
                fputs(help, stderr);
                return 2;
        }
        run.name = argv[optind];
        if (tenant_name_check("tenant", run.name, &error) < 0) {
                log_error("%s", error.message);
                return 2;
        }
        log_context.tenant = run.name;
        return do_release ? release(run.name) : runner_run(&run);
}
