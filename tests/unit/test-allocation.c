/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test-allocation.c: allocations: what is given is given once, and a file that is not certain stops
 * everything. Owned by tests/unit.
 */
#include "allocation.h"
#include "unit.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/socket.h>

#define STATE "var/lib/tenantd/tenants/"
#define CONF "etc/tenantd/tenants/"

static uint32_t user_first, user_last; /* ids that NSS is to know */

struct passwd *__wrap_getpwuid(uid_t uid);
struct group *__wrap_getgrgid(gid_t gid);

struct passwd *__wrap_getpwuid(uid_t uid) {
        static struct passwd entry;

        return user_first && uid >= user_first && uid <= user_last ? &entry : NULL;
}

struct group *__wrap_getgrgid(gid_t gid) {
        return NULL;
}

static int setup(void **state) {
        user_first = 0;
        return unit_root_empty(state);
}

static Definition *defined(const char *name, const char *more) {
        _cleanup_free_ char *text = NULL;
        Definition *d = NULL;
        TenantError e = {};
        char path[128];

        assert_true(asprintf(&text, "[Tenant]\nImage=x\n%s", more) > 0);
        snprintf(path, sizeof(path), CONF "%s.conf", name);
        unit_write(path, text);
        assert_ok(e, definition_load(name, &d, &e));
        return d;
}

static void choose_backends(Allocation *a) {
        static const char *const names[] = { "user", "v2", "projectquota", "routed" };

        for (size_t i = 0; i < TENANT_KIND_COUNT; i++) {
                a->backends[i] = strdup(names[i]);
        }
}

/* Chooses, saves, and gives what was saved. */
static Allocation *create(const char *name, const char *more) {
        _cleanup_(definition_free_p) Definition *d = defined(name, more);
        Allocation *a = NULL;
        TenantError e = {};

        assert_ok(e, allocation_choose(d, &a, &e));
        choose_backends(a);
        assert_ok(e, allocation_save(name, a, &e));
        return a;
}

/* The same where only the file counts. */
static void create_file(const char *name, const char *more) {
        allocation_free(create(name, more));
}

static int choose(const char *name, const char *more, TenantError *e) {
        _cleanup_(definition_free_p) Definition *d = defined(name, more);
        Allocation *a = NULL;
        int r = allocation_choose(d, &a, e);

        assert_true(r >= 0 || !a);
        allocation_free(a);
        return r;
}

static void test_first(void **state) {
        _cleanup_(allocation_free_p) Allocation *a = create("acme", "[Docker]\nEnabled=no\n"),
                                                *b = create("rival", "");

        assert_int_equal(a->index, 0);
        assert_int_equal(a->ids.base, TENANT_ID_FIRST);
        assert_int_equal(a->ids.count, 262144);
        assert_int_equal(a->project_id, PROJECT_ID_BASE);
        assert_int_equal(a->docker_port, 0);
        assert_int_equal(b->index, 1);
        assert_int_equal(b->ids.base, TENANT_ID_FIRST + 262144);
        assert_int_equal(b->project_id, PROJECT_ID_BASE + 1);
        assert_in_range(b->docker_port, DOCKER_PORT_FIRST, DOCKER_PORT_LAST);
        assert_string_not_equal(a->uuid, b->uuid);
        assert_int_equal(a->uuid[14], '4');
        assert_non_null(strchr("89ab", a->uuid[19]));
}

static void test_save_load(void **state) {
        _cleanup_(allocation_free_p) Allocation *a = create("acme", ""), *b = NULL;
        TenantError e = {};
        struct stat st;

        assert_int_equal(allocation_add_fact(a, TENANT_KIND_NETWORK, "address", "10.0.0.1"), 0);
        assert_int_equal(allocation_add_fact(a, TENANT_KIND_STORAGE, "address", "other kind"), 0);
        assert_int_equal(allocation_add_fact(a, TENANT_KIND_NETWORK, "address", "10.0.0.2"), 0);
        assert_ok(e, allocation_save("acme", a, &e));
        assert_ok(e, allocation_load("acme", &b, &e));
        assert_string_equal(a->uuid, b->uuid);
        assert_int_equal(a->index, b->index);
        assert_int_equal(a->ids.base, b->ids.base);
        assert_int_equal(a->ids.count, b->ids.count);
        assert_int_equal(a->project_id, b->project_id);
        assert_int_equal(a->docker_port, b->docker_port);
        for (size_t i = 0; i < TENANT_KIND_COUNT; i++) {
                assert_string_equal(a->backends[i], b->backends[i]);
        }
        assert_int_equal(b->n_facts, 2);
        assert_int_equal(b->facts[0].kind, TENANT_KIND_NETWORK);
        assert_string_equal(b->facts[0].key, "address");
        assert_string_equal(b->facts[0].value, "10.0.0.2");
        assert_int_equal(b->facts[1].kind, TENANT_KIND_STORAGE);
        assert_int_equal(stat(unit_path(STATE "acme"), &st), 0);
        assert_int_equal(st.st_mode & 07777, 0700);
        assert_int_equal(stat(unit_path(STATE "acme/allocation"), &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
}

static void test_facts_refused(void **state) {
        _cleanup_(allocation_free_p) Allocation *a = create("acme", "");
        char key[16];

        assert_int_equal(allocation_add_fact(a, TENANT_KIND_NETWORK, "a b", "x"), -EINVAL);
        assert_int_equal(allocation_add_fact(a, TENANT_KIND_NETWORK, "k", "x\ny"), -EINVAL);
        assert_int_equal(allocation_add_fact(a, TENANT_KIND_NETWORK, "k", NULL), -EINVAL);
        assert_int_equal(allocation_add_fact(a, TENANT_KIND_COUNT, "k", "x"), -EINVAL);
        assert_int_equal(a->n_facts, 0);
        for (unsigned i = 0; i < ALLOCATION_FACTS_MAX; i++) {
                snprintf(key, sizeof(key), "k%u", i);
                assert_int_equal(allocation_add_fact(a, TENANT_KIND_NETWORK, key, "x"), 0);
        }
        assert_int_equal(allocation_add_fact(a, TENANT_KIND_NETWORK, "more", "x"), -E2BIG);
        assert_int_equal(allocation_add_fact(a, TENANT_KIND_NETWORK, "k0", "y"), 0);
}

static void test_save_refused(void **state) {
        _cleanup_(allocation_free_p) Allocation *a = create("acme", "");
        TenantError e = {};

        assert_error(e, allocation_save("../x", a, &e), EINVAL, "InvalidName", "tenant name");
        a->backends[TENANT_KIND_CGROUP][0] = '\0';
        assert_error(e, allocation_save("acme", a, &e), EINVAL, "Failed", "Cgroup backend");
        strcpy(a->backends[TENANT_KIND_STORAGE], "auto");
        free(a->backends[TENANT_KIND_CGROUP]);
        a->backends[TENANT_KIND_CGROUP] = strdup("v2");
        assert_error(e, allocation_save("acme", a, &e), EINVAL, "Failed", "Storage backend");
}

#define GOOD                                                                                                \
        "[Allocation]\nFormat=1\nUuid=01234567-89ab-4def-8123-456789abcdef\nIndex=3\nIdBase=604241920\n"    \
        "IdCount=262144\nProjectId=1409286147\nDockerPort=22001\n[Backends]\nNamespace=user\nCgroup=v2\n"   \
        "Storage=directory\nNetwork=routed\n"

static void test_newer_keys(void **state) {
        _cleanup_(allocation_free_p) Allocation *a = NULL;
        TenantError e = {};

        unit_write(STATE "acme/allocation",
                   GOOD "Frobnicate=1\n[Facts.Network]\naddress=10.0.0.3\n[Facts.Time]\nx=1\n"
                        "[Future]\ny=2\n[Allocation]\nColour=red\n");
        assert_ok(e, allocation_load("acme", &a, &e));
        assert_int_equal(a->index, 3);
        assert_int_equal(a->docker_port, 22001);
        assert_int_equal(a->n_facts, 1);
}

/* Each behind a good file: the last value of a key wins. */
static void test_damaged(void **state) {
        static const struct {
                const char *text, *part;
        } cases[] = {
                { "[Allocation]\nFormat=2\n", "another version of tenantd" },
                { "[Allocation]\nUuid=01234567-89AB-4def-8123-456789abcdef\n", "Uuid=" },
                { "[Allocation]\nUuid=0123456789ab4def8123456789abcdef\n", "Uuid=" },
                { "[Allocation]\nUuid=01234567-89ab-4def-8123-456789abcde\n", "Uuid=" },
                { "[Allocation]\nIndex=16384\n", "Index= is not a number from 0 to 16383" },
                { "[Allocation]\nIndex=-1\n", "Index= is not" },
                { "[Allocation]\nIndex=4\n", "ProjectId= does not belong to Index=" },
                { "[Allocation]\nIdBase=0\n", "IdBase= is not a number from 604241920" },
                { "[Allocation]\nIdBase=603979776\n", "IdBase= is not a number" },
                { "[Allocation]\nIdBase=604241921\n", "multiples of 65536" },
                { "[Allocation]\nIdBase=1878982656\n", "multiples of 65536" },
                { "[Allocation]\nIdCount=0\n", "IdCount= is not a number" },
                { "[Allocation]\nIdCount=65537\n", "multiples of 65536" },
                { "[Allocation]\nIdCount=4294967295\n", "IdCount= is not a number" },
                { "[Allocation]\nProjectId=0\n", "ProjectId= is not a number" },
                { "[Allocation]\nDockerPort=65536\n", "DockerPort= is not a number" },
                { "[Allocation]\nDockerPort=\n", "DockerPort= is not a number" },
                { "[Backends]\nCgroup=auto\n", "[Backends] Cgroup= is not the name" },
                { "[Backends]\nNetwork=../../x\n", "[Backends] Network= is not the name" },
                { "garbage\n", "allocation:14: neither [Section] nor Key=Value" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Allocation *a = NULL;
                TenantError e = {};
                char text[1024];

                snprintf(text, sizeof(text), "%s%s", GOOD, cases[i].text);
                unit_write(STATE "acme/allocation", text);
                assert_error(e, allocation_load("acme", &a, &e), EBADMSG, "Damaged", cases[i].part);
                assert_non_null(strstr(e.message, "tenants/acme/allocation"));
                assert_non_null(strstr(e.message, "Restore the file"));
                assert_null(a);
        }
}

/* Without any one of its lines it is not an allocation. */
static void test_every_line_needed(void **state) {
        size_t n = 0;

        for (const char *line = GOOD; *line; line = strchr(line, '\n') + 1) {
                Allocation *a = NULL;
                TenantError e = {};
                char text[1024];
                int r;

                if (*line == '[') {
                        continue;
                }
                snprintf(text, sizeof(text), "%.*s%s", (int) (line - GOOD), GOOD, strchr(line, '\n') + 1);
                unit_write(STATE "acme/allocation", text);
                r = allocation_load("acme", &a, &e);
                assert_error(e, r, EBADMSG, "Damaged", "is missing");
                n++;
        }
        assert_int_equal(n, 11);
}

static void test_load_missing(void **state) {
        Allocation *a = NULL;
        TenantError e = {};

        assert_error(e, allocation_load("acme", &a, &e), ENOENT, "NoSuchTenant", "tenantctl create");
        assert_error(e, allocation_load("..", &a, &e), EINVAL, "InvalidName", "tenant name");
        unit_write(STATE "acme/x", "");
        assert_int_equal(mkfifo(unit_path(STATE "acme/allocation"), 0600), 0);
        assert_error(e, allocation_load("acme", &a, &e), EBADMSG, "Damaged", "not a regular file");
}

static void test_lowest_free(void **state) {
        _cleanup_(allocation_free_p) Allocation *b = NULL, *d = NULL;
        TenantError e = {};

        create_file("a", "");
        b = create("b", "");
        create_file("c", "");
        assert_ok(e, allocation_remove("b", &e));
        assert_ok(e, definition_remove("b", &e));
        d = create("d", "");
        assert_int_equal(d->index, 1);
        assert_int_equal(d->ids.base, b->ids.base);
        assert_int_equal(d->docker_port, b->docker_port);
        assert_string_not_equal(d->uuid, b->uuid);
}

/* The files on disk are what counts: any order of creations and removals, never two with the same. */
static void test_churn(void **state) {
        Allocation *live[8] = {};
        TenantError e = {};

        for (unsigned round = 0; round < 70; round++) {
                static const char *const sizes[] = { "65536", "131072", "262144" };
                uint32_t slot = unit_random(ELEMENTSOF(live));
                char name[8], more[64];

                snprintf(name, sizeof(name), "t%u", slot);
                if (live[slot]) {
                        assert_ok(e, allocation_remove(name, &e));
                        assert_ok(e, definition_remove(name, &e));
                        live[slot] = allocation_free(live[slot]);
                        continue;
                }
                snprintf(more, sizeof(more), "[Namespace]\nIds=%s\n", sizes[unit_random(3)]);
                live[slot] = create(name, more);
                for (size_t i = 0; i < ELEMENTSOF(live); i++) {
                        const Allocation *a = live[slot], *b = live[i];

                        if (!b || i == slot) {
                                continue;
                        }
                        assert_true(a->ids.base >= b->ids.base + b->ids.count ||
                                    b->ids.base >= a->ids.base + a->ids.count);
                        assert_int_not_equal(a->index, b->index);
                        assert_int_not_equal(a->project_id, b->project_id);
                        assert_int_not_equal(a->docker_port, b->docker_port);
                }
        }
        for (size_t i = 0; i < ELEMENTSOF(live); i++) {
                allocation_free(live[i]);
        }
}

static void test_unknown_blocks(void **state) {
        _cleanup_(allocation_free_p) Allocation *after = NULL;
        TenantError e = {};

        create_file("acme", "");
        unit_write(STATE "lost/pki/ca.crt", "");
        assert_error(e, choose("new-one", "", &e), EBADMSG, "Damaged",
                     "tenants/lost has no file \"allocation\"");
        unit_write(STATE "lost/allocation", "[Allocation]\nFormat=1\n");
        assert_error(e, choose("new-one", "", &e), EBADMSG, "Damaged", "tenants/lost/allocation");
        assert_ok(e, allocation_remove("lost", &e));
        after = create("new-one", "");
        assert_int_equal(after->index, 1);
}

static void test_own_leftover(void **state) {
        TenantError e = {};

        create_file("acme", "");
        assert_error(e, choose("acme", "", &e), EEXIST, "TenantExists", "acme has an allocation already");
        assert_int_equal(unlink(unit_path(STATE "acme/allocation")), 0);
        assert_ok(e, choose("acme", "", &e));
}

static void test_foreign_ids(void **state) {
        _cleanup_(allocation_free_p) Allocation *a = NULL;
        TenantError e = {};
        char line[64];

        snprintf(line, sizeof(line), "joe:%u:65536\n", TENANT_ID_FIRST + 65536);
        unit_write("etc/subuid", line);
        a = create("acme", "");
        assert_int_equal(a->ids.base, TENANT_ID_FIRST + 131072);
        unit_write("etc/subgid", "broken\n");
        assert_error(e, choose("rival", "", &e), EBADMSG, "HostNotReady", "etc/subgid:1:");
}

static void test_nss_ids(void **state) {
        _cleanup_(allocation_free_p) Allocation *a = NULL;
        TenantError e = {};

        user_first = TENANT_ID_FIRST;
        user_last = TENANT_ID_FIRST + 262144;
        a = create("acme", "");
        assert_int_equal(a->ids.base, TENANT_ID_FIRST + 524288);
        user_last = UINT32_MAX;
        assert_error(e, choose("rival", "", &e), ENOSPC, "NoSpace", "getent passwd");
}

static void test_facts_of_others(void **state) {
        static const char *const names[] = { "c", "a", "b" };
        struct tenant_fact *facts = NULL;
        TenantError e = {};
        size_t n = 0;

        assert_ok(e, allocation_facts_of_others(TENANT_KIND_NETWORK, NULL, &facts, &n, &e));
        assert_int_equal(n, 0);
        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                _cleanup_(allocation_free_p) Allocation *a = create(names[i], "");

                assert_int_equal(allocation_add_fact(a, TENANT_KIND_NETWORK, "address", names[i]), 0);
                assert_int_equal(allocation_add_fact(a, TENANT_KIND_STORAGE, "volume", names[i]), 0);
                assert_ok(e, allocation_save(names[i], a, &e));
        }
        assert_ok(e, allocation_facts_of_others(TENANT_KIND_NETWORK, "b", &facts, &n, &e));
        assert_int_equal(n, 2);
        assert_string_equal(facts[0].value, "a");
        assert_string_equal(facts[1].value, "c");
        assert_string_equal(facts[1].key, "address");
        assert_null(allocation_facts_free(facts, n));
        unit_write(STATE "b/allocation", "");
        assert_error(e, allocation_facts_of_others(TENANT_KIND_NETWORK, NULL, &facts, &n, &e), EBADMSG,
                     "Damaged", "/b/");
}

/* As daemons do it: the address may be reused. */
static int listener(uint16_t *ret_port) {
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t size = sizeof(address);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

        assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)), 0);
        assert_int_equal(bind(fd, (struct sockaddr *) &address, size), 0);
        assert_int_equal(listen(fd, 1), 0);
        assert_int_equal(getsockname(fd, (struct sockaddr *) &address, &size), 0);
        *ret_port = ntohs(address.sin_port);
        return fd;
}

/* A connection through the listener that the server's side ended: the port stays in TIME_WAIT for a minute. */
static void connect_once(int listener_fd, uint16_t port) {
        struct sockaddr_in address = { .sin_family = AF_INET,
                                       .sin_port = htons(port),
                                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), server;
        char byte;

        assert_int_equal(connect(client, (struct sockaddr *) &address, sizeof(address)), 0);
        server = accept4(listener_fd, NULL, NULL, SOCK_CLOEXEC);
        assert_true(server >= 0);
        fd_close(server);
        assert_int_equal(read(client, &byte, 1), 0);
        fd_close(client);
}

static void test_docker_port(void **state) {
        _cleanup_(allocation_free_p)
                Allocation *a = create("acme", "[Docker]\nPort=45\n[Network]\nPublish=9000:80\n"),
                           *b = NULL;
        _cleanup_close_ int fd = -1;
        TenantError e = {};
        char more[64];
        uint16_t port;

        assert_int_equal(a->docker_port, 45);
        assert_error(e, choose("b", "[Docker]\nPort=45\n", &e), EADDRINUSE, "AddressInUse",
                     "Port=45 is in use");
        assert_error(e, choose("b", "[Docker]\nPort=9000\n", &e), EADDRINUSE, "AddressInUse",
                     "Port=9000 is in use");
        fd = listener(&port);
        snprintf(more, sizeof(more), "[Docker]\nPort=%u\n", port);
        assert_error(e, choose("b", more, &e), EADDRINUSE, "AddressInUse", "is in use on this host");
        connect_once(fd, port);
        fd = fd_close(fd);
        b = create("b", more);
        assert_int_equal(b->docker_port, port);
}

/* The automatic port passes over what the tenant and others publish. */
static void test_docker_port_auto(void **state) {
        _cleanup_(allocation_free_p) Allocation *first = create("a", ""), *b = NULL;
        TenantError e = {};
        char more[80];

        snprintf(more, sizeof(more), "[Docker]\nEnabled=no\n[Network]\nPublish=%u:80\n", first->docker_port);
        assert_ok(e, allocation_remove("a", &e));
        assert_ok(e, definition_remove("a", &e));
        create_file("c", more);
        snprintf(more, sizeof(more), "[Network]\nPublish=%u:80\n", first->docker_port + 1);
        b = create("b", more);
        assert_true(b->docker_port > first->docker_port + 1);
}

/* An allocation that nobody chose; only its index tells it from others. */
static void allocated(const char *name, unsigned index) {
        char path[64], text[512];

        snprintf(path, sizeof(path), STATE "%s/allocation", name);
        snprintf(text, sizeof(text), "%s[Allocation]\nIndex=%u\nProjectId=%u\n", GOOD, index,
                 PROJECT_ID_BASE + index);
        unit_write(path, text);
}

/* Publishes all of Docker's ports from this one on that a definition has room for. */
static void publish_docker_ports(const char *name, uint32_t port) {
        char more[1024] = "[Network]\nPublish=";
        size_t used = strlen(more);

        for (uint32_t i = 0; i < DEFINITION_PORTS_MAX && port + i <= DOCKER_PORT_LAST; i++) {
                used += (size_t) snprintf(more + used, sizeof(more) - used, "%u:80 ", port + i);
        }
        definition_free(defined(name, more));
}

static void test_docker_ports_used_up(void **state) {
        TenantError e = {};
        char name[16], more[64];
        unsigned n = 0;

        for (uint32_t port = DOCKER_PORT_FIRST; port <= DOCKER_PORT_LAST; port += DEFINITION_PORTS_MAX) {
                snprintf(name, sizeof(name), "t%u", n);
                allocated(name, n++);
                publish_docker_ports(name, port);
        }
        assert_error(e, choose("b", "", &e), ENOSPC, "NoSpace", "write [Docker] Port=");
        snprintf(more, sizeof(more), "[Docker]\nPort=%u\n", DOCKER_PORT_LAST + 1);
        assert_ok(e, choose("b", more, &e));
        assert_ok(e, choose("b", "[Docker]\nEnabled=no\n", &e));
        /* The last of them is one. */
        publish_docker_ports(name, DOCKER_PORT_LAST - DEFINITION_PORTS_MAX);
        assert_ok(e, choose("b", "", &e));
}

static void test_indexes_used_up(void **state) {
        _cleanup_(allocation_free_p) Allocation *last = NULL;
        TenantError e = {};
        char name[16];

        for (unsigned i = 0; i <= ALLOCATION_INDEX_MAX; i++) {
                snprintf(name, sizeof(name), "t%u", i);
                allocated(name, i);
        }
        assert_error(e, choose("b", "", &e), ENOSPC, "NoSpace", "has 16384 tenants");
        assert_ok(e, allocation_remove(name, &e));
        last = create("b", "");
        assert_int_equal(last->index, ALLOCATION_INDEX_MAX);
}

static void test_published_ports(void **state) {
        _cleanup_(allocation_free_p) Allocation *a =
                create("acme", "[Network]\nPublish=9000:80 udp:9001:53\n");
        TenantError e = {};
        char more[64];

        assert_error(e, choose("b", "[Network]\nPublish=9000:81\n", &e), EADDRINUSE, "AddressInUse",
                     "host port 9000 is tenant acme's");
        assert_error(e, choose("b", "[Network]\nPublish=udp:9001:1\n", &e), EADDRINUSE, "AddressInUse",
                     "9001");
        snprintf(more, sizeof(more), "[Network]\nPublish=%u:1\n", a->docker_port);
        assert_error(e, choose("b", more, &e), EADDRINUSE, "AddressInUse", "tenant acme's");
        assert_ok(e, choose("b", "[Network]\nPublish=9001:1 udp:9000:1\n", &e));
        unit_write(CONF "acme.conf", "broken");
        assert_ok(e, choose("b", "[Network]\nPublish=9000:81\n", &e));
}

static void test_lock(void **state) {
        _cleanup_close_ int other = -1;
        TenantError e = {};
        int fd = allocation_lock(NULL, &e);

        assert_ok(e, fd);
        other = open(unit_path(STATE ".lock"), O_RDWR | O_CLOEXEC);
        assert_true(other >= 0);
        assert_int_equal(flock(other, LOCK_SH | LOCK_NB), -1);
        assert_int_equal(errno, EWOULDBLOCK);
        fd_close(fd);
        assert_int_equal(flock(other, LOCK_EX | LOCK_NB), 0);
}

static void test_remove(void **state) {
        _cleanup_(strv_free_p) char **names = NULL;
        TenantError e = {};

        create_file("acme", "");
        create_file("rival", "");
        unit_write(STATE "acme/pki/deep/ca.key", "secret");
        unit_write(STATE ".acme.removed/old", "left by a removal that was killed");
        unit_write(STATE ".other.removed/old", "");
        assert_ok(e, allocation_remove("acme", &e));
        assert_ok(e, allocation_remove("acme", &e));
        assert_false(unit_exists(STATE "acme"));
        assert_false(unit_exists(STATE ".acme.removed"));
        assert_true(unit_exists(STATE ".other.removed"));
        assert_ok(e, allocation_collect(&e));
        assert_int_equal(unit_count(STATE), 1);
        assert_ok(e, allocation_list(&names, &e));
        assert_int_equal(strv_length(names), 1);
        assert_string_equal(names[0], "rival");
        assert_error(e, allocation_remove("..", &e), EINVAL, "InvalidName", "tenant name");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(test_first, setup),
                cmocka_unit_test_setup(test_save_load, setup),
                cmocka_unit_test_setup(test_facts_refused, setup),
                cmocka_unit_test_setup(test_save_refused, setup),
                cmocka_unit_test_setup(test_newer_keys, setup),
                cmocka_unit_test_setup(test_damaged, setup),
                cmocka_unit_test_setup(test_every_line_needed, setup),
                cmocka_unit_test_setup(test_load_missing, setup),
                cmocka_unit_test_setup(test_lowest_free, setup),
                cmocka_unit_test_setup(test_churn, setup),
                cmocka_unit_test_setup(test_unknown_blocks, setup),
                cmocka_unit_test_setup(test_own_leftover, setup),
                cmocka_unit_test_setup(test_foreign_ids, setup),
                cmocka_unit_test_setup(test_nss_ids, setup),
                cmocka_unit_test_setup(test_facts_of_others, setup),
                cmocka_unit_test_setup(test_docker_port, setup),
                cmocka_unit_test_setup(test_docker_port_auto, setup),
                cmocka_unit_test_setup(test_docker_ports_used_up, setup),
                cmocka_unit_test_setup(test_indexes_used_up, setup),
                cmocka_unit_test_setup(test_published_ports, setup),
                cmocka_unit_test_setup(test_lock, setup),
                cmocka_unit_test_setup(test_remove, setup),
        };

        return cmocka_run_group_tests_name("allocation", tests, unit_root_setup, unit_root_teardown);
}
