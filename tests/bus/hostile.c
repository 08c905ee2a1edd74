/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hostile.c: see hostile.h. Owned by tests/bus. */
#include "hostile.h"
#include <fcntl.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>

#define DEPTH_MAX 40u /* of containers; the specification allows 64 */
#define BYTES_MAX (3u << 20)
#define DESCRIPTORS_MAX 16u /* of one message, as the bus allows */
#define TEXT_MAX (1u << 20)
#define HELD_MAX 256u

static uint64_t state;
static char directory[64];
static char shown[256];
static size_t bytes_left;
static unsigned descriptors_left;
static bool plausible; /* this message is one that somebody could mean */
static int held[HELD_MAX];
static size_t n_held;

/* splitmix64 */
static uint64_t next(void) {
        uint64_t z = (state += UINT64_C(0x9E3779B97F4A7C15));

        z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
        return z ^ (z >> 31);
}

void hostile_seed(uint64_t seed, unsigned batch) {
        state = seed;
        state = next() ^ batch; /* not seed + batch: near seeds give near sequences */
        state = next();
}

unsigned hostile_below(unsigned n) {
        return (unsigned) (next() % n);
}

#define PICK(list) ((list)[hostile_below(ELEMENTSOF(list))])

/* The doubles know what to do with these: fail*, slow* and refused* do. */
static const char *const names[] = { "acme",     "acme", "rival", "third", "fail1", "slow1",
                                     "refused1", "img",  "img",   "small", "busy",  "null" };

static const char *const texts[] = {
        "",
        ".",
        "..",
        "/",
        "//",
        "../acme",
        "acme/../acme",
        "a/b",
        "ACME",
        "Acme",
        "-a",
        "a-",
        "a--b",
        "a.b",
        "a_b",
        "a b",
        " acme",
        "acme ",
        "acme\n",
        "acme\n[Docker]\nEnabled=yes",
        "acme\r",
        "acme\t",
        "acme\x7f",
        "\x1b[2J\x1b]0;x\x07",
        "\x01\x02\x03\x1f",
        "%s%n%s%n%x",
        "%i",
        "tenant@acme.service",
        "acme.conf",
        ".acme.partial",
        ".names",
        "0",
        "1",
        "9acme",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", /* 63: the longest name */
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "\xC3\xA9t\xC3\xA9",
        "\xF0\x9F\x90\xB3",
        "\xE2\x80\xAE"
        "emca",
        "\xEF\xBB\xBF"
        "acme",
        "\xEF\xBF\xBF",
        "\xF4\x8F\xBF\xBF",
        "a\xCC\x81",
        "--help",
        "-o",
        "$(reboot)",
        "`reboot`",
        "; reboot",
        "'\"\\",
        "auto",
        "null",
        "bookworm",
        "sid; true",
        "docker",
        "plain",
        "yes",
        "no",
        "true",
        "sh",
        "/bin/sh",
        "-c",
        "reboot",
};

static const char *const numbers[] = {
        "0",
        "1",
        "-1",
        "00",
        "0x10",
        "1e9",
        "65535",
        "65536",
        "131072",
        "262144",
        "1048576",
        "4294967295",
        "4294967296",
        "18446744073709551615",
        "18446744073709551616",
        "99999999999999999999999999",
        "1K",
        "2G",
        "20G",
        "16E",
        "1.5G",
        "2Gi",
        "infinity",
        "150%",
        "0%",
        "-1%",
        "8080:80",
        "8080:80/udp 53:53/udp",
        "0:0",
        "1-65535:1",
        "65536:80",
        "0-3,5",
        "8191",
        "192.0.2.7",
        "256.1.1.1",
        "10.0.0.1 10.0.0.2 10.0.0.3",
        "::1",
};

/* Names below the directory of hostile_make_files(), and of the machine. */
static const char *const files[] = { "good.tar", "good.tar", "cut.tar", "garbage", "empty",  "sparse",
                                     "link",     "loop",     "fifo",    "socket",  "folder", "absent" };
static const char *const places[] = { "/",
                                      "/dev/zero",
                                      "/dev/full",
                                      "/dev/tty",
                                      "/dev/random",
                                      "/proc/self/mem",
                                      "/proc/self/fd/0",
                                      "/proc/self/maps",
                                      "/proc/kcore",
                                      "/proc/1/root/etc/shadow",
                                      "/etc/../etc/passwd",
                                      "//etc//passwd",
                                      "/sys/kernel",
                                      "relative",
                                      "./relative",
                                      "/run" };

/* What options and settings are called. */
static const struct {
        const char *key;
        const char *value; /* NULL: anything of the type */
        const char *type; /* NULL: a text */
} settings[] = {
        { "Image", "img" },
        { "Profile", "plain" },
        { "Profile", "docker" },
        { "Description", "a text" },
        { "Tenant.Image", "img" },
        { "Namespace.Backend", "null" },
        { "Cgroup.Backend", "null" },
        { "Storage.Backend", "null" },
        { "Network.Backend", "null" },
        { "Network.Backend", "routed" },
        { "Namespace.Ids", "65536" },
        { "Cgroup.MemoryMax", "1G" },
        { "CPUQuota", "150%" },
        { "TasksMax", "512" },
        { "Storage.Size", "20G" },
        { "Inodes", "1000" },
        { "Storage.Root", "overlay" },
        { "Network.Publish", "8080:80" },
        { "DNS", "192.0.2.1" },
        { "Address", "10.0.0.7" },
        { "Docker.Enabled", "yes" },
        { "Docker.Port", "2400" },
        { "Docker.Ready", "docker" },
        { "force", NULL, "b" },
        { "Packages", NULL, "as" },
        { "Source", "a test" },
        { "CommonName", "client" },
        { "Days", NULL, "u" },
        { "TimeoutUSec", NULL, "t" },
        { "Input", NULL, "ay" },
        { "x-anything", "x" },
};

static const char *fill(size_t size) {
        static char buf[TEXT_MAX + 1];
        char letter = (char) (one_in(4) ? 1 + hostile_below(0x7E) : 'a' + hostile_below(26));

        memset(buf, letter, size);
        buf[size] = '\0';
        return buf;
}

static const char *noise(void) {
        static char buf[96];
        size_t n = hostile_below(sizeof(buf));

        for (size_t i = 0; i < n; i++) {
                buf[i] = (char) (1 + hostile_below(0x7E));
        }
        buf[n] = '\0';
        return buf;
}

static const char *file_path(void) {
        static char buf[128];

        if (!plausible && one_in(3)) {
                return PICK(places);
        }
        snprintf(buf, sizeof(buf), "%s/%s", directory, PICK(files));
        return buf;
}

/* One letter more, less or other. ASCII, so that it is UTF-8 still. */
static const char *twist(const char *text) {
        static char buf[128];
        size_t n, at;

        snprintf(buf, sizeof(buf) - 1, "%.100s", text);
        n = strlen(buf);
        at = n ? hostile_below((unsigned) n) : 0;
        if ((buf[at] & 0x80) || n == 0) {
                return buf;
        }
        if (one_in(3)) {
                memmove(buf + at, buf + at + 1, n - at);
        } else if (one_in(2)) {
                memmove(buf + at + 1, buf + at, n - at + 1);
        } else {
                buf[at] = (char) (1 + hostile_below(0x7E));
        }
        return buf;
}

static const char *any_text(void) {
        if (plausible) {
                return PICK(names);
        }
        switch (hostile_below(20)) {
        case 0 ... 5:
                return PICK(names);
        case 6 ... 8:
                return PICK(texts);
        case 9:
                return twist(PICK(names));
        case 10:
                return twist(PICK(texts));
        case 11:
                return PICK(numbers);
        case 12:
                return file_path();
        case 13:
                return noise();
        default:
                return one_in(8) ? fill(one_in(4) ? TEXT_MAX : hostile_below(70000)) : PICK(names);
        }
}

static void show(const char *text) {
        size_t n = strlen(shown);

        for (size_t i = 0; i < 40 && text[i] && n + 3 < sizeof(shown); i++) {
                shown[n++] = text[i] >= 0x20 && text[i] < 0x7F ? text[i] : '?';
        }
        if (n + 2 < sizeof(shown)) {
                shown[n++] = ' ';
        }
        shown[n] = '\0';
}

const char *hostile_shown(void) {
        return shown;
}

static void append_text(DBusMessageIter *to, const char *text) {
        if (strlen(text) > bytes_left) {
                text = "x";
        }
        bytes_left -= strlen(text) < bytes_left ? strlen(text) : bytes_left;
        show(text);
        dbus_message_iter_append_basic(to, DBUS_TYPE_STRING, &text);
}

static uint64_t any_number(void) {
        static const uint64_t edges[] = { 0,         1,          9,          15,         64,
                                          65,        0x7F,       0x80,       0xFF,       0x7FFF,
                                          0x8000,    0xFFFF,     1u << 31,   0x7FFFFFFF, UINT32_MAX,
                                          INT64_MAX, UINT64_MAX, 1ull << 63, 1000000,    UINT64_MAX - 1 };

        return plausible ? edges[hostile_below(5)] : one_in(4) ? next() : PICK(edges);
}

static void hold(int fd) {
        if (n_held == HELD_MAX) {
                hostile_release();
        }
        held[n_held++] = fd;
}

void hostile_release(void) {
        while (n_held > 0) {
                close(held[--n_held]);
        }
}

static int open_file(const char *name, int flags) {
        char path[128];

        snprintf(path, sizeof(path), "%s/%s", directory, name);
        return open(path, flags | O_CLOEXEC | O_NONBLOCK);
}

/* The reading end; the other one is closed, held open, or written to. */
static int open_pipe(void) {
        int ends[2];

        if (pipe2(ends, O_CLOEXEC) < 0) {
                return -1;
        }
        if (one_in(2)) {
                (void) !write(ends[1], "garbage", 7); /* it has room */
        }
        if (one_in(2)) {
                close(ends[1]);
        } else {
                hold(ends[1]);
        }
        return ends[0];
}

static int open_writing_end(void) {
        int ends[2];

        if (pipe2(ends, O_CLOEXEC) < 0) {
                return -1;
        }
        hold(ends[0]);
        return ends[1];
}

static int open_socket(int type) {
        int ends[2];

        if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) < 0) {
                return -1;
        }
        if (one_in(2)) {
                close(ends[1]);
        } else {
                hold(ends[1]);
        }
        return ends[0];
}

static int open_special(unsigned kind) {
        switch (kind) {
        case 0:
                return eventfd(1, EFD_CLOEXEC);
        case 1:
                return timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
        case 2:
                return epoll_create1(EPOLL_CLOEXEC);
        case 3:
                return inotify_init1(IN_CLOEXEC);
        case 4:
                return memfd_create("hostile", MFD_CLOEXEC);
        case 5:
                return (int) syscall(SYS_pidfd_open, getpid(), 0);
        case 6:
                return posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
        case 7:
                return open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC);
        default:
                return open("/proc/self/mem", O_RDWR | O_CLOEXEC);
        }
}

static int open_any(void) {
        switch (hostile_below(12)) {
        case 0 ... 1:
                return open_pipe();
        case 2:
                return open_writing_end();
        case 3:
                return open_socket(SOCK_STREAM);
        case 4:
                return open_socket(one_in(2) ? SOCK_DGRAM : SOCK_SEQPACKET);
        case 5:
                return open_file(PICK(files), O_PATH | O_NOFOLLOW);
        case 6:
                return open_file(PICK(files), O_RDWR);
        case 7:
                return open(PICK(places), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        case 8:
                return open_special(hostile_below(9));
        default:
                return open_file(PICK(files), O_RDONLY);
        }
}

int hostile_descriptor(void) {
        return one_in(3) ? -1 : open_any();
}

/* A duplicate. Nobody comes here when no more may be passed: see append_variant() and append_array(). */
static void append_descriptor(DBusMessageIter *to) {
        int fd = open_any();

        if (fd < 0) {
                fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        }
        descriptors_left--;
        show("<fd>");
        dbus_message_iter_append_basic(to, DBUS_TYPE_UNIX_FD, &fd);
        close(fd);
}

const char *hostile_path(void) {
        static const char *const paths[] = { "/",
                                             "/org",
                                             "/org/tenantd1",
                                             "/org/tenantd1/tenant",
                                             "/org/tenantd1/tenant/acme",
                                             "/org/tenantd1/tenant/rival",
                                             "/org/tenantd1/tenant/_2e_2e",
                                             "/org/tenantd1/tenant/_",
                                             "/org/tenantd1/tenant/a_00b",
                                             "/org/tenantd1/tenant/_2",
                                             "/org/tenantd1/tenant/acme/more",
                                             "/org/tenantd1/job/0",
                                             "/org/tenantd1/job/1",
                                             "/org/tenantd1/job/01",
                                             "/org/tenantd1/job/4294967297",
                                             "/org/tenantd1/job/_2d1",
                                             "/org/tenantd1/image/img",
                                             "/org/tenantd1/image/_2e_2e_2fetc",
                                             "/org/tenantd1/backend/storage_null",
                                             "/org/tenantd1/backend/_",
                                             "/org/tenantd1/backend/storage_",
                                             "/org/tenantd1/backend/storage__2e_2e_2fx",
                                             "/org/freedesktop/LogControl1" };
        static char buf[8192];
        size_t n;

        if (!one_in(8)) {
                return PICK(paths);
        }
        n = hostile_below(sizeof(buf) - 64);
        snprintf(buf, sizeof(buf), "/org/tenantd1/tenant/");
        memset(buf + 21, one_in(2) ? 'a' : '_', n);
        buf[21 + n] = '\0';
        return n ? buf : PICK(paths);
}

static void append_named(DBusMessageIter *to, int type) {
        static const char *const signatures[] = { "",           "s",
                                                  "a{sv}",      "(((((((((((s)))))))))))",
                                                  "aaaaaaaaas", "vvvvvvvv" };
        const char *text = type == DBUS_TYPE_SIGNATURE ? PICK(signatures) : hostile_path();

        show(text);
        dbus_message_iter_append_basic(to, type, &text);
}

static void append_basic(DBusMessageIter *to, int type) {
        uint64_t n = any_number();
        dbus_bool_t b = n & 1;

        switch (type) {
        case DBUS_TYPE_STRING:
                append_text(to, plausible && one_in(4) ? file_path() : any_text());
                break;
        case DBUS_TYPE_OBJECT_PATH:
        case DBUS_TYPE_SIGNATURE:
                append_named(to, type);
                break;
        case DBUS_TYPE_UNIX_FD:
                append_descriptor(to);
                break;
        case DBUS_TYPE_BOOLEAN:
                dbus_message_iter_append_basic(to, type, &b);
                break;
        default: /* little endian: the low bytes are the number's */
                dbus_message_iter_append_basic(to, type, &n);
        }
}

static void append_values(DBusMessageIter *to, const char *signature, unsigned depth);

static void append_variant_of(DBusMessageIter *to, const char *signature, unsigned depth) {
        DBusMessageIter v;

        dbus_message_iter_open_container(to, DBUS_TYPE_VARIANT, signature, &v);
        append_values(&v, signature, depth + 1);
        dbus_message_iter_close_container(to, &v);
}

static void append_variant(DBusMessageIter *to, unsigned depth) {
        static const char *const sources[] = { "s", "h" };
        static const char *const types[] = { "s",   "s",  "s",     "b", "y",  "n",     "q",    "i",
                                             "u",   "x",  "t",     "d", "o",  "g",     "h",    "as",
                                             "as",  "ay", "v",     "v", "v",  "a{sv}", "(si)", "av",
                                             "aas", "ai", "a(sv)", "h", "ah", "aav" };
        const char *type = depth >= DEPTH_MAX ? "s" : plausible && depth == 0 ? PICK(sources) : PICK(types);

        if (strchr(type, 'h') && descriptors_left == 0) {
                type = "s";
        }
        if (depth == 2 && one_in(24)) { /* as deep as goes */
                for (; depth < DEPTH_MAX && hostile_below(200); depth += 2) {
                }
                append_variant_of(to, "v", DEPTH_MAX - depth);
                return;
        }
        append_variant_of(to, type, depth);
}

static void append_entry(DBusMessageIter *to, const char *key, const char *type, const char *value,
                         unsigned depth) {
        DBusMessageIter e, v;

        dbus_message_iter_open_container(to, DBUS_TYPE_DICT_ENTRY, NULL, &e);
        append_text(&e, key);
        if (value) {
                dbus_message_iter_open_container(&e, DBUS_TYPE_VARIANT, "s", &v);
                append_text(&v, value);
                dbus_message_iter_close_container(&e, &v);
        } else if (type) {
                append_variant_of(&e, type, depth + 1);
        } else {
                append_variant(&e, depth + 1);
        }
        dbus_message_iter_close_container(to, &e);
}

/* Known keys with their values, with those of others, and with anything; and unknown ones. */
static void append_option(DBusMessageIter *to, unsigned depth) {
        unsigned i = hostile_below(ELEMENTSOF(settings));
        const char *key = one_in(12) ? any_text() : settings[i].key;

        switch (plausible ? 0 : hostile_below(6)) {
        case 0 ... 1:
                append_entry(to, key, settings[i].type, settings[i].value, depth);
                break;
        case 2:
                append_entry(to, key, NULL, PICK(numbers), depth);
                break;
        case 3:
                append_entry(to, key, NULL, any_text(), depth);
                break;
        default:
                append_entry(to, key, NULL, NULL, depth);
        }
}

/* What makes a tenant of null backends. */
static void append_base(DBusMessageIter *to, unsigned depth) {
        append_entry(to, "Image", NULL, "img", depth);
        append_entry(to, "Profile", NULL, one_in(2) ? "plain" : "docker", depth);
        append_entry(to, "Namespace.Backend", NULL, "null", depth);
        append_entry(to, "Cgroup.Backend", NULL, "null", depth);
        append_entry(to, "Storage.Backend", NULL, "null", depth);
        append_entry(to, "Network.Backend", NULL, "null", depth);
}

static void append_options(DBusMessageIter *to, unsigned depth) {
        unsigned n = one_in(64)             ? hostile_below(5000)
                     : hostile_below(5) < 3 ? 0
                                            : hostile_below(plausible ? 2 : 6);
        DBusMessageIter d;

        dbus_message_iter_open_container(to, DBUS_TYPE_ARRAY, "{sv}", &d);
        if (depth == 0 && one_in(3)) {
                append_base(&d, depth);
        }
        for (unsigned i = 0; i < n; i++) {
                append_option(&d, depth);
        }
        dbus_message_iter_close_container(to, &d);
}

static void append_array(DBusMessageIter *to, const char *element, unsigned depth) {
        static const unsigned counts[] = { 0, 0, 1, 1, 1, 2, 3, 8 };
        unsigned n = one_in(100) && depth < 3 ? hostile_below(20000) : PICK(counts);
        DBusMessageIter a;

        dbus_message_iter_open_container(to, DBUS_TYPE_ARRAY, element, &a);
        for (unsigned i = 0; i < n && bytes_left > 0 && (element[0] != 'h' || descriptors_left > 0); i++) {
                if (strcmp(element, "{sv}") == 0) {
                        append_option(&a, depth);
                } else {
                        append_values(&a, element, depth + 1);
                }
                bytes_left -= bytes_left > 8 ? 8 : bytes_left;
        }
        dbus_message_iter_close_container(to, &a);
}

/* A structure, or an entry of a dictionary. */
static void append_members(DBusMessageIter *to, DBusSignatureIter *s, unsigned depth) {
        DBusSignatureIter inner;
        DBusMessageIter members;

        dbus_signature_iter_recurse(s, &inner);
        dbus_message_iter_open_container(to, dbus_signature_iter_get_current_type(s), NULL, &members);
        do {
                char *type = dbus_signature_iter_get_signature(&inner);

                append_values(&members, type, depth + 1);
                dbus_free(type);
        } while (dbus_signature_iter_next(&inner));
        dbus_message_iter_close_container(to, &members);
}

static void append_value(DBusMessageIter *to, DBusSignatureIter *s, unsigned depth) {
        int type = dbus_signature_iter_get_current_type(s);

        if (type == DBUS_TYPE_ARRAY) {
                DBusSignatureIter inner;
                char *element;

                dbus_signature_iter_recurse(s, &inner);
                element = dbus_signature_iter_get_signature(&inner);
                if (strcmp(element, "{sv}") == 0) {
                        append_options(to, depth);
                } else {
                        append_array(to, element, depth);
                }
                dbus_free(element);
        } else if (type == DBUS_TYPE_VARIANT) {
                append_variant(to, depth);
        } else if (type == DBUS_TYPE_STRUCT || type == DBUS_TYPE_DICT_ENTRY) {
                append_members(to, s, depth);
        } else {
                append_basic(to, type);
        }
}

static void append_values(DBusMessageIter *to, const char *signature, unsigned depth) {
        DBusSignatureIter s;

        if (!*signature) {
                return;
        }
        dbus_signature_iter_init(&s, signature);
        do {
                append_value(to, &s, depth);
        } while (dbus_signature_iter_next(&s));
}

void hostile_append(DBusMessage *m, const char *signature) {
        DBusMessageIter i;

        shown[0] = '\0';
        plausible = one_in(4);
        bytes_left = one_in(16) ? BYTES_MAX : 65536;
        descriptors_left = DESCRIPTORS_MAX;
        dbus_message_iter_init_append(m, &i);
        append_values(&i, signature, 0);
}

const char *hostile_signature(const char *signature) {
        static const char *const others[] = { "",      "s",        "ss",      "sss",     "v",
                                              "a{sv}", "sa{sv}",   "sva{sv}", "asa{sv}", "ias",
                                              "a{ss}", "(sa{sv})", "aa{sv}",  "h",       "ay" };
        static char buf[64];

        if (one_in(3)) {
                snprintf(buf, sizeof(buf), "%s%s", signature, one_in(2) ? "s" : signature);
                return buf;
        }
        return PICK(others);
}

static void break_byte(char *bytes, size_t size) {
        static const unsigned char odd[] = { 0,   1,   2,    4,    'a',  'v',  '(',
                                             's', 'h', 0x7F, 0x80, 0xC0, 0xFE, 0xFF };
        /* Most of what can be broken is in the header, and in lengths. */
        size_t at = hostile_below((unsigned) (one_in(2) && size > 256 ? 256 : size));

        bytes[at] = (char) (one_in(2) ? PICK(odd) : bytes[at] ^ (1 << hostile_below(8)));
}

void hostile_bytes(char *bytes, size_t *size) {
        unsigned n = 1 + hostile_below(4);

        for (unsigned i = 0; i < n; i++) {
                break_byte(bytes, *size);
        }
        if (one_in(8)) {
                *size = 1 + hostile_below((unsigned) *size);
        }
}

static void bind_socket(void) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", directory);
        assert_int_equal(bind(fd, (struct sockaddr *) &address, sizeof(address)), 0);
        close(fd);
}

/* A root file system with the least that passes for one; the same cut; and what is no archive. */
void hostile_make_files(const char *where) {
        char command[1024];

        snprintf(directory, sizeof(directory), "%s", where);
        snprintf(command, sizeof(command),
                 "mkdir %s && cd %s && mkdir -p t/sbin folder && : >t/sbin/init && chmod 755 t/sbin/init && "
                 "head -c 20000 /dev/urandom >t/noise && tar -C t -cf good.tar . && head -c 9000 good.tar "
                 ">cut.tar && "
                 "head -c 5000 /dev/urandom >garbage && : >empty && truncate -s 1T sparse && ln -s good.tar "
                 "link && "
                 "ln -s loop loop && mkfifo fifo && rm -r t",
                 where, where);
        assert_int_equal(system(command), 0);
        bind_socket();
}
