/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * image.c: image build, import, list, remove. Opens the file to import with the caller's rights and passes
 * it. Owned by tenantctl.
 */
#include "ctl.h"
#include "query.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* What ImportImage takes of its option Source. */
#define SOURCE_MAX 256u

static int append_packages(sd_bus_message *m, const GPtrArray *packages) {
        int r = sd_bus_message_open_container(m, 'e', "sv");

        if (r >= 0) {
                r = sd_bus_message_append(m, "s", "Packages");
        }
        if (r >= 0) {
                r = sd_bus_message_open_container(m, 'v', "as");
        }
        if (r >= 0) {
                r = sd_bus_message_open_container(m, 'a', "s");
        }
        for (guint i = 0; r >= 0 && i < packages->len; i++) {
                r = sd_bus_message_append(m, "s", g_ptr_array_index(packages, i));
        }
        for (int i = 0; r >= 0 && i < 3; i++) {
                r = sd_bus_message_close_container(m);
        }
        return r;
}

static int append_build_options(Ctl *c, sd_bus_message *m) {
        const char *profile = opt_value(c, OPT_PROFILE);
        int r = sd_bus_message_open_container(m, 'a', "{sv}");

        if (r >= 0 && profile) {
                r = sd_bus_message_append(m, "{sv}", "Profile", "s", profile);
        }
        if (r >= 0 && opt_given(c, OPT_PACKAGE)) {
                r = append_packages(m, c->options[OPT_PACKAGE]);
        }
        return r < 0 ? r : sd_bus_message_close_container(m);
}

/* Starts one job and waits for it. */
static int one_job(Ctl *c, const char *name, sd_bus_message *m, const char *done) {
        _cleanup_(jobs_free_p) JobSet *set = NULL;
        TenantError e = { 0 };
        int r = jobs_new(c, &set, &e);

        if (r >= 0) {
                r = jobs_start(set, name, NULL, m, &e);
        }
        return r < 0 ? ctl_fail(c, name, NULL, &e) : jobs_finish(set, done);
}

int verb_image_build(Ctl *c, char **args, int n_args) {
        _cleanup_message_ sd_bus_message *m = NULL;
        const char *suite = opt_value(c, OPT_SUITE);
        TenantError e = { 0 };
        int r;

        if (!suite) {
                return ctl_usage(c, "which Debian suite? Give --suite=bookworm, for example");
        }
        r = ctl_message(c, &m, BUS_ROOT, IFACE_MANAGER, "BuildImage", &e);
        if (r < 0) {
                return ctl_fail(c, args[0], NULL, &e);
        }
        r = sd_bus_message_append(m, "ss", args[0], suite);
        if (r >= 0) {
                r = append_build_options(c, m);
        }
        if (r < 0) {
                (void) error_building(r, &e); /* reported next */
                return ctl_fail(c, args[0], NULL, &e);
        }
        return one_job(c, args[0], m, "built");
}

/* The descriptor to pass; *ret_close is what to close of it, -1 for stdin. */
static int open_tar(const char *file, int *ret_close, TenantError *e) {
        struct stat st;
        int fd;

        if (strcmp(file, "-") == 0) {
                return isatty(STDIN_FILENO) ? error_set(e, EINVAL, "Usage",
                                                        "standard input is a terminal; give a tar file")
                                            : STDIN_FILENO;
        }
        fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (fd < 0) {
                return error_set_errno(e, errno, E_FAILED, "cannot open '%s'", file);
        }
        *ret_close = fd;
        if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
                return error_set(e, EISDIR, E_FAILED,
                                 "'%s' is a directory; pack it: tar -C '%s' -c . | tenantctl image "
                                 "import NAME -",
                                 file, file);
        }
        return fd;
}

/* The text that the image keeps, for people: where the file was, or the end of that. */
static char *source_of(const char *file) {
        _cleanup_gfree_ char *clean = text_clean(strcmp(file, "-") == 0 ? "stdin" : file);
        size_t length = strlen(clean), cut = length > SOURCE_MAX ? length - SOURCE_MAX : 0;

        return g_strdup(cut > 0 ? g_utf8_find_next_char(clean + cut - 1, NULL) : clean);
}

static int import_message(Ctl *c, const char *name, const char *file, int fd, sd_bus_message **ret,
                          TenantError *e) {
        _cleanup_gfree_ char *source = source_of(file);
        int r;

        if (opt_given(c, OPT_HOST)) {
                const char *host = opt_value(c, OPT_HOST);

                return error_set(e, EOPNOTSUPP, E_NOT_SUPPORTED,
                                 "a file cannot be passed with --host; use: ssh %s tenantctl image import "
                                 "%s - < FILE",
                                 host, name);
        }
        r = ctl_message(c, ret, BUS_ROOT, IFACE_MANAGER, "ImportImage", e);
        if (r < 0) {
                return r;
        }
        r = sd_bus_message_append(*ret, "sv", name, "h", fd);
        if (r >= 0) {
                r = sd_bus_message_append(*ret, "a{sv}", 1, "Source", "s", source);
        }
        return r < 0 ? error_building(r, e) : 0;
}

int verb_image_import(Ctl *c, char **args, int n_args) {
        _cleanup_message_ sd_bus_message *m = NULL;
        _cleanup_close_ int opened = -1;
        TenantError e = { 0 };
        int fd = open_tar(args[1], &opened, &e);

        if (fd < 0 || import_message(c, args[0], args[1], fd, &m, &e) < 0) {
                return ctl_fail(c, args[0], NULL, &e);
        }
        return one_job(c, args[0], m, "imported");
}

static int list_images(Ctl *c, json_object **ret, TenantError *e) {
        _cleanup_json_ json_object *reply = NULL;
        json_object *rows, *list;
        int r = ctl_call(c, BUS_ROOT, IFACE_MANAGER, "ListImages", &reply, e, NULL);

        if (r < 0) {
                return r;
        }
        rows = json_object_array_get_idx(reply, 0);
        list = json_object_new_array();
        for (size_t i = 0; i < json_object_array_length(rows); i++) {
                json_object *row = json_object_array_get_idx(rows, i), *o = json_object_new_object();

                json_object_object_add(o, "Name", json_object_get(json_object_array_get_idx(row, 0)));
                json_object_object_add(o, "Path", json_object_get(json_object_array_get_idx(row, 1)));
                json_merge(o, json_object_array_get_idx(row, 2));
                json_object_array_add(list, o);
        }
        *ret = list;
        return 0;
}

static void created_cell(Table *t, json_object *image) {
        time_t created = (time_t) (json_number(image, "CreatedUSec") / 1000000);
        char text[32] = "";
        struct tm tm;

        if (created > 0 && localtime_r(&created, &tm)) {
                strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &tm);
        }
        table_cell(t, text);
}

int verb_image_list(Ctl *c, char **args, int n_args) {
        _cleanup_(table_free_p) Table *t = NULL;
        _cleanup_json_ json_object *list = NULL;
        TenantError e = { 0 };

        if (list_images(c, &list, &e) < 0) {
                return ctl_fail(c, NULL, NULL, &e);
        }
        if (opt_given(c, OPT_JSON)) {
                return ctl_print_json(list);
        }
        t = table_new("NAME", "PROFILE", ">SIZE", ">FILES", "CREATED", "SOURCE", NULL);
        for (size_t i = 0; i < json_object_array_length(list); i++) {
                json_object *o = json_object_array_get_idx(list, i);

                table_cell(t, json_text(o, "Name"));
                table_cell(t, json_text(o, "Profile"));
                table_size(t, json_member(o, "SizeBytes"), json_number(o, "SizeBytes"));
                table_cell(t, json_text(o, "Entries"));
                created_cell(t, o);
                table_cell(t, json_text(o, "Source"));
        }
        table_print(c, t, "image");
        print_row_errors(c, list);
        return CTL_OK;
}

static int remove_message(Ctl *c, const char *name, const void *userdata, sd_bus_message **ret,
                          TenantError *e) {
        int r = ctl_message(c, ret, BUS_ROOT, IFACE_MANAGER, "RemoveImage", e);

        if (r < 0) {
                return r;
        }
        r = sd_bus_message_append(*ret, "sa{sv}", name, 0);
        return r < 0 ? error_building(r, e) : 0;
}

int verb_image_remove(Ctl *c, char **args, int n_args) {
        return jobs_of_names(c, args, n_args, remove_message, NULL, "removed");
}
