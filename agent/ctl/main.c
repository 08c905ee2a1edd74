/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * main.c: tenantctl, the operator's command. It only talks to org.tenantd1 on the bus: it reads no file of
 * the service, knows no backend and holds no privilege of its own. Owned by agent/ctl; one file per family
 * of verbs.
 */
#include "config.h"
#include "ctl.h"
#include <locale.h>
#include <stdio.h>

static void options_free(Ctl *c) {
        for (OptionId id = 0; id < OPT_COUNT; id++) {
                if (c->options[id]) {
                        g_ptr_array_unref(c->options[id]);
                }
        }
}

static void ctl_release(Ctl *c) {
        sd_bus_flush_close_unref(c->bus);
        options_free(c);
}

static int run_verb(Ctl *c, GPtrArray *args) {
        int n_args = (int) args->len;
        TenantError e = { 0 };

        g_ptr_array_add(args, NULL);
        if (!c->verb->no_bus && ctl_connect(c, &e) < 0) {
                return ctl_fail(c, NULL, NULL, &e);
        }
        return c->verb->run(c, (char **) args->pdata, n_args);
}

int main(int argc, char **argv) {
        _cleanup_(ctl_release) Ctl c = { 0 };
        _cleanup_array_ GPtrArray *args = g_ptr_array_new();
        int status;

        setlocale(LC_CTYPE, "");
        status = ctl_parse(&c, argc, argv, args);
        if (status != 0) {
                return status;
        }
        if (opt_given(&c, OPT_VERSION)) {
                printf("tenantctl %s\n", TENANTD_VERSION);
        } else {
                status = run_verb(&c, args);
        }
        if (fflush(stdout) != 0) {
                fprintf(stderr, "tenantctl: cannot write the output: %m\n");
                return status_join(status, CTL_FAILED);
        }
        return status;
}
