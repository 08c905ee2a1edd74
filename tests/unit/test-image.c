/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test-image.c: images: listed only when whole, never replaced, never removed under a tenant. Owned by
 * tests/unit.
 */
#include "idrange.h"
#include "image.h"
#include "unit.h"
#include <fcntl.h>

#define IMAGES "var/lib/tenantd/images/"
#define CONF "etc/tenantd/tenants/"
#define DIGEST "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define GOOD                                                                                                \
        "[Image]\nFormat=1\nDigest=" DIGEST                                                                 \
        "\nSource=build:bookworm\nProfile=docker\nSizeBytes=123456789012\n"                                 \
        "Entries=4321\nCreatedUsec=1700000000000000\nSkipped=2\n"

static Image sample(const char *name) {
        return (Image){ .name = (char *) name,
                        .digest = (char *) DIGEST,
                        .source = (char *) "import",
                        .profile = (char *) "plain",
                        .size_bytes = 10,
                        .entries = 2,
                        .created_usec = 3,
                        .skipped = 4 };
}

static void write_image(const char *name) {
        char path[128];

        snprintf(path, sizeof(path), IMAGES "%s/manifest", name);
        unit_write(path, GOOD);
        snprintf(path, sizeof(path), IMAGES "%s/root/etc/os-release", name);
        unit_write(path, "ID=test\n");
}

static void test_load(void **state) {
        _cleanup_(image_free_p) Image *i = NULL;
        TenantError e = {};

        assert_error(e, image_load("bookworm", &i, &e), ENOENT, "NoSuchImage", "tenantctl image");
        assert_error(e, image_load("..", &i, &e), EINVAL, "InvalidName", "image name");
        write_image("bookworm");
        assert_ok(e, image_load("bookworm", &i, &e));
        assert_string_equal(i->name, "bookworm");
        assert_string_equal(i->digest, DIGEST);
        assert_string_equal(i->source, "build:bookworm");
        assert_string_equal(i->profile, "docker");
        assert_int_equal(i->size_bytes, 123456789012);
        assert_int_equal(i->entries, 4321);
        assert_int_equal(i->created_usec, 1700000000000000);
        assert_int_equal(i->skipped, 2);
}

static void test_damaged(void **state) {
        static const struct {
                const char *text, *part;
        } cases[] = {
                { "[Image]\nFormat=2\n", "Format" },
                { "[Image]\nDigest=sha256:01\n", "Digest" },
                { "[Image]\nDigest=md5:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n",
                  "Digest" },
                { "[Image]\nDigest=sha256:"
                  "0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef\n",
                  "Digest" },
                { "[Image]\nDigest=" DIGEST "0\n", "Digest" },
                { "[Image]\nDigest=" DIGEST "x\n", "Digest" },
                { "[Image]\nSource=\n", "Source" },
                { "[Image]\nProfile=vm\n", "Profile" },
                { "[Image]\nSizeBytes=-1\n", "SizeBytes" },
                { "[Image]\nEntries=x\n", "Entries" },
                { "[Image]\nCreatedUsec=\n", "CreatedUsec" },
                { "[Image]\nSkipped=4294967296\n", "Skipped" },
                { "garbage", "a line of it" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Image *image = NULL;
                TenantError e = {};
                char text[1024];

                snprintf(text, sizeof(text), "%s%s", GOOD, cases[i].text);
                unit_write(IMAGES "x/manifest", text);
                assert_error(e, image_load("x", &image, &e), EBADMSG, "Damaged", cases[i].part);
                assert_null(image);
        }
}

static void test_every_line_needed(void **state) {
        size_t n = 0;

        for (const char *line = strchr(GOOD, '\n') + 1; *line; line = strchr(line, '\n') + 1, n++) {
                Image *image = NULL;
                TenantError e = {};
                char text[1024];

                snprintf(text, sizeof(text), "%.*s%s", (int) (line - GOOD), GOOD, strchr(line, '\n') + 1);
                unit_write(IMAGES "x/manifest", text);
                assert_error(e, image_load("x", &image, &e), EBADMSG, "Damaged", "missing or not valid");
        }
        assert_int_equal(n, 8);
}

static void test_list_and_open(void **state) {
        _cleanup_(strv_free_p) char **names = NULL;
        _cleanup_close_ int fd = -1, file_fd = -1;
        TenantError e = {};

        write_image("trixie");
        write_image("bookworm");
        unit_write(IMAGES ".sid.partial/root/x", "");
        unit_write(IMAGES "lost+found/x", "");
        assert_ok(e, image_list(&names, &e));
        assert_int_equal(strv_length(names), 2);
        assert_string_equal(names[0], "bookworm");
        assert_string_equal(names[1], "trixie");
        fd = image_open_root("trixie", &e);
        assert_ok(e, fd);
        file_fd = openat(fd, "etc/os-release", O_RDONLY | O_CLOEXEC);
        assert_true(file_fd >= 0);
        assert_error(e, image_open_root("sid", &e), ENOENT, "NoSuchImage", "sid");
        assert_error(e, image_open_root("../x", &e), EINVAL, "InvalidName", "image name");
}

/* A link in place of an image's root leads nowhere. */
static void test_open_follows_no_link(void **state) {
        TenantError e = {};

        unit_write(IMAGES "evil/manifest", GOOD);
        assert_int_equal(symlink("/", unit_path(IMAGES "evil/root")), 0);
        assert_error(e, image_open_root("evil", &e), ELOOP, "Failed", "evil");
}

static void require_root(void) {
        if (geteuid() != 0) {
                print_message("skipped: giving files away needs root\n");
                skip();
        }
}

static void test_begin_commit(void **state) {
        _cleanup_(image_free_p) Image *loaded = NULL;
        Image image = sample("new-one");
        _cleanup_close_ int fd = -1;
        TenantError e = {};
        struct stat st;

        require_root();
        umask(077);
        unit_write(IMAGES ".new-one.partial/root/left/over", "by an import that was killed");
        fd = image_begin("new-one", &e);
        umask(022);
        assert_ok(e, fd);
        assert_int_equal(fstat(fd, &st), 0);
        assert_int_equal(st.st_uid, IMAGE_ID_BASE);
        assert_int_equal(st.st_gid, IMAGE_ID_BASE);
        assert_int_equal(st.st_mode & 07777, 0755);
        assert_int_equal(unit_count(IMAGES ".new-one.partial/root"), 0);
        assert_int_equal(mkdirat(fd, "etc", 0755), 0);
        assert_error(e, image_open_root("new-one", &e), ENOENT, "NoSuchImage", "new-one");
        assert_ok(e, image_commit(&image, &e));
        assert_true(unit_exists(IMAGES "new-one/root/etc"));
        assert_int_equal(unit_count(IMAGES), 1);
        assert_ok(e, image_load("new-one", &loaded, &e));
        assert_string_equal(loaded->source, "import");
        assert_int_equal(loaded->size_bytes, 10);
        assert_int_equal(loaded->skipped, 4);
        assert_error(e, image_begin("new-one", &e), EEXIST, "ImageExists", "new-one already");
}

/* Whatever the umask, nobody but root looks into what is being unpacked. */
static void test_partial_is_private(void **state) {
        TenantError e = {};
        struct stat st;
        int fd;

        require_root();
        umask(0);
        fd = image_begin("new-one", &e);
        umask(022);
        assert_ok(e, fd);
        fd_close(fd);
        assert_int_equal(stat(unit_path(IMAGES ".new-one.partial"), &st), 0);
        assert_int_equal(st.st_uid, 0);
        assert_int_equal(st.st_mode & 07777, 0700);
}

/* Two imports of one name: the second cannot replace the first. */
static void test_commit_never_replaces(void **state) {
        Image image = sample("bookworm");
        TenantError e = {};

        write_image("bookworm");
        unit_write(IMAGES ".bookworm.partial/root/other", "");
        assert_error(e, image_commit(&image, &e), EEXIST, "ImageExists", "bookworm already");
        assert_true(unit_exists(IMAGES "bookworm/root/etc/os-release"));
        assert_ok(e, image_abort("bookworm", &e));
        assert_ok(e, image_abort("bookworm", &e));
        assert_int_equal(unit_count(IMAGES), 1);
}

static void test_commit_refused(void **state) {
        Image image = sample("x");
        TenantError e = {};

        unit_write(IMAGES ".x.partial/root/f", "");
        image.digest = NULL;
        assert_error(e, image_commit(&image, &e), EINVAL, "Failed", "lacks digest");
        image = sample("x");
        image.source = (char *) "a\nb";
        assert_error(e, image_commit(&image, &e), EINVAL, "Failed", "lacks digest");
        image = sample("y");
        assert_error(e, image_commit(&image, &e), ENOENT, "Failed", "Cannot commit image y");
        assert_false(unit_exists(IMAGES "x"));
}

static void test_users(void **state) {
        _cleanup_(strv_free_p) char **users = NULL, **none = NULL;
        TenantError e = {};

        unit_write(CONF "zeta.conf", "[Tenant]\nImage=bookworm\n");
        unit_write(CONF "acme.conf", "[Tenant]\nImage=trixie\n");
        unit_write(CONF "acme.conf.d/x.conf", "[Tenant]\nImage=bookworm\n");
        unit_write(CONF "other.conf", "[Tenant]\nImage=trixie\n");
        assert_ok(e, image_users("bookworm", &users, &e));
        assert_int_equal(strv_length(users), 2);
        assert_string_equal(users[0], "acme");
        assert_string_equal(users[1], "zeta");
        assert_ok(e, image_users("sid", &none, &e));
        assert_int_equal(strv_length(none), 0);
}

static void test_remove(void **state) {
        TenantError e = {};

        assert_error(e, image_remove("bookworm", &e), ENOENT, "NoSuchImage", "bookworm");
        write_image("bookworm");
        unit_write(CONF "acme.conf", "[Tenant]\nImage=bookworm\n");
        assert_error(e, image_remove("bookworm", &e), EBUSY, "ImageInUse", "used by acme");
        unit_write(CONF "acme.conf", "broken");
        assert_error(e, image_remove("bookworm", &e), EINVAL, "InvalidSetting", "acme.conf:1:");
        assert_true(unit_exists(IMAGES "bookworm/root/etc/os-release"));
        unit_write(CONF "acme.conf", "[Tenant]\nImage=trixie\n");
        unit_write("var/lib/tenantd/tenants/lost/allocation", "of a tenant without a definition");
        assert_error(e, image_remove("bookworm", &e), EBUSY, "ImageInUse", "tenantctl remove lost");
        unit_write("var/lib/tenantd/tenants/lost/removing", "");
        unit_write(IMAGES ".bookworm.removed/left", "by a removal that was killed");
        assert_ok(e, image_remove("bookworm", &e));
        assert_int_equal(unit_count(IMAGES), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(test_load, unit_root_empty),
                cmocka_unit_test_setup(test_damaged, unit_root_empty),
                cmocka_unit_test_setup(test_every_line_needed, unit_root_empty),
                cmocka_unit_test_setup(test_list_and_open, unit_root_empty),
                cmocka_unit_test_setup(test_open_follows_no_link, unit_root_empty),
                cmocka_unit_test_setup(test_begin_commit, unit_root_empty),
                cmocka_unit_test_setup(test_partial_is_private, unit_root_empty),
                cmocka_unit_test_setup(test_commit_never_replaces, unit_root_empty),
                cmocka_unit_test_setup(test_commit_refused, unit_root_empty),
                cmocka_unit_test_setup(test_users, unit_root_empty),
                cmocka_unit_test_setup(test_remove, unit_root_empty),
        };

        return cmocka_run_group_tests_name("image", tests, unit_root_setup, unit_root_teardown);
}
