/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test-definition.c: definitions: defaults, every refusal with its place, files and drop-ins. Owned by
 * tests/unit.
 */
#include "definition.h"
#include "unit.h"
#include <arpa/inet.h>

#define CONF "etc/tenantd/tenants/"

static Keyfile *keyfile_of(const char *text) {
        TenantError e = {};
        Keyfile *k = NULL;

        assert_int_equal(keyfile_new(&k), 0);
        assert_ok(e, keyfile_parse(k, "acme.conf", text, &e));
        return k;
}

static Definition *defined(const char *text) {
        TenantError e = {};
        Definition *d = NULL;

        assert_ok(e, definition_from_keyfile("acme", keyfile_of(text), &d, &e));
        return d;
}

static void test_defaults(void **state) {
        _cleanup_(definition_free_p) Definition *d = defined("[Tenant]\nImage=bookworm\n");

        assert_string_equal(d->name, "acme");
        assert_string_equal(d->image, "bookworm");
        assert_string_equal(d->profile, "docker");
        assert_string_equal(d->backends[TENANT_KIND_NAMESPACE], "user");
        assert_string_equal(d->backends[TENANT_KIND_CGROUP], "auto");
        assert_string_equal(d->backends[TENANT_KIND_STORAGE], "auto");
        assert_string_equal(d->backends[TENANT_KIND_NETWORK], "auto");
        assert_int_equal(d->id_count, 262144);
        assert_int_equal(d->root, ROOT_OVERLAY);
        assert_true(d->docker_enabled);
        assert_int_equal(d->docker_port, 0);
        assert_int_equal(d->ready, READY_INIT);
        assert_int_equal(d->n_ports, 0);
        assert_int_equal(d->n_dns, 0);
        assert_false(d->fuse);
        assert_false(d->packet_sockets);
}

static void test_everything(void **state) {
        _cleanup_(definition_free_p) Definition *d =
                defined("[Tenant]\nImage=trixie\nProfile=plain\nDescription=Acme Ltd.\n"
                        "Fuse=yes\nPacketSockets=on\n"
                        "[Namespace]\nBackend=user\nIds=1048576\n"
                        "[Cgroup]\nBackend=v2\nMemoryMax=2G\n"
                        "[Storage]\nBackend=projectquota\nRoot=overlay\nSize=20G\n"
                        "[Network]\nBackend=routed\n"
                        "Publish=8080:80, udp:53:5353,tcp:443:8443 49151:65535\n"
                        "DNS=192.0.2.1 192.0.2.2\n"
                        "[Docker]\nEnabled=yes\nPort=22376\nReady=docker\n");

        assert_string_equal(d->profile, "plain");
        assert_true(d->fuse);
        assert_true(d->packet_sockets);
        assert_string_equal(d->backends[TENANT_KIND_CGROUP], "v2");
        assert_string_equal(d->backends[TENANT_KIND_STORAGE], "projectquota");
        assert_string_equal(d->backends[TENANT_KIND_NETWORK], "routed");
        assert_int_equal(d->id_count, 1048576);
        assert_true(d->docker_enabled);
        assert_int_equal(d->docker_port, 22376);
        assert_int_equal(d->ready, READY_DOCKER);
        assert_int_equal(d->n_ports, 4);
        assert_int_equal(d->ports[0].protocol, IPPROTO_TCP);
        assert_int_equal(d->ports[0].host_port, 8080);
        assert_int_equal(d->ports[0].tenant_port, 80);
        assert_int_equal(d->ports[1].protocol, IPPROTO_UDP);
        assert_int_equal(d->ports[1].tenant_port, 5353);
        assert_int_equal(d->ports[2].protocol, IPPROTO_TCP);
        assert_int_equal(d->ports[2].host_port, 443);
        assert_int_equal(d->ports[3].host_port, TENANT_HOST_PORT_LAST);
        assert_int_equal(d->n_dns, 2);
        assert_int_equal(d->dns[1].s_addr, inet_addr("192.0.2.2"));
        assert_string_equal(keyfile_value(d->keyfile, "Cgroup", "MemoryMax"), "2G");
}

static void test_profile_sets_docker(void **state) {
        _cleanup_(definition_free_p) Definition *plain = defined("[Tenant]\nImage=x\nProfile=plain\n");
        _cleanup_(definition_free_p) Definition *off =
                defined("[Tenant]\nImage=x\n[Docker]\nEnabled=no\nPort=80\n"
                        "[Network]\nPublish=80:80\n");

        assert_false(plain->docker_enabled);
        assert_false(off->docker_enabled);
}

static void test_empty_takes_back(void **state) {
        _cleanup_(definition_free_p) Definition *d =
                defined("[Tenant]\nImage=x\nProfile=plain\n[Namespace]\nIds=65536\n[Network]\nPublish=1:"
                        "1\nBackend=none\n"
                        "[Tenant]\nProfile=\n[Namespace]\nIds=\n[Network]\nPublish=\nBackend=\n[Docker]"
                        "\nPort=\nReady=\n");

        assert_string_equal(d->profile, "docker");
        assert_int_equal(d->id_count, 262144);
        assert_int_equal(d->n_ports, 0);
        assert_string_equal(d->backends[TENANT_KIND_NETWORK], "auto");
}

/* Each on top of a good definition; the keyfile stays the caller's. */
static void test_refused(void **state) {
        static const struct {
                const char *text, *part;
        } cases[] = {
                { "[Tenant]\nImage=\n", "acme.conf: [Tenant] Image= is missing" },
                { "[Tenant]\nImage=Book\n",
                  "acme.conf:4: [Tenant] Image=Book: The image name \"Book\" is not valid" },
                { "[Tenant]\nImage=../x\n", "acme.conf:4: [Tenant] Image=../x: " },
                { "[Tenant]\nProfile=vm\n",
                  "acme.conf:4: [Tenant] Profile=vm: must be one of: docker, plain" },
                { "[Tenant]\nOwner=joe\n", "acme.conf:4: [Tenant] Owner=joe: unknown key; [Tenant] knows "
                                           "Image, Profile, Description, Fuse, PacketSockets" },
                { "[Tenant]\nFuse=maybe\n", "acme.conf:4: [Tenant] Fuse=maybe: must be yes or no" },
                { "[Tenant]\nPacketSockets=2\n",
                  "acme.conf:4: [Tenant] PacketSockets=2: must be yes or no" },
                { "[Tenant]\nimage=x\n", "unknown key" },
                { "[Tenants]\nImage=x\n", "acme.conf:4: [Tenants] Image=x: unknown section; there are "
                                          "Tenant, Namespace, Cgroup, Storage, Network, Docker" },
                { "[Namespace]\nIds=65535\n",
                  "acme.conf:4: [Namespace] Ids=65535: must be a multiple of 65536 from 65536 to 1048576" },
                { "[Namespace]\nIds=0\n", "must be a multiple" },
                { "[Namespace]\nIds=1114112\n", "must be a multiple" },
                { "[Namespace]\nIds=4295032832\n", "must be a multiple" },
                { "[Namespace]\nIds=64K\n", "must be a multiple" },
                { "[Cgroup]\nBackend=../evil\n", "acme.conf:4: [Cgroup] Backend=../evil: The backend name" },
                { "[Storage]\nRoot=private\n",
                  "acme.conf:4: [Storage] Root=private: must be one of: auto, overlay" },
                { "[Network]\nPublish=80\n",
                  "acme.conf:4: [Network] Publish=80: \"80\" is not [tcp:|udp:]HOSTPORT:TENANTPORT" },
                { "[Network]\nPublish=80:0\n", "\"80:0\" is not" },
                { "[Network]\nPublish=1:1 65536:1\n", "\"65536:1\" is not" },
                { "[Network]\nPublish=80:80 udp:49152:1\n", "host port 49152 is one that tenants' own" },
                { "[Network]\nPublish=sctp:1:1\n", "is not" },
                { "[Network]\nPublish=1:1:1\n", "is not" },
                { "[Network]\nPublish=tcp:-1:1\n", "is not" },
                { "[Network]\nPublish=é23456789012345678901234567890é234567:1\n", "\"…\" is not" },
                { "[Network]\nPublish=80:1,tcp:80:2\n", "host port 80 is published twice" },
                { "[Network]\nDNS=192.0.2.1,ns.example\n",
                  "\"ns.example\" is not the IPv4 address of a name server" },
                { "[Network]\nDNS=0.0.0.0\n", "is not the IPv4" },
                { "[Network]\nDNS=224.0.0.1\n", "is not the IPv4" },
                { "[Network]\nDNS=192.0.2.01\n", "is not the IPv4" },
                { "[Network]\nDNS=1.1.1.1 1.1.1.2 1.1.1.3 1.1.1.4 1.1.1.5 1.1.1.6 1.1.1.7 1.1.1.8 1.1.1.9\n",
                  "more than 8" },
                { "[Docker]\nEnabled=maybe\n", "acme.conf:4: [Docker] Enabled=maybe: must be yes or no" },
                { "[Docker]\nPort=0\n", "must be \"auto\" or a port" },
                { "[Docker]\nPort=65536\n", "must be \"auto\" or a port" },
                { "[Docker]\nPort=49152\n", "host port 49152 is one that tenants' own" },
                { "[Docker]\nReady=yes\n", "must be one of: no, docker" },
                { "[Docker]\nReady=docker\nEnabled=no\n",
                  "acme.conf:4: [Docker] Ready=docker: Docker is not enabled" },
                { "[Docker]\nPort=80\n[Network]\nPublish=80:80\n",
                  "[Network] Publish= has this host port already" },
                { "[Docker]\nHost=x\n", "unknown key; [Docker] knows Enabled, Port, Ready" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(keyfile_free_p) Keyfile *k = NULL;
                Definition *d = NULL;
                TenantError e = {};
                char text[512];

                snprintf(text, sizeof(text), "[Tenant]\nImage=x\n%s", cases[i].text);
                k = keyfile_of(text);
                assert_error(e, definition_from_keyfile("acme", k, &d, &e), EINVAL, "InvalidSetting",
                             cases[i].part);
                assert_null(d);
        }
}

static void test_too_many_ports(void **state) {
        char text[2048] = "[Tenant]\nImage=x\n[Network]\nPublish=";
        _cleanup_(keyfile_free_p) Keyfile *k = NULL;
        _cleanup_(definition_free_p) Definition *d = NULL;
        TenantError e = {};

        for (unsigned i = 1; i <= DEFINITION_PORTS_MAX; i++) {
                snprintf(text + strlen(text), sizeof(text) - strlen(text), "%u:%u ", i, i);
        }
        d = defined(text);
        assert_int_equal(d->n_ports, DEFINITION_PORTS_MAX);
        strcat(text, "1000:1");
        k = keyfile_of(text);
        assert_error(e, definition_from_keyfile("acme", k, &d, &e), EINVAL, "InvalidSetting",
                     "more than 64 ports");
}

static void test_name(void **state) {
        _cleanup_(keyfile_free_p) Keyfile *k = keyfile_of("[Tenant]\nImage=x\n");
        Definition *d = NULL;
        TenantError e = {};

        assert_error(e, definition_from_keyfile("../x", k, &d, &e), EINVAL, "InvalidName", "tenant name");
        assert_error(e, definition_load("../x", &d, &e), EINVAL, "InvalidName", "tenant name");
        assert_error(e, definition_save("a/b", k, false, &e), EINVAL, "InvalidName", "tenant name");
        assert_error(e, definition_remove("..", &e), EINVAL, "InvalidName", "tenant name");
        assert_false(definition_exists("../x"));
        assert_null(d);
}

static void test_load(void **state) {
        _cleanup_(definition_free_p) Definition *d = NULL;
        TenantError e = {};

        assert_error(e, definition_load("acme", &d, &e), ENOENT, "NoSuchTenant", "acme.conf does not exist");
        unit_write(CONF "acme.conf", "[Tenant]\nImage=one\n[Cgroup]\nMemoryMax=1G\n");
        unit_write(CONF "acme.conf.d/50-more.conf", "[Tenant]\nImage=two\n");
        unit_write(CONF "acme.conf.d/10-less.conf", "[Tenant]\nImage=three\n[Namespace]\nIds=65536\n");
        assert_ok(e, definition_load("acme", &d, &e));
        assert_string_equal(d->image, "two");
        assert_int_equal(d->id_count, 65536);
        assert_string_equal(keyfile_value(d->keyfile, "Cgroup", "MemoryMax"), "1G");
}

static void test_load_names_dropin(void **state) {
        Definition *d = NULL;
        TenantError e = {};

        unit_write(CONF "acme.conf", "[Tenant]\nImage=one\n");
        unit_write(CONF "acme.conf.d/50.conf", "\n[Tenant]\nProfile=x\n");
        assert_error(e, definition_load("acme", &d, &e), EINVAL, "InvalidSetting",
                     "acme.conf.d/50.conf:3: [Tenant] Profile=x");
        assert_int_equal(unlink(unit_path(CONF "acme.conf.d/50.conf")), 0);
        assert_int_equal(symlink("/nonexistent", unit_path(CONF "acme.conf.d/50.conf")), 0);
        assert_error(e, definition_load("acme", &d, &e), EINVAL, "InvalidSetting", "acme.conf.d/50.conf");
        assert_null(d);
}

static void test_save_and_remove(void **state) {
        _cleanup_(keyfile_free_p) Keyfile *k = keyfile_of("[Tenant]\nImage=x\n"),
                                          *other = keyfile_of("[Tenant]\nImage=y\n");
        _cleanup_free_ char *text = NULL, *later = NULL;
        TenantError e = {};
        struct stat st;

        assert_ok(e, definition_save("acme", k, true, &e));
        text = unit_read(CONF "acme.conf");
        assert_string_equal(text, "[Tenant]\nImage=x\n");
        assert_int_equal(stat(unit_path(CONF "acme.conf"), &st), 0);
        assert_int_equal(st.st_mode & 07777, 0644);
        assert_true(definition_exists("acme"));
        assert_error(e, definition_save("acme", other, true, &e), EEXIST, "TenantExists",
                     "a tenant acme already");
        assert_ok(e, definition_save("acme", other, false, &e));
        later = unit_read(CONF "acme.conf");
        assert_string_equal(later, "[Tenant]\nImage=y\n");
        unit_write(CONF "acme.conf.d/x.conf", "");
        unit_write(CONF "acme2.conf", "[Tenant]\nImage=x\n");
        assert_ok(e, definition_remove("acme", &e));
        assert_ok(e, definition_remove("acme", &e));
        assert_false(definition_exists("acme"));
        assert_int_equal(unit_count(CONF), 1);
}

static void test_list(void **state) {
        _cleanup_(strv_free_p) char **names = NULL, **none = NULL;
        TenantError e = {};

        assert_ok(e, definition_list(&none, &e));
        assert_int_equal(strv_length(none), 0);
        unit_write(CONF "zeta.conf", "");
        unit_write(CONF "acme.conf", "");
        unit_write(CONF "mid.conf", "");
        unit_write(CONF "acme.conf.d/x.conf", "");
        unit_write(CONF "Upper.conf", "");
        unit_write(CONF ".hidden.conf", "");
        unit_write(CONF "note.txt", "");
        assert_int_equal(mkdir(unit_path(CONF "dir.conf"), 0755), 0);
        assert_ok(e, definition_list(&names, &e));
        assert_int_equal(strv_length(names), 3);
        assert_string_equal(names[0], "acme");
        assert_string_equal(names[1], "mid");
        assert_string_equal(names[2], "zeta");
}

static const char *section_of(void *userdata, const char *key) {
        assert_string_equal(userdata, "table");
        return strcmp(key, "MemoryMax") == 0 ? "Cgroup" : strcmp(key, "Size") == 0 ? "Storage" : NULL;
}

static void test_settings(void **state) {
        static const DefinitionSetting settings[] = {
                { "Image", "bookworm" }, { "Docker.Enabled", "no" },
                { "MemoryMax", "1G" },   { "Size", "" },
                { "Publish", "80:80" },  { "Cgroup.CPUQuota", "50%" },
                { "Ids", "65536" },      { "Root", "auto" },
                { "Description", "" },   { "Network.Backend", "routed" },
        };
        _cleanup_(keyfile_free_p) Keyfile *k = NULL;
        _cleanup_free_ char *text = NULL;
        TenantError e = {};

        assert_ok(e, definition_keyfile_from_settings(settings, ELEMENTSOF(settings), section_of,
                                                      (char *) "table", &k, &e));
        assert_int_equal(keyfile_format(k, &text), 0);
        assert_string_equal(text, "[Tenant]\nImage=bookworm\nDescription=\n\n[Docker]\nEnabled=no\n\n"
                                  "[Cgroup]\nMemoryMax=1G\nCPUQuota=50%\n\n[Storage]\nSize=\nRoot=auto\n\n"
                                  "[Network]\nPublish=80:80\nBackend=routed\n\n[Namespace]\nIds=65536\n");
}

static void test_settings_refused(void **state) {
        static const struct {
                DefinitionSetting settings[2];
                const char *part;
        } cases[] = {
                { { { "Colour", "red" } }, "\"Colour\" is not known" },
                { { { "Enabled", "yes" } }, "write Section.Key" },
                { { { "Backend", "x" } }, "write Section.Key" },
                { { { "Tenants.Image", "x" } }, "\"Tenants.Image\": unknown section" },
                { { { "AVeryLongSectionName.Image", "x" } }, "unknown section" },
                { { { "Image", "x" }, { "Tenant.Image", "y" } }, "[Tenant] Image= is given twice" },
                { { { "Tenant.", "x" } }, "Section and key" },
                { { { "Tenant.Image", "a\nb" } }, "[Tenant] Image: a value" },
                { { { "", "x" } }, "is not known" },
                { { { "Im\033age", "x" } }, "not printable" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                size_t n = cases[i].settings[1].key ? 2 : 1;
                Keyfile *k = NULL;
                TenantError e = {};

                assert_error(e, definition_keyfile_from_settings(cases[i].settings, n, NULL, NULL, &k, &e),
                             EINVAL, "InvalidSetting", cases[i].part);
                assert_null(k);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_defaults),
                cmocka_unit_test(test_everything),
                cmocka_unit_test(test_profile_sets_docker),
                cmocka_unit_test(test_empty_takes_back),
                cmocka_unit_test(test_refused),
                cmocka_unit_test(test_too_many_ports),
                cmocka_unit_test(test_name),
                cmocka_unit_test_setup(test_load, unit_root_empty),
                cmocka_unit_test_setup(test_load_names_dropin, unit_root_empty),
                cmocka_unit_test_setup(test_save_and_remove, unit_root_empty),
                cmocka_unit_test_setup(test_list, unit_root_empty),
                cmocka_unit_test(test_settings),
                cmocka_unit_test(test_settings_refused),
        };

        return cmocka_run_group_tests_name("definition", tests, unit_root_setup, unit_root_teardown);
}
