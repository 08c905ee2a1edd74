/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * image-build.c: images from a Debian suite by mmdebstrap. It runs as root of the images' id range in a
 * sandbox with the host's file system around it (which it may read like anybody), a /tmp of its own on the
 * image store, and the host's network, since apt needs one; its tar goes straight to the unpacker. Refuses
 * to run a maintainer script as root of the host. Owned by the agent's workers.
 */
#include "apt-sources.h"
#include "fd.h"
#include "host.h"
#include "idrange.h"
#include "image-store.h"
#include "sandbox.h"
#include "strv.h"
#include "tree.h"
#include "work.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define MMDEBSTRAP "/usr/bin/mmdebstrap"
#define APT_DIRECTORY "/etc/apt"
#define PROFILE_PLAIN "plain"
#define PROFILE_DOCKER "docker"
#define PACKAGES_MAX 256u
#define PACKAGE_LENGTH_MAX 128u
#define SUITE_LENGTH_MAX 32u
#define POLL_MSEC 250
/* The least of Debian systems, and the packages from which it is made. */
#define SPACE_MIN (UINT64_C(512) << 20)

/*
 * docker-cli: Debian 13 and later have the client as a package of its own; the pattern is nothing where it
 * does not exist.
 */
static const char *const packages_plain[] = {
        "systemd", "systemd-sysv", "dbus", "iproute2", "procps", NULL
};
static const char *const packages_docker[] = { "systemd",   "systemd-sysv", "dbus",
                                               "docker.io", "iptables",     "ca-certificates",
                                               "iproute2",  "procps",       "?exact-name(docker-cli)",
                                               NULL };

/* The machine that builds is in neither; the tenant's own come at its start. */
static const char forget_host[] = "rm -f \"$1/etc/hostname\" && : >\"$1/etc/resolv.conf\"";

typedef struct Build {
        char **argv;
        char **environment;
        int build_fd; /* becomes /tmp */
        int tar_fd;
        int messages_fd;
        Sandbox sandbox;
        char line[512]; /* of the messages, being read */
        size_t line_used;
        char reason[400]; /* the last error that mmdebstrap told */
} Build;

static void build_done(Build *b) {
        sandbox_done(&b->sandbox);
        b->argv = strv_free(b->argv);
        b->environment = strv_free(b->environment);
        b->build_fd = fd_close(b->build_fd);
        b->tar_fd = fd_close(b->tar_fd);
        b->messages_fd = fd_close(b->messages_fd);
}

static bool is_suite(const char *text) {
        return text[0] >= 'a' && text[0] <= 'z' && strlen(text) <= SUITE_LENGTH_MAX &&
               text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0';
}

/* Debian Policy 5.6.1. */
static bool is_package(const char *text) {
        size_t n = strlen(text);

        return n >= 2 && n <= PACKAGE_LENGTH_MAX && text[0] != '-' && text[0] != '+' && text[0] != '.' &&
               strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789+-.") == n;
}

int work_check_build(const char *suite, const char *profile, char *const *packages, TenantError *error) {
        if (!is_suite(suite)) {
                return error_set(error, EINVAL, E_INVALID_SETTING,
                                 "'%.64s' is not the name of a suite: lower-case letters, digits and '-', "
                                 "as in 'bookworm'",
                                 suite);
        }
        if (profile && strcmp(profile, PROFILE_PLAIN) != 0 && strcmp(profile, PROFILE_DOCKER) != 0) {
                return error_set(error, EINVAL, E_INVALID_SETTING,
                                 "There is no profile '%.64s'; allowed: " PROFILE_PLAIN " " PROFILE_DOCKER,
                                 profile);
        }
        if (packages && strv_length(packages) > PACKAGES_MAX) {
                return error_set(error, EINVAL, E_INVALID_SETTING, "At most %u packages can be asked for",
                                 PACKAGES_MAX);
        }
        for (char *const *p = packages; p && *p; p++) {
                if (!is_package(*p)) {
                        return error_set(error, EINVAL, E_INVALID_SETTING,
                                         "'%.64s' is not the name of a Debian package", *p);
                }
        }
        return 0;
}

static int check_builder(TenantError *error) {
        if (access(MMDEBSTRAP, X_OK) < 0) {
                return error_set(error, ENOTSUP, E_HOST_NOT_READY,
                                 "Images are built with mmdebstrap, which is not here; install it: apt "
                                 "install mmdebstrap");
        }
        return 0;
}

static int include_option(const char *profile, char **packages, char **argv[]) {
        const char *const *base =
                profile && strcmp(profile, PROFILE_DOCKER) == 0 ? packages_docker : packages_plain;
        _cleanup_(strv_free_p) char **all = NULL;
        _cleanup_free_ char *list = NULL, *option = NULL;
        int r = 0;

        for (; *base && r >= 0; base++) {
                r = strv_push(&all, *base);
        }
        for (char **p = packages; p && *p && r >= 0; p++) {
                r = strv_push(&all, *p);
        }
        if (r < 0) {
                return r;
        }
        list = strv_join(all, ",");
        if (!list || asprintf(&option, "--include=%s", list) < 0) {
                return -ENOMEM;
        }
        return strv_push(argv, option);
}

static int make_argv(Build *b, const char *suite, const char *profile, char **packages, char **sources) {
        static const char *const fixed[] = { "mmdebstrap", "--mode=root", "--variant=minbase",
                                             "--format=tar", "--aptopt=Acquire::Languages \"none\"" };
        char hook[sizeof(forget_host) + 32];
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(fixed) && r >= 0; i++) {
                r = strv_push(&b->argv, fixed[i]);
        }
        snprintf(hook, sizeof(hook), "--customize-hook=%s", forget_host);
        r = r < 0 ? r : strv_push(&b->argv, hook);
        r = r < 0 ? r : include_option(profile, packages, &b->argv);
        r = r < 0 ? r : strv_push(&b->argv, "--");
        r = r < 0 ? r : strv_push(&b->argv, suite);
        r = r < 0 ? r : strv_push(&b->argv, "-"); /* the tar on standard output */
        for (char **s = sources; *s && r >= 0; s++) {
                r = strv_push(&b->argv, *s);
        }
        return r;
}

/* Nothing of the service's environment but how to reach the network. */
static int make_environment(Build *b) {
        static const char *const fixed[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/tmp",
                                             "TMPDIR=/tmp", "LC_ALL=C.UTF-8" };
        static const char *const passed[] = { "http_proxy", "https_proxy", "no_proxy" };
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(fixed) && r >= 0; i++) {
                r = strv_push(&b->environment, fixed[i]);
        }
        for (size_t i = 0; i < ELEMENTSOF(passed) && r >= 0; i++) {
                const char *value = getenv(passed[i]);
                _cleanup_free_ char *entry = NULL;

                if (value && asprintf(&entry, "%s=%s", passed[i], value) < 0) {
                        return -ENOMEM;
                }
                r = entry ? strv_push(&b->environment, entry) : 0;
        }
        return r;
}

/* images/.NAME.build, of the images' root, where mmdebstrap makes its tree; gone again at the end. */
static int build_directory_make(const char *name, int images_fd, TenantError *error) {
        _cleanup_close_ int fd = -1;
        char path[128];
        int r;

        snprintf(path, sizeof(path), ".%s.build", name);
        r = tree_remove(images_fd, path);
        if (r >= 0 && mkdirat(images_fd, path, 0700) < 0) {
                r = -errno;
        }
        fd = r < 0 ? r : open_beneath(images_fd, path, O_RDONLY | O_DIRECTORY, 0);
        if (fd < 0 || fchown(fd, IMAGE_ID_BASE, IMAGE_ID_BASE) < 0 ||
            fchmod(fd, 01777) < 0) { /* what /tmp is */
                return error_set_errno(error, fd < 0 ? fd : errno, E_FAILED, "Cannot make %s/%s",
                                       path_get(PATH_IMAGES), path);
        }
        return TAKE_FD(fd);
}

static void build_directory_remove(const char *name, int images_fd, const struct tenant_host *host) {
        char path[128];
        int r;

        snprintf(path, sizeof(path), ".%s.build", name);
        r = tree_remove(images_fd, path);
        if (r < 0) {
                host_log(host, 4, "Cannot remove %s/%s: %s; the next start of tenantd tries again",
                         path_get(PATH_IMAGES), path, strerror(-r));
        }
}

/*
 * 0 to 2 as a program expects them, 3 the directory, nothing else; by way of high numbers, as any of them
 * may be in the way.
 */
static int place_descriptors(Build *b) {
        const int from[] = { open("/dev/null", O_RDONLY | O_CLOEXEC), b->tar_fd, b->messages_fd,
                             b->build_fd };
        int high[ELEMENTSOF(from)];

        for (int i = 0; i < (int) ELEMENTSOF(from); i++) {
                high[i] = fcntl(from[i], F_DUPFD_CLOEXEC, 100);
                if (high[i] < 0) {
                        return -errno;
                }
        }
        for (int i = 0; i < (int) ELEMENTSOF(from); i++) {
                if (dup3(high[i], i, i > STDERR_FILENO ? O_CLOEXEC : 0) < 0) {
                        return -errno;
                }
        }
        b->build_fd = 3;
        return close_range(4, UINT32_MAX, 0) < 0 ? -errno : 0;
}

static int prepare(Build *b) {
        int r = place_descriptors(b);

        if (r < 0) {
                return r;
        }
        r = sandbox_bind(b->build_fd, "/tmp");
        if (r < 0) {
                return r;
        }
        b->build_fd = fd_close(b->build_fd);
        umask(022);
        /* Of this pid namespace: what a maintainer script can see and signal ends here. */
        if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0 ||
            prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
                return -errno;
        }
        return 0;
}

/* Process 1 of the sandbox: its end is the end of all. */
static int build_body(void *userdata) {
        Build *b = userdata;
        int r = prepare(b), status;
        pid_t pid, gone;

        if (r < 0) {
                dprintf(STDERR_FILENO, "E: cannot prepare the sandbox: %s\n", strerror(-r));
                return EXIT_FAILURE;
        }
        pid = fork();
        if (pid == 0) {
                execve(MMDEBSTRAP, b->argv, b->environment);
                _exit(127);
        }
        do {
                gone = wait(&status);
        } while (gone != pid && (gone >= 0 || errno == EINTR));
        return gone == pid && WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}

static void take_line(Build *b, const struct tenant_host *host) {
        static const struct {
                const char *line;
                const char *stage;
                double fraction;
        } stages[] = {
                { "running apt-get update", "update", 0.05 }, { "downloading packages", "download", 0.10 },
                { "extracting archives", "extract", 0.30 },   { "installing essential", "install", 0.40 },
                { "installing remaining", "install", 0.50 },  { "cleaning package lists", "clean", 0.85 },
                { "creating tarball", "unpack", 0.90 },
        };

        for (char *p = b->line; *p; p++) {
                *p = *p < 0x20 || *p >= 0x7f ? '?' : *p;
        }
        if (strncmp(b->line, "E: ", 3) == 0) {
                snprintf(b->reason, sizeof(b->reason), "%.380s", b->line + 3);
        }
        for (size_t i = 0; i < ELEMENTSOF(stages); i++) {
                if (strncmp(b->line, "I: ", 3) == 0 &&
                    strncmp(b->line + 3, stages[i].line, strlen(stages[i].line)) == 0) {
                        host_progress(host, stages[i].fraction, stages[i].stage);
                }
        }
        host_log(host, 7, "mmdebstrap: %s", b->line);
}

static int messages_ready(ImageProducer *self, const struct tenant_host *host, TenantError *error) {
        Build *b = self->userdata;
        char data[4096];
        ssize_t n = read(self->fd, data, sizeof(data));

        if (n < 0) {
                return errno == EINTR ? 0
                                      : error_set_errno(error, errno, E_FAILED,
                                                        "Cannot read what mmdebstrap tells");
        }
        for (ssize_t i = 0; i < n; i++) {
                if (data[i] == '\n' || b->line_used == sizeof(b->line) - 1) {
                        b->line[b->line_used] = '\0';
                        take_line(b, host);
                        b->line_used = 0;
                }
                if (data[i] != '\n' && data[i] != '\0') {
                        b->line[b->line_used++] = data[i];
                }
        }
        if (n == 0) {
                self->fd = -1;
        }
        return 0;
}

static int build_finish(ImageProducer *self, const struct tenant_host *host, TenantError *error) {
        Build *b = self->userdata;
        int r = 0;

        while (self->fd >= 0) {
                struct pollfd p = { .fd = self->fd, .events = POLLIN };

                if (host_cancelled(host)) {
                        return error_set(error, ECANCELED, E_CANCELED,
                                         "The job was canceled; nothing is left of the image");
                }
                if (poll(&p, 1, POLL_MSEC) > 0) {
                        r = messages_ready(self, host, error);
                }
                if (r < 0) {
                        return r;
                }
        }
        r = sandbox_wait(&b->sandbox);
        if (r == 0) {
                return 0;
        }
        if (strstr(b->reason, "No space left")) {
                return error_set(error, ENOSPC, E_NO_SPACE,
                                 "Not enough space to build an image; make room in %s",
                                 path_get(PATH_IMAGES));
        }
        return error_set(error, EIO, E_FAILED,
                         "mmdebstrap failed (status %d): %s; its messages are in the journal at debug level",
                         r, b->reason[0] ? b->reason : "no reason given");
}

/* Starts it; *ret_tar_fd is where the archive comes out, *ret_messages_fd what it says. */
static int build_start(Build *b, int *ret_tar_fd, int *ret_messages_fd, TenantError *error) {
        int tar[2], messages[2], r;

        if (pipe2(tar, O_CLOEXEC) < 0) {
                return error_set_errno(error, errno, E_FAILED, "Cannot make a pipe");
        }
        *ret_tar_fd = tar[0];
        b->tar_fd = tar[1];
        if (pipe2(messages, O_CLOEXEC) < 0) {
                return error_set_errno(error, errno, E_FAILED, "Cannot make a pipe");
        }
        *ret_messages_fd = messages[0];
        b->messages_fd = messages[1];
        (void) fcntl(tar[1], F_SETPIPE_SZ, 1 << 20); /* only faster */
        r = sandbox_start(0, build_body, b, &b->sandbox, error);
        /* Only the sandbox writes: its end must be seen. */
        b->tar_fd = fd_close(b->tar_fd);
        b->messages_fd = fd_close(b->messages_fd);
        return r;
}

static int build_and_receive(const char *name, const char *suite, Build *b, const struct tenant_host *host,
                             TenantError *error) {
        _cleanup_close_ int tar_fd = -1, messages_fd = -1;
        char source[64];
        int r = build_start(b, &tar_fd, &messages_fd, error);

        if (r < 0) {
                return r;
        }
        ImageProducer producer = {
                .fd = messages_fd, .ready = messages_ready, .finish = build_finish, .userdata = b
        };
        snprintf(source, sizeof(source), "build:%s", suite);
        r = image_receive(name, tar_fd, source, &producer, host, error);
        sandbox_done(&b->sandbox); /* before its directory is removed */
        return r;
}

int work_build_image(const char *name, const char *suite, const char *profile, char **packages,
                     const struct tenant_host *host, TenantError *error) {
        _cleanup_(build_done)
                Build build = { .build_fd = -1, .tar_fd = -1, .messages_fd = -1, .sandbox = SANDBOX_NONE };
        _cleanup_(strv_free_p) char **sources = NULL;
        _cleanup_close_ int lock = -1, images = -1;
        int r = image_check_new(name, error);

        r = r < 0 ? r : work_check_build(suite, profile, packages, error);
        r = r < 0 ? r : check_builder(error);
        r = r < 0 ? r : space_check(PATH_IMAGES, SPACE_MIN, error);
        r = r < 0 ? r : apt_sources_find(APT_DIRECTORY, suite, &sources, error);
        if (r < 0) {
                return r;
        }
        if (make_argv(&build, suite, profile, packages, sources) < 0 || make_environment(&build) < 0) {
                return error_set_errno(error, ENOMEM, E_FAILED, "Cannot build an image");
        }
        lock = image_lock(name, true, error);
        if (lock < 0) {
                return lock;
        }
        images = path_open(PATH_IMAGES);
        if (images < 0) {
                return error_set_errno(error, images, E_FAILED, "Cannot open %s", path_get(PATH_IMAGES));
        }
        build.build_fd = build_directory_make(name, images, error);
        if (build.build_fd < 0) {
                return build.build_fd;
        }
        r = build_and_receive(name, suite, &build, host, error);
        build_directory_remove(name, images, host);
        return r;
}
