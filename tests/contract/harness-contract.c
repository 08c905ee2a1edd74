/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * harness-contract.c: holds any plugin to tenant-plugin.h. Argument: KIND-NAME.so. What would change the
 * machine runs in namespaces of its own or is skipped with its reason. Owned by the contract tests.
 */
#include "harness-contract.h"
#include "descriptor.h"
#include "elfcheck.h"
#include "io.h"
#include "setting.h"
#include <dlfcn.h>
#include <link.h>

static void test_file_says_what_it_is(void **state) {
        _cleanup_close_ int fd = open(subject_path, O_RDONLY | O_CLOEXEC);
        TenantError error = { 0 };
        struct stat st;

        assert_true(fd >= 0);
        assert_int_equal(fstat(fd, &st), 0);
        if (elf_check_plugin(fd, (uint64_t) st.st_size, subject_kind, subject_name, &error) < 0) {
                fail_msg("%s", error.message);
        }
}

/* Number of defined dynamic symbols: DT_GNU_HASH sorts the undefined ones first and knows where they end. */
static void test_exports_one_symbol(void **state) {
        const struct link_map *map = NULL;
        const uint32_t *hash = NULL, *buckets, *chains;
        uint32_t last = 0;

        assert_int_equal(dlinfo(subject_handle, RTLD_DI_LINKMAP, &map), 0);
        for (const ElfW(Dyn) *d = map->l_ld; d->d_tag != DT_NULL; d++) {
                hash = d->d_tag == DT_GNU_HASH ? (const uint32_t *) d->d_un.d_ptr : hash;
        }
        assert_non_null(hash);
        buckets = hash + 4 + hash[2] * (sizeof(ElfW(Addr)) / 4);
        chains = buckets + hash[0];
        for (uint32_t i = 0; i < hash[0]; i++) {
                last = buckets[i] > last ? buckets[i] : last;
        }
        assert_true(last >= hash[1]);
        while (!(chains[last - hash[1]] & 1)) {
                last++;
        }
        assert_int_equal(last + 1 - hash[1], 1);
}

static void test_descriptor(void **state) {
        const struct tenant_plugin *d = &subject.descriptor;

        assert_true(d->struct_size >= sizeof(struct tenant_plugin));
        assert_in_range(d->priority + 1, 0, 101);
        assert_in_range(strlen(d->version), 1, 32);
        assert_in_range(strlen(d->summary), 10, 120);
        assert_ptr_equal(d->ops, subject_given->ops);
}

/* What `tenantctl` and the man page show of a key: help in one line, words in lower case, defaults as they
 * are parsed. */
static void test_settings(void **state) {
        for (size_t i = 0; i < subject.descriptor.n_settings; i++) {
                const struct tenant_setting *s = &subject.descriptor.settings[i];
                struct tenant_value value = { 0 };
                char why[SETTING_WHY_SIZE] = "";

                if (strlen(s->help) > 200 || s->help[strlen(s->help) - 1] == '.') {
                        fail_msg("%s: help must be one line of at most 200 bytes, no full stop", s->key);
                }
                if (s->default_value && (setting_parse(s, s->default_value, &value, why) < 0 ||
                                         (!value.is_set && s->type != TENANT_TYPE_IPV4))) {
                        fail_msg("%s: its default %s does not parse: %s", s->key, s->default_value, why);
                }
                setting_clear(&value);
        }
}

/* The operations as an older header would have declared them: each prefix is taken with the rest absent, or
 * refused. */
static void test_older_operations(void **state) {
        union {
                uint32_t size;
                uint8_t bytes[sizeof(subject.ops)];
        } shorter;
        uint32_t full;

        memcpy(&full, subject_given->ops, sizeof(full));
        for (uint32_t size = 2 * sizeof(void *); size < full && size < sizeof(shorter);
             size += sizeof(void *)) {
                struct tenant_plugin copy = subject.descriptor;
                static const uint8_t zero[sizeof(shorter)];
                TenantError error = { 0 };
                Plugin adopted;
                int r;

                memset(&shorter, 0xee, sizeof(shorter));
                memcpy(&shorter, subject_given->ops, size);
                shorter.size = size;
                copy.ops = &shorter;
                r = descriptor_adopt(&copy, subject_kind, subject_name, "shorter", &adopted, &error);
                if (r < 0) {
                        assert_int_equal(r, -ELIBBAD);
                        assert_non_null(strstr(error.message, "lacks the operation"));
                } else {
                        assert_memory_equal((uint8_t *) &adopted.ops + sizeof(uint32_t),
                                            shorter.bytes + sizeof(uint32_t), size - sizeof(uint32_t));
                        assert_memory_equal((uint8_t *) &adopted.ops + size, zero,
                                            sizeof(adopted.ops) - size);
                }
        }
}

/* The same plugin out of a future header: longer structs with members that mean nothing here. */
static void test_newer_structs(void **state) {
        struct {
                struct tenant_plugin now;
                uint64_t later[4];
        } longer = { .now = subject.descriptor };
        struct {
                uint8_t now[sizeof(subject.ops)];
                uint64_t later[4];
        } longer_ops;
        uint32_t size;
        TenantError error = { 0 };
        Plugin adopted;

        memset(&longer.later, 0xee, sizeof(longer.later));
        memset(&longer_ops, 0xee, sizeof(longer_ops));
        memcpy(&size, subject_given->ops, sizeof(size));
        memcpy(&longer_ops, subject_given->ops,
               size < sizeof(longer_ops.now) ? size : sizeof(longer_ops.now));
        size = size < sizeof(longer_ops.now) ? size : (uint32_t) sizeof(longer_ops);
        memcpy(&longer_ops, &size, sizeof(size));
        longer.now.struct_size = sizeof(longer);
        longer.now.ops = &longer_ops;
        assert_int_equal(
                descriptor_adopt(&longer.now, subject_kind, subject_name, "longer", &adopted, &error), 0);
        assert_memory_equal((uint8_t *) &adopted.ops + sizeof(size), (uint8_t *) &subject.ops + sizeof(size),
                            sizeof(subject.ops) - sizeof(size));
}

struct census {
        size_t fds;
        char *mounts, *links, *cgroup;
        char directory[4096];
        mode_t mask;
};

static void census_take(struct census *c) {
        c->fds = harness_count_fds();
        assert_int_equal(file_read(AT_FDCWD, "/proc/self/mountinfo", 8u << 20, &c->mounts, NULL), 0);
        assert_int_equal(file_read(AT_FDCWD, "/proc/self/cgroup", 1u << 20, &c->cgroup, NULL), 0);
        assert_int_equal(file_read(AT_FDCWD, "/proc/net/if_inet6", 1u << 20, &c->links, NULL), 0);
        assert_non_null(getcwd(c->directory, sizeof(c->directory)));
        c->mask = umask(0);
        umask(c->mask);
}

static void census_clear(struct census *c) {
        free(c->mounts);
        free(c->links);
        free(c->cgroup);
}

static void census_compare(const struct census *before, const struct census *after) {
        assert_int_equal(before->fds, after->fds);
        assert_string_equal(before->mounts, after->mounts);
        assert_string_equal(before->links, after->links);
        assert_string_equal(before->cgroup, after->cgroup);
        assert_string_equal(before->directory, after->directory);
        assert_int_equal(before->mask, after->mask);
}

static void test_probe_changes_nothing(void **state) {
        _cleanup_(subject_tenant_free_p) struct subject_tenant *t = subject_tenant_new(false);
        struct census before = { 0 }, after = { 0 };
        TenantError first = { 0 }, second = { 0 };
        int r;

        if (!subject.descriptor.probe) {
                return;
        }
        census_take(&before);
        r = subject.descriptor.probe(&t->host, &first);
        assert_int_equal(subject.descriptor.probe(&t->host, &second), r);
        assert_int_equal(subject.descriptor.probe(&t->host, NULL), r);
        census_take(&after);
        census_compare(&before, &after);
        census_clear(&before);
        census_clear(&after);
        assert_int_equal(t->n_remembered, 0);
        if (r < 0) {
                harness_assert_error(r, &first);
                assert_string_equal(first.message, second.message);
                print_message("# this host cannot: %s\n", first.message);
        }
}

static void test_defaults_validate(void **state) {
        _cleanup_(subject_tenant_free_p) struct subject_tenant *t = subject_tenant_new(true);
        TenantError error = { 0 };

        if (subject.descriptor.validate && subject.descriptor.validate(&t->context, &error) < 0) {
                fail_msg("its own defaults are refused: %s", error.message);
        }
}

/* One value at each end of each key's range: taken, or refused with a reason; the same without anywhere to
 * put the reason. */
static void test_validate_bounds(void **state) {
        for (size_t i = 0; i < 2 * subject.descriptor.n_settings && subject.descriptor.validate; i++) {
                _cleanup_(subject_tenant_free_p) struct subject_tenant *t = subject_tenant_new(true);
                const struct tenant_setting *s = &subject.descriptor.settings[i / 2];
                struct tenant_value *value = &t->values[i / 2];
                TenantError error = { 0 };
                size_t fds = harness_count_fds();
                int r;

                setting_clear(value);
                value->is_set = value->is_explicit = true;
                value->u64 = i % 2 ? (s->maximum ? s->maximum : UINT64_MAX) : s->minimum;
                value->text = strdup(s->type == TENANT_TYPE_CPUSET ? "8191" : i % 2 ? "x\xc3\xa4 x" : "");
                r = subject.descriptor.validate(&t->context, &error);
                assert_int_equal(subject.descriptor.validate(&t->context, NULL), r);
                assert_int_equal(harness_count_fds(), fds);
                assert_int_equal(t->n_remembered, 0);
                if (r < 0) {
                        harness_assert_error(r, &error);
                        assert_true(r == -EINVAL || r == -ENOTSUP);
                }
        }
}

/* Settings that are right one by one and wrong together, or wrong for this backend. */
static void test_validate_refuses_nonsense(void **state) {
        static const struct {
                const char *plugin, *settings[4];
        } table[] = {
                { "cgroup-v2", { "MemoryMax", "64M", "MemoryHigh", "128M" } },
                { "cgroup-v2", { "TasksMax", "4194305" } },
                { "storage-directory", { "Size", "1G" } },
                { "storage-directory", { "Inodes", "1000" } },
                { "namespace-null", { "Fail", "nonsense" } },
                { "cgroup-null", { "Fail", "nonsense" } },
                { "storage-null", { "Fail", "nonsense" } },
                { "network-null", { "Fail", "nonsense" } },
                { "cgroup-example", { "TasksMax", "3" } },
        };
        char id[128];

        snprintf(id, sizeof(id), "%s-%s", plugin_kind_name[subject_kind], subject_name);
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(subject_tenant_free_p) struct subject_tenant *t = subject_tenant_new(true);
                TenantError error = { 0 };
                int r;

                if (strcmp(table[i].plugin, id) != 0) {
                        continue;
                }
                for (size_t j = 0; j < 4 && table[i].settings[j]; j += 2) {
                        assert_true(subject_tenant_set(t, table[i].settings[j], table[i].settings[j + 1]));
                }
                assert_non_null(subject.descriptor.validate);
                r = subject.descriptor.validate(&t->context, &error);
                harness_assert_error(r, &error);
                assert_non_null(strstr(error.message, table[i].settings[0]));
        }
}

int main(int argc, char *argv[]) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_file_says_what_it_is),
                cmocka_unit_test(test_exports_one_symbol),
                cmocka_unit_test(test_descriptor),
                cmocka_unit_test(test_settings),
                cmocka_unit_test(test_older_operations),
                cmocka_unit_test(test_newer_structs),
                cmocka_unit_test(test_probe_changes_nothing),
                cmocka_unit_test(test_defaults_validate),
                cmocka_unit_test(test_validate_bounds),
                cmocka_unit_test(test_validate_refuses_nonsense),
                cmocka_unit_test(test_undo_without_do),
                cmocka_unit_test(test_storage_round),
                cmocka_unit_test(test_cgroup_gone),
                cmocka_unit_test(test_network_allocation),
                cmocka_unit_test(test_namespace_plan),
                cmocka_unit_test(test_namespace_enter),
        };

        if (argc != 2) {
                fprintf(stderr, "usage: contract KIND-NAME.so\n");
                return 2;
        }
        subject_path = argv[1];
        return cmocka_run_group_tests_name(subject_path, tests, subject_load, NULL);
}
