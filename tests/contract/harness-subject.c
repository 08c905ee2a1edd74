/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* harness-subject.c: the plugin under test and a tenant for it; see harness-contract.h. Owned by the
 * contract tests. */
#include "descriptor.h"
#include "harness-contract.h"
#include "setting.h"
#include <dlfcn.h>

enum tenant_kind subject_kind;
char subject_name[64];
const struct tenant_plugin *subject_given;
Plugin subject;
const char *subject_path;
void *subject_handle;

static int tenant_remember(void *userdata, const char *key, const char *value) {
        struct subject_tenant *t = userdata;

        if (t->remember_result < 0) {
                return t->remember_result;
        }
        assert_true(t->n_remembered < ELEMENTSOF(t->facts));
        assert_true(key && *key && value);
        t->facts[t->n_remembered++] = (struct tenant_fact){ strdup(key), strdup(value) };
        t->context.n_facts = t->n_remembered;
        return 0;
}

static void tenant_log(void *userdata, int level, const char *message) {
        assert_in_range(level, 3, 7);
        print_message("# log %d: %s\n", level, message);
}

static bool tenant_cancelled(void *userdata) {
        return false;
}

static void tenant_progress(void *userdata, double fraction, const char *stage) {
        assert_true(fraction <= 1.0);
        assert_non_null(stage);
}

struct subject_tenant *subject_tenant_new(bool defaults) {
        struct subject_tenant *t = calloc(1, sizeof(*t));
        size_t n = subject.descriptor.n_settings;

        assert_non_null(t);
        t->values = calloc(n ? n : 1, sizeof(*t->values));
        t->host = (struct tenant_host){
                .struct_size = sizeof(t->host),
                .userdata = t,
                .log = tenant_log,
                .cancelled = tenant_cancelled,
                .remember = tenant_remember,
                .progress = tenant_progress,
        };
        t->context = (struct tenant_context){
                .struct_size = sizeof(t->context),
                .name = "contract-probe",
                .index = 16383,
                .id_base = 1878786048,
                .id_count = 262144,
                .project_id = 0x54000000u + 16383,
                .values = t->values,
                .n_values = n,
                .facts = t->facts,
                .host = &t->host,
        };
        for (size_t i = 0; defaults && i < n; i++) {
                const char *text = subject.descriptor.settings[i].default_value;
                char why[SETTING_WHY_SIZE];

                if (text) {
                        assert_int_equal(
                                setting_parse(&subject.descriptor.settings[i], text, &t->values[i], why), 0);
                }
        }
        return t;
}

struct subject_tenant *subject_tenant_free(struct subject_tenant *t) {
        if (t) {
                for (size_t i = 0; i < t->context.n_values; i++) {
                        setting_clear(&t->values[i]);
                }
                for (size_t i = 0; i < t->n_remembered; i++) {
                        free((char *) t->facts[i].key);
                        free((char *) t->facts[i].value);
                }
                free(t->values);
                free(t);
        }
        return NULL;
}

bool subject_tenant_set(struct subject_tenant *t, const char *key, const char *value) {
        for (size_t i = 0; i < subject.descriptor.n_settings; i++) {
                const struct tenant_setting *s = &subject.descriptor.settings[i];
                char why[SETTING_WHY_SIZE] = "";

                if (strcmp(s->key, key) == 0) {
                        if (setting_parse(s, value, &t->values[i], why) < 0) {
                                fail_msg("%s=%s: %s", key, value, why);
                        }
                        t->values[i].is_explicit = t->values[i].is_set;
                        return true;
                }
        }
        return false;
}

int subject_load(void **state) {
        const struct tenant_plugin *(*get)(void);
        TenantError error = { 0 };

        subject_kind = harness_parse_path(subject_path, subject_name);
        subject_handle = dlopen(subject_path, RTLD_NOW | RTLD_LOCAL);
        if (!subject_handle) {
                print_error("%s\n", dlerror());
                return -1;
        }
        *(void **) &get = dlsym(subject_handle, TENANT_PLUGIN_SYMBOL);
        if (!get) {
                return -1;
        }
        subject_given = get();
        if (descriptor_adopt(subject_given, subject_kind, subject_name, subject_path, &subject, &error) <
            0) {
                print_error("%s\n", error.message);
                return -1;
        }
        return 0;
}
