/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * verbs.c: the one table of verbs and options, and the help made from it. A test compares the man page and
 * the completion with what this table says. Owned by tenantctl; does nothing on the bus.
 */
#include "config.h"
#include "ctl.h"
#include <stdio.h>

#define JOB OPT_BIT(OPT_NO_WAIT)

const OptionInfo ctl_options[OPT_COUNT] = {
        [OPT_HOST] = { "host", 'H', "[USER@]HOST", "Talk to the service of another server, over ssh" },
        [OPT_JSON] = { "json", 'j', NULL, "Print JSON, errors too" },
        [OPT_NO_LEGEND] = { "no-legend", 0, NULL, "Print tables without header and count" },
        [OPT_QUIET] = { "quiet", 'q', NULL, "Print no progress and no success; of lists only the names" },
        [OPT_NO_ASK_PASSWORD] = { "no-ask-password", 0, NULL, "Fail where a password would be asked for" },
        [OPT_HELP] = { "help", 'h', NULL, "Show help of a verb or of all" },
        [OPT_VERSION] = { "version", 0, NULL, "Show the version" },
        [OPT_NO_WAIT] = { "no-wait", 0, NULL, "Return when the job has been accepted" },
        [OPT_IMAGE] = { "image", 0, "IMAGE", "Image of the new tenant" },
        [OPT_FORCE] = { "force", 'f', NULL, "Stop a running tenant first" },
        [OPT_PROPERTY] = { "property", 'p', "NAME[,NAME...]", "Show only these properties" },
        [OPT_SIGNAL] = { "signal", 's', "SIGNAL", "Signal to send, by name or number (SIGTERM)" },
        [OPT_TIMEOUT] = { "timeout", 0, "SECONDS", "Give the command this long" },
        [OPT_SUITE] = { "suite", 0, "SUITE", "Debian suite to build from" },
        [OPT_PROFILE] = { "profile", 0, "PROFILE", "What the image is for: plain or docker" },
        [OPT_PACKAGE] = { "package", 0, "PACKAGE", "Add a package to the image; may be repeated" },
        [OPT_DIR] = { "dir", 0, "DIRECTORY", "Keep the credentials here" },
        [OPT_SHELL] = { "shell", 0, NULL, "Start $SHELL with the environment instead of printing it" },
};

const Verb ctl_verbs[] = {
        { "create", "NAME [KEY=VALUE...]", 1, -1, JOB | OPT_BIT(OPT_IMAGE), false, verb_create,
          "Create a tenant" },
        { "remove", "NAME...", 1, -1, JOB | OPT_BIT(OPT_FORCE), false, verb_remove,
          "Remove tenants and all their data" },
        { "list", "", 0, 0, 0, false, verb_list, "List tenants" },
        { "status", "[NAME...]", 0, -1, 0, false, verb_status,
          "Show the state of tenants, or of the whole host" },
        { "show", "NAME", 1, 1, OPT_BIT(OPT_PROPERTY), false, verb_show,
          "Show properties of a tenant for programs" },
        { "start", "NAME...", 1, -1, JOB, false, verb_start, "Start tenants" },
        { "stop", "NAME...", 1, -1, JOB, false, verb_stop, "Stop tenants" },
        { "restart", "NAME...", 1, -1, JOB, false, verb_restart, "Stop and start tenants" },
        { "kill", "NAME", 1, 1, OPT_BIT(OPT_SIGNAL), false, verb_kill,
          "Send a signal to all processes of a tenant" },
        { "set", "NAME KEY=VALUE...", 2, -1, 0, false, verb_set, "Change settings, at once where possible" },
        { "usage", "[NAME...]", 0, -1, 0, false, verb_usage, "Show what tenants use of their limits" },
        { "run", "NAME -- COMMAND...", 2, -1, OPT_BIT(OPT_TIMEOUT), false, verb_run,
          "Run a command in a tenant" },
        { "image build", "NAME", 1, 1,
          JOB | OPT_BIT(OPT_SUITE) | OPT_BIT(OPT_PROFILE) | OPT_BIT(OPT_PACKAGE), false, verb_image_build,
          "Build an image from a Debian suite" },
        { "image import", "NAME FILE|-", 2, 2, JOB, false, verb_image_import,
          "Make an image of a root file system in a tar file" },
        { "image list", "", 0, 0, 0, false, verb_image_list, "List images" },
        { "image remove", "NAME...", 1, -1, JOB, false, verb_image_remove, "Remove images" },
        { "backends", "", 0, 0, 0, false, verb_backends,
          "List backends and whether this host can use them" },
        { "doctor", "", 0, 0, 0, false, verb_doctor, "Check that the host is ready" },
        { "docker-env", "NAME", 1, 1, OPT_BIT(OPT_DIR) | OPT_BIT(OPT_SHELL), false, verb_docker_env,
          "Fetch client credentials and print the environment for docker" },
        { "docker-context", "NAME", 1, 1, OPT_BIT(OPT_DIR), false, verb_docker_context,
          "Fetch client credentials and make a docker context of them" },
        { "docker-rotate", "NAME...", 1, -1, JOB, false, verb_docker_rotate,
          "Make new certificates; all client credentials handed out before are refused" },
        { "jobs", "", 0, 0, 0, false, verb_jobs, "List jobs" },
        { "cancel", "ID", 1, 1, 0, false, verb_cancel, "Cancel a job" },
        { "help", "[VERB]", 0, 2, 0, true, verb_help, "Show this help" },
        { NULL },
};

static void print_option(OptionId id) {
        const OptionInfo *o = &ctl_options[id];
        char letter[8] = "    ";
        _cleanup_gfree_ char *left = NULL;

        if (o->letter) {
                snprintf(letter, sizeof(letter), "-%c, ", o->letter);
        }
        left = g_strdup_printf("%s--%s%s%s", letter, o->name, o->argument ? "=" : "", o->argument ?: "");
        printf("  %-32s  %s\n", left, o->help);
}

static void print_options(unsigned mask) {
        for (OptionId id = 0; id < OPT_COUNT; id++) {
                if (mask & OPT_BIT(id)) {
                        print_option(id);
                }
        }
}

static int help_all(void) {
        printf("tenantctl [OPTIONS...] VERB [ARGUMENTS...]\n\n"
               "Manage the tenants of this server: system containers for customers who do not trust each "
               "other.\n\nVerbs:\n");
        for (const Verb *v = ctl_verbs; v->name; v++) {
                _cleanup_gfree_ char *left = g_strdup_printf("%s %s", v->name, v->arguments);

                printf("  %-32s  %s\n", left, v->help);
        }
        printf("\nOptions:\n");
        print_options(OPT_GLOBAL);
        printf("\nOptions of single verbs (tenantctl help VERB):\n");
        print_options(~OPT_GLOBAL);
        printf("\nExit status: 0 done, 1 failed, 2 wrong usage, 3 no such tenant, image or job, 4 not "
               "allowed,\n"
               "5 service not reachable or host not ready, 124 the command of run took too long. See "
               "tenantctl(1).\n");
        return CTL_OK;
}

static int help_verb(const Verb *v) {
        printf("tenantctl %s%s %s\n\n%s.\n", v->name, v->options ? " [OPTIONS...]" : "", v->arguments,
               v->help);
        if (v->options) {
                printf("\n");
                print_options(v->options);
        }
        return CTL_OK;
}

static json_object *options_to_json(unsigned mask) {
        json_object *list = json_object_new_array();

        for (OptionId id = 0; id < OPT_COUNT; id++) {
                const OptionInfo *o = &ctl_options[id];
                json_object *one;

                if (!(mask & OPT_BIT(id))) {
                        continue;
                }
                one = json_object_new_object();
                json_set_text(one, "Name", o->name);
                if (o->letter) {
                        json_set_text(one, "Letter", (const char[2]){ o->letter, '\0' });
                }
                if (o->argument) {
                        json_set_text(one, "Argument", o->argument);
                }
                json_set_text(one, "Help", o->help);
                json_object_array_add(list, one);
        }
        return list;
}

/* `name` is a verb, or the first word of several; NULL: all. */
static bool verb_is(const Verb *v, const char *name) {
        size_t length = name ? strlen(name) : 0;

        return !name ||
               (g_str_has_prefix(v->name, name) && (v->name[length] == '\0' || v->name[length] == ' '));
}

static bool verb_exists(const char *name) {
        const Verb *v = ctl_verbs;

        while (v->name && !verb_is(v, name)) {
                v++;
        }
        return v->name;
}

static int help_json(const char *name) {
        _cleanup_json_ json_object *all = json_object_new_object();
        json_object *verbs = json_object_new_array();

        for (const Verb *v = ctl_verbs; v->name; v++) {
                json_object *one;

                if (!verb_is(v, name)) {
                        continue;
                }
                one = json_object_new_object();
                json_set_text(one, "Name", v->name);
                json_set_text(one, "Arguments", v->arguments);
                json_set_text(one, "Help", v->help);
                json_object_object_add(one, "Options", options_to_json(v->options));
                json_object_array_add(verbs, one);
        }
        json_set_text(all, "Version", TENANTD_VERSION);
        json_object_object_add(all, "Options", options_to_json(OPT_GLOBAL));
        json_object_object_add(all, "Verbs", verbs);
        return ctl_print_json(all);
}

int verb_help(Ctl *c, char **args, int n_args) {
        _cleanup_gfree_ char *name = n_args > 0 ? g_strjoin(" ", args[0], args[1], NULL) : NULL;
        bool first = true;

        if (!verb_exists(name)) {
                return ctl_usage(c, "there is no verb '%s'; see tenantctl help", name);
        }
        if (opt_given(c, OPT_JSON)) {
                return help_json(name);
        }
        if (!name) {
                return help_all();
        }
        for (const Verb *v = ctl_verbs; v->name; v++) {
                if (verb_is(v, name)) {
                        printf("%s", first ? "" : "\n");
                        first = false;
                        (void) help_verb(v); /* always 0 */
                }
        }
        return CTL_OK;
}
