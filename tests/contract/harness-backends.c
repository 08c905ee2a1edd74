/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * harness-backends.c: from definition and allocation to contexts: types, bounds, defaults, places of errors,
 * the automatic choice. Arguments: the four null doubles, which are copied to a directory of its own. Needs
 * root, as the loader does.
 */
#include "backends.h"
#include "harness.h"
#include "setting.h"

static char *plugins; /* directory with the doubles */

static int group_teardown(void **state) {
        if (plugins) {
                harness_remove(plugins);
                free(plugins);
        }
        return 0;
}

static Definition *define(const char *sections) {
        _cleanup_(keyfile_free_p) Keyfile *k = NULL;
        _cleanup_free_ char *text = NULL;
        Definition *d = NULL;
        TenantError error = { 0 };

        assert_true(asprintf(&text, "[Tenant]\nImage=debian\n%s", sections) > 0);
        assert_int_equal(keyfile_new(&k), 0);
        assert_int_equal(keyfile_parse(k, "acme.conf", text, &error), 0);
        if (definition_from_keyfile("acme", k, &d, &error) < 0) {
                fail_msg("%s", error.message);
        }
        k = NULL; /* the definition's now */
        return d;
}

static Allocation allocation = {
        .uuid = "00000000-0000-4000-8000-000000000000",
        .index = 3,
        .ids = { .base = 604241920, .count = 262144 },
        .project_id = PROJECT_ID_BASE + 3,
        .backends = { (char *) "null", (char *) "null", (char *) "null", (char *) "null" },
        .facts = (AllocationFact[]){ { TENANT_KIND_NETWORK, (char *) "Address", (char *) "198.18.0.4" } },
        .n_facts = 1,
};

static int load(const char *sections, Backends **ret, TenantError *error) {
        _cleanup_(definition_free_p) Definition *d = define(sections);

        memset(error, 0, sizeof(*error));
        return backends_load(d, &allocation, &host_default, KINDS_ALL, ret, error);
}

static void refuse(const char *sections, const char *name, const char *words) {
        Backends *b = NULL;
        TenantError error;
        int r = load(sections, &b, &error);

        if (r >= 0 || !strstr(error.message, words)) {
                fail_msg("expected \"%s\", got %d: %s", words, r, error.message);
        }
        assert_string_equal(error.name, name);
        assert_null(b);
}

static const struct tenant_value *value(const Backends *b, enum tenant_kind kind, const char *key) {
        const struct tenant_plugin *d = &b->kind[kind].plugin->descriptor;

        for (size_t i = 0; i < d->n_settings; i++) {
                if (strcmp(d->settings[i].key, key) == 0) {
                        return &b->kind[kind].context.values[i];
                }
        }
        fail_msg("no key %s", key);
        return NULL;
}

static void test_values(void **state) {
        require_root();
        _cleanup_(definition_free_p) Definition *d =
                define("[Cgroup]\nMemoryMax=2G\nCPUQuota=150%\n[Network]\nPublish=8080:80,  "
                       "443:443\n[Storage]\nSize=\n");
        _cleanup_(backends_free_p) Backends *b = NULL;
        TenantError error = { 0 };
        const struct tenant_value *v;

        if (backends_load(d, &allocation, &host_default, KINDS_ALL, &b, &error) < 0) {
                fail_msg("%s", error.message);
        }
        v = value(b, TENANT_KIND_CGROUP, "MemoryMax");
        assert_true(v->is_set && v->is_explicit);
        assert_int_equal(v->u64, 2ull << 30);
        assert_string_equal(v->text, "2147483648");
        v = value(b, TENANT_KIND_CGROUP, "CPUQuota");
        assert_int_equal(v->u64, 150);
        v = value(b, TENANT_KIND_CGROUP, "TasksMax");
        assert_true(v->is_set && !v->is_explicit);
        assert_int_equal(v->u64, 16384);
        v = value(b, TENANT_KIND_NETWORK, "Publish");
        assert_string_equal(v->text, "8080:80 443:443");
        assert_false(value(b, TENANT_KIND_STORAGE, "Size")->is_set);
        assert_false(value(b, TENANT_KIND_STORAGE, "Size")->is_explicit); /* an empty value is none */
}

static void test_context(void **state) {
        require_root();
        _cleanup_(definition_free_p) Definition *d = define("");
        _cleanup_(backends_free_p) Backends *b = NULL;
        TenantError error = { 0 };
        const struct tenant_context *c;

        assert_int_equal(
                backends_load(d, &allocation, &host_default, KIND_BIT(TENANT_KIND_NETWORK), &b, &error), 0);
        assert_null(b->kind[TENANT_KIND_CGROUP].plugin);
        c = &b->kind[TENANT_KIND_NETWORK].context;
        assert_string_equal(c->name, "acme");
        assert_int_equal(c->index, 3);
        assert_int_equal(c->id_base, 604241920);
        assert_int_equal(c->id_count, 262144);
        assert_string_equal(tenant_context_fact(c, "Address"), "198.18.0.4");
        assert_int_equal(backend_add_fact(&b->kind[TENANT_KIND_NETWORK], "Address", "198.18.0.9"), 0);
        assert_string_equal(tenant_context_fact(c, "Address"), "198.18.0.9");
        assert_null(tenant_context_fact(c, "Nothing"));
}

static void test_errors_name_the_place(void **state) {
        require_root();
        refuse("[Cgroup]\nMemoryMax=lots\n", "InvalidSetting", "acme.conf:4");
        refuse("[Cgroup]\nMemoryMax=lots\n", "InvalidSetting", "expected bytes such as 512M");
        refuse("[Cgroup]\nMemoryMax=1K\n", "InvalidSetting", "must be at least 4194304 bytes");
        refuse("[Cgroup]\nCPUQuota=0%\n", "InvalidSetting", "must be from 1 to 1000000 percent");
        refuse("[Cgroup]\nTasksMax=-1\n", "InvalidSetting", "expected a number");
        refuse("[Cgroup]\nMemoryMaximum=1G\n", "InvalidSetting",
               "allowed: Backend, Fail, MemoryMax, CPUQuota, TasksMax");
        refuse("[Storage]\nIds=65536\n", "InvalidSetting", "allowed: Backend, Root, Fail, Size, Inodes");
        refuse("[Network]\nFail=nonsense\n", "InvalidSetting", "backend network-null: Fail=nonsense");
        refuse("[Cgroup]\nFail=validate\n", "Failed", "backend cgroup-null: Fail=validate");
}

static void test_release_needs_no_definition(void **state) {
        require_root();
        _cleanup_(backends_free_p) Backends *b = NULL;
        TenantError error = { 0 };

        assert_int_equal(
                backends_load_for_release("acme", &allocation, &host_default, KINDS_ALL, &b, &error), 0);
        assert_false(value(b, TENANT_KIND_CGROUP, "TasksMax")->is_set);
        assert_int_equal(backend_add_fact(&b->kind[TENANT_KIND_NETWORK], "Fail", "release"), 0);
        assert_int_equal(b->kind[TENANT_KIND_NETWORK].plugin->ops.network.release(
                                 &b->kind[TENANT_KIND_NETWORK].context, &error),
                         -EIO);
}

static void test_choice(void **state) {
        require_root();
        _cleanup_(definition_free_p) Definition *named =
                define("[Namespace]\nBackend=null\n[Cgroup]\nBackend=null\n[Storage]\nBackend=null\n["
                       "Network]\nBackend=null\n");
        _cleanup_(definition_free_p) Definition *automatic =
                define("[Namespace]\nBackend=null\n[Cgroup]\nBackend=auto\n[Storage]\nBackend=null\n["
                       "Network]\nBackend=null\n");
        _cleanup_(definition_free_p) Definition *missing =
                define("[Namespace]\nBackend=null\n[Cgroup]\nBackend=nil\n[Storage]\nBackend=null\n[Network]"
                       "\nBackend=null\n");
        char *names[TENANT_KIND_COUNT] = { 0 };
        TenantError error = { 0 };

        assert_int_equal(backends_choose(named, &host_default, -1, names, &error), 0);
        for (size_t i = 0; i < TENANT_KIND_COUNT; i++) {
                assert_string_equal(names[i], "null");
                free(names[i]);
                names[i] = NULL;
        }
        assert_int_equal(backends_choose(automatic, &host_default, -1, names, &error),
                         -ENOTSUP); /* a double is never chosen */
        assert_string_equal(error.name, "HostNotReady");
        assert_int_equal(backends_choose(missing, &host_default, -1, names, &error), -ENOENT);
        assert_string_equal(error.name, "NoSuchBackend");
        assert_null(names[0]);
}

static void test_sections_of_keys(void **state) {
        require_root();
        assert_string_equal(backends_section_of_key(NULL, "MemoryMax"), "Cgroup");
        assert_string_equal(backends_section_of_key(NULL, "Size"), "Storage");
        assert_string_equal(backends_section_of_key(NULL, "Ids"), "Namespace");
        assert_null(backends_section_of_key(NULL, "Fail"));
        assert_null(backends_section_of_key(NULL, "Backend"));
        assert_null(backends_section_of_key(NULL, "Nothing"));
}

/* Words as an operator writes them, for each type. */
static void test_types(void **state) {
        static const struct {
                enum tenant_setting_type type;
                const char *text, *normal; /* NULL: refused; "-": left unset */
                uint64_t number;
        } table[] = {
                { TENANT_TYPE_STRING, "gr\xc3\xbcn tea", "gr\xc3\xbcn tea", 0 },
                { TENANT_TYPE_STRING, "a\x01", NULL, 0 },
                { TENANT_TYPE_BOOLEAN, "on", "yes", 1 },
                { TENANT_TYPE_BOOLEAN, "maybe", NULL, 0 },
                { TENANT_TYPE_SIZE, "3K", "3072", 3072 },
                { TENANT_TYPE_SIZE, "infinity", "infinity", UINT64_MAX },
                { TENANT_TYPE_SIZE, "99999999999T", NULL, 0 },
                { TENANT_TYPE_SIZE, "", "-", 0 },
                { TENANT_TYPE_COUNT, "18446744073709551616", NULL, 0 },
                { TENANT_TYPE_COUNT, "007", "7", 7 },
                { TENANT_TYPE_PERCENT, "20", NULL, 0 },
                { TENANT_TYPE_RATE, "2M", "2000000", 2000000 },
                { TENANT_TYPE_LIST, " a,, b  c ", "a b c", 0 },
                { TENANT_TYPE_IPV4, "192.0.2.7", "192.0.2.7", 0xC0000207 },
                { TENANT_TYPE_IPV4, "auto", "-", 0 },
                { TENANT_TYPE_IPV4, "192.0.2", NULL, 0 },
                { TENANT_TYPE_CPUSET, "0-3,5", "0-3,5", 0 },
                { TENANT_TYPE_CPUSET, "3-0", NULL, 0 },
                { TENANT_TYPE_CPUSET, "1,", NULL, 0 },
                { TENANT_TYPE_CPUSET, "99999999999999999999", NULL, 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                struct tenant_setting s = { .key = "K", .type = table[i].type, .unit = "", .help = "h" };
                struct tenant_value v = { 0 };
                char why[SETTING_WHY_SIZE] = "";
                int r = setting_parse(&s, table[i].text, &v, why);

                assert_int_equal(r, table[i].normal ? 0 : -EINVAL);
                if (!table[i].normal) {
                        assert_non_null(strstr(why, "expected "));
                } else if (strcmp(table[i].normal, "-") == 0) {
                        assert_false(v.is_set);
                } else {
                        assert_string_equal(v.text, table[i].normal);
                        assert_int_equal(v.u64, table[i].number);
                }
                setting_clear(&v);
        }
}

int main(int argc, char *argv[]) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_types),
                cmocka_unit_test(test_values),
                cmocka_unit_test(test_context),
                cmocka_unit_test(test_errors_name_the_place),
                cmocka_unit_test(test_release_needs_no_definition),
                cmocka_unit_test(test_choice),
                cmocka_unit_test(test_sections_of_keys),
        };

        if (argc != 1 + TENANT_KIND_COUNT) {
                return 2;
        }
        plugins = harness_directory();
        for (int i = 1; i < argc; i++) {
                harness_copy(argv[i], plugins, strrchr(argv[i], '/') ? strrchr(argv[i], '/') + 1 : argv[i],
                             0755);
        }
        plugin_set_directory(plugins);
        return cmocka_run_group_tests_name("backends", tests, NULL, group_teardown);
}
