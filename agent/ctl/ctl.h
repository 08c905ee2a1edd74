/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ctl.h: what the files of tenantctl share: the tables of verbs and options, calls on the bus, jobs,
 * output. Every reply of the bus becomes a json_object, from which both --json and the tables for people
 * are made, so that they cannot differ.
 */
#pragma once

#include "cleanup.h"
#include "error.h"
#include <glib.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#define BUS_NAME "org.tenantd1"
#define BUS_ROOT "/org/tenantd1"
#define BUS_JOBS "/org/tenantd1/job"
#define IFACE_MANAGER "org.tenantd1.Manager"
#define IFACE_TENANT "org.tenantd1.Tenant"
#define IFACE_DOCKER "org.tenantd1.Docker"
#define IFACE_JOB "org.tenantd1.Job"

/* A person may be asked for a password meanwhile. */
#define CALL_TIMEOUT_USEC (300ull * 1000 * 1000)

/* Exit statuses; documented in tenantctl(1). */
enum {
        CTL_OK = 0,
        CTL_FAILED = 1,
        CTL_USAGE = 2,
        CTL_NOT_FOUND = 3,
        CTL_DENIED = 4,
        CTL_UNREACHABLE = 5,
        CTL_TIMED_OUT = 124,
};

static inline void bus_message_unref_p(sd_bus_message **m) {
        sd_bus_message_unref(*m);
}

static inline void bus_error_free_p(sd_bus_error *e) {
        sd_bus_error_free(e);
}

static inline void json_put_p(json_object **o) {
        json_object_put(*o);
}

static inline void gfree_p(void *p) {
        g_free(*(void **) p);
}

static inline void ptr_array_unref_p(GPtrArray **a) {
        if (*a) {
                g_ptr_array_unref(*a);
        }
}

#define _cleanup_message_ _cleanup_(bus_message_unref_p)
#define _cleanup_bus_error_ _cleanup_(bus_error_free_p)
#define _cleanup_json_ _cleanup_(json_put_p)
#define _cleanup_gfree_ _cleanup_(gfree_p)
#define _cleanup_array_ _cleanup_(ptr_array_unref_p)

typedef enum OptionId {
        OPT_HOST,
        OPT_JSON,
        OPT_NO_LEGEND,
        OPT_QUIET,
        OPT_NO_ASK_PASSWORD,
        OPT_HELP,
        OPT_VERSION,
        OPT_NO_WAIT,
        OPT_IMAGE,
        OPT_FORCE,
        OPT_PROPERTY,
        OPT_SIGNAL,
        OPT_TIMEOUT,
        OPT_SUITE,
        OPT_PROFILE,
        OPT_PACKAGE,
        OPT_DIR,
        OPT_SHELL,
        OPT_COUNT,
} OptionId;

#define OPT_BIT(id) (1u << (id))
#define OPT_GLOBAL (OPT_BIT(OPT_NO_WAIT) - 1)

typedef struct OptionInfo {
        const char *name;
        char letter; /* 0: none */
        const char *argument; /* NULL: takes none */
        const char *help;
} OptionInfo;

typedef struct Ctl Ctl;

typedef struct Verb {
        const char *name; /* one word or two */
        const char *arguments; /* as shown in the help */
        int min_args;
        int max_args; /* -1: no limit */
        unsigned options; /* OPT_BIT of those beyond the global ones */
        bool no_bus;
        int (*run)(Ctl *c, char **args, int n_args); /* returns the exit status */
        const char *help;
} Verb;

struct Ctl {
        sd_bus *bus;
        const Verb *verb;
        GPtrArray *options[OPT_COUNT]; /* values given, in order; NULL: not given. Borrowed from argv. */
};

extern const Verb ctl_verbs[];
extern const OptionInfo ctl_options[OPT_COUNT];

/* options.c */
static inline bool opt_given(const Ctl *c, OptionId id) {
        return c->options[id];
}

/* The last value given, or NULL. */
const char *opt_value(const Ctl *c, OptionId id);

/*
 * Reads argv: options into c, the verb, then its arguments, which *ret_args (borrowing argv) receives. Exit
 * status, 0 to go on.
 */
int ctl_parse(Ctl *c, int argc, char **argv, GPtrArray *ret_args) _must_check_;

/* Prints "tenantctl: …" and returns CTL_USAGE. */
int ctl_usage(Ctl *c, const char *format, ...) _printf_(2, 3);

/* " (did you mean 'x'?)" when one of the words is near, else "". Newly allocated (g_free). */
char *suggest(const char *word, GPtrArray *words);

/* output.c: for people, and JSON */
typedef struct Table Table;

/* Columns by header; one that begins with '>' is set to the right. NULL-terminated. */
Table *table_new(const char *first_header, ...) __attribute__((sentinel));
Table *table_free(Table *t);
DEFINE_CLEANUP(Table *, table_free)

/* One cell, filling rows from left to right; control characters are replaced. NULL or "" shows as "-". */
void table_cell(Table *t, const char *text);
void table_size(Table *t, bool known, uint64_t bytes);

/*
 * Prints with header and "N things." below, or without when --no-legend; with --quiet only the first
 * column.
 */
void table_print(const Ctl *c, const Table *t, const char *noun);

/* Writes the document to stdout, indented on a terminal. Exit status. */
int ctl_print_json(json_object *o);

/* A copy without control characters and invalid UTF-8 (g_free). */
char *text_clean(const char *text);
int text_width(const char *text);

/* True when stdout is a terminal that may be coloured. */
bool color_wanted(void);

/* Members of objects; "" or 0 when missing. */
const char *json_text(json_object *o, const char *key);
uint64_t json_number(json_object *o, const char *key);
json_object *json_member(json_object *o, const char *key);
void json_set_text(json_object *o, const char *key, const char *text);

/*
 * bus.c. Calls return 0 or negative errno with *e; *ret is a json array of the reply's arguments (may be
 * NULL).
 */
int ctl_connect(Ctl *c, TenantError *e) _must_check_;
int ctl_message(Ctl *c, sd_bus_message **ret, const char *path, const char *interface, const char *member,
                TenantError *e) _must_check_;
int ctl_send(Ctl *c, sd_bus_message *m, uint64_t timeout_usec, json_object **ret, TenantError *e)
        _must_check_;
int ctl_call(Ctl *c, const char *path, const char *interface, const char *member, json_object **ret,
             TenantError *e, const char *types, ...) _must_check_;

/* Object path of a tenant as the service says it (free). -ENOENT NoSuchTenant, -EINVAL InvalidName. */
int ctl_tenant_path(Ctl *c, const char *name, char **ret, TenantError *e) _must_check_;

/* All properties of one interface of an object. */
int ctl_properties(Ctl *c, const char *path, const char *interface, json_object **ret, TenantError *e)
        _must_check_;

/* "KEY=VALUE" words as a{sv} of strings. -EINVAL InvalidSetting: no '=', empty key, or a key twice. */
int append_settings(sd_bus_message *m, char **words, int n_words, const char *image, TenantError *e)
        _must_check_;

/* The arguments of a message as a json array. */
int json_from_message(sd_bus_message *m, json_object **ret) _must_check_;
int error_from_bus(const sd_bus_error *error, int r, TenantError *e);
int error_building(int r, TenantError *e);

/* Returns r; with --host, a lost connection is most often an ssh that could not connect, and *e says so. */
int error_of_host(Ctl *c, int r, TenantError *e);

/* Names of tenants or of images (list is "ListTenants" or "ListImages"); empty when they cannot be had. */
GPtrArray *ctl_names(Ctl *c, const char *list);

/*
 * fail.c: prints the error about `subject` (may be NULL), with what to do next; `word` is what may be
 * misspelt. Exit status.
 */
int ctl_fail(Ctl *c, const char *subject, const char *word, const TenantError *e);
int ctl_exit_status(const TenantError *e);

/* The first status that is not 0 stays. */
static inline int status_join(int old, int new) {
        return old ? old : new;
}

/* job.c: starts jobs and follows them to their end. */
typedef struct JobSet JobSet;

int jobs_new(Ctl *c, JobSet **ret, TenantError *e) _must_check_;
JobSet *jobs_free(JobSet *set);
DEFINE_CLEANUP(JobSet *, jobs_free)

/*
 * Sends the call; its reply must be (u id, o job). Takes no reference that the caller must keep. `word` as
 * in ctl_fail.
 */
int jobs_start(JobSet *set, const char *subject, const char *word, sd_bus_message *m, TenantError *e)
        _must_check_;

/* Waits (unless --no-wait), reports each: `done` is the participle, "started". Exit status. */
int jobs_finish(JobSet *set, const char *done);

/* Builds the call that makes the job of one name. */
typedef int (*JobMessage)(Ctl *c, const char *name, const void *userdata, sd_bus_message **ret,
                          TenantError *e);

/* One job for each name, all at once; the failure of one does not stop the others. Exit status. */
int jobs_of_names(Ctl *c, char **names, int n, JobMessage message, const void *userdata, const char *done);

/* Verbs, by family. */
int verb_help(Ctl *c, char **args, int n_args);
int verb_create(Ctl *c, char **args, int n_args);
int verb_remove(Ctl *c, char **args, int n_args);
int verb_set(Ctl *c, char **args, int n_args);
int verb_start(Ctl *c, char **args, int n_args);
int verb_stop(Ctl *c, char **args, int n_args);
int verb_restart(Ctl *c, char **args, int n_args);
int verb_kill(Ctl *c, char **args, int n_args);
int verb_list(Ctl *c, char **args, int n_args);
int verb_status(Ctl *c, char **args, int n_args);
int verb_show(Ctl *c, char **args, int n_args);
int verb_usage(Ctl *c, char **args, int n_args);
int verb_run(Ctl *c, char **args, int n_args);
int verb_image_build(Ctl *c, char **args, int n_args);
int verb_image_import(Ctl *c, char **args, int n_args);
int verb_image_list(Ctl *c, char **args, int n_args);
int verb_image_remove(Ctl *c, char **args, int n_args);
int verb_backends(Ctl *c, char **args, int n_args);
int verb_doctor(Ctl *c, char **args, int n_args);
int verb_docker_env(Ctl *c, char **args, int n_args);
int verb_docker_context(Ctl *c, char **args, int n_args);
int verb_docker_rotate(Ctl *c, char **args, int n_args);
int verb_jobs(Ctl *c, char **args, int n_args);
int verb_cancel(Ctl *c, char **args, int n_args);
