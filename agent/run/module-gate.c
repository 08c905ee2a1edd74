/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * module-gate.c: stands between the kernel's requests for modules and modprobe(8) while a host has tenants. The kernel loads a
 * module for whoever asks for a protocol, a file system, a kind of link or a filter expression, also from a tenant, and cannot be
 * told to look at who it is. So the gate looks at what is asked for: what a tenant can cause is refused, what only the host can
 * goes on to modprobe. Modules that are asked for by name (modprobe, modules-load.d, udev) never come here.
 *
 *   module-gate --close    makes itself kernel.modprobe   (tenantd-modules.service, before the first tenant)
 *   module-gate --open     puts modprobe back
 *   module-gate -q -- ALIAS...                            the kernel's call
 *
 * Each request is a process of the host's that no cgroup bounds, and who asks may ask without end: 64 that were refused within ten
 * seconds make the gate take itself away for a minute, in which the kernel asks nobody and loads nothing.
 *
 * Owned by the kernel: it runs as root of the host with an environment of the kernel's, and its argument is partly a tenant's
 * choice. Refuses to look at anything else, and to write a log, which a tenant could fill: a line for each of those minutes is all.
 */
#include "config.h"
#include "fd.h"
#include "io.h"
#include "module-policy.h"
#include "paths.h"
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#define MODPROBE "/sbin/modprobe"
#define GATE TENANTD_LIBEXEC_DIR "/module-gate"

#define HELPER "/proc/sys/kernel/modprobe"
#define COUNT_FILE ".module-gate" /* in the runtime directory; no tenant's name begins with a dot */
#define REFUSED_MAX 64u
#define REFUSED_SEC 10
#define PAUSE_SEC 60u

typedef struct Count {
        int64_t since_sec; /* CLOCK_BOOTTIME */
        uint32_t refused;
        uint32_t paused; /* the kernel has no helper, by our doing */
} Count;

/* Not open_beneath(): the unit's RestrictSUIDSGID= hides openat2(2). The directory is root's alone. */
static int count_open(int flags) {
        _cleanup_close_ int dir = path_open(PATH_RUNTIME);

        return dir < 0 ? dir : openat(dir, COUNT_FILE, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
}

static bool is_paused(void) {
        _cleanup_close_ int fd = count_open(O_RDONLY);
        Count count = { 0 };

        return fd >= 0 && pread(fd, &count, sizeof(count), 0) == sizeof(count) && count.paused;
}

static int helper_get(char **ret) {
        int r = file_read(AT_FDCWD, HELPER, 4096, ret, NULL);

        if (r >= 0) {
                (*ret)[strcspn(*ret, "\n")] = '\0';
        }
        return r;
}

/* What is there is changed only if it is one of the two, or nothing by our own doing: a third one is somebody's choice. */
static int set_helper(const char *from, const char *to) {
        _cleanup_free_ char *now = NULL;
        int r = helper_get(&now);

        if (r >= 0) {
                if (strcmp(now, to) == 0) {
                        return 0;
                }
                if (strcmp(now, from) != 0 && (now[0] || !is_paused())) {
                        fprintf(stderr, "module-gate: kernel.modprobe is '%s', and stays it\n", now);
                        return EXIT_FAILURE;
                }
                r = file_write_at(AT_FDCWD, HELPER, to);
        }
        if (r < 0) {
                fprintf(stderr, "module-gate: cannot set kernel.modprobe to %s: %s\n", to, strerror(-r));
        }
        return r < 0 ? EXIT_FAILURE : 0;
}

/* True when the bound was just met. Uncounted while another one counts: then there are many, and enough of them count. */
static bool count_refused(int fd) {
        Count count = { 0 };
        struct timespec now;

        if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
                return false;
        }
        clock_gettime(CLOCK_BOOTTIME, &now);
        if (pread(fd, &count, sizeof(count), 0) != sizeof(count) ||
            now.tv_sec - count.since_sec >= (count.paused ? (int64_t) PAUSE_SEC : REFUSED_SEC)) {
                count = (Count){ .since_sec = now.tv_sec };
        }
        count.refused++;
        bool over = !count.paused && count.refused >= REFUSED_MAX;
        count.paused = count.paused || over;
        over = pwrite(fd, &count, sizeof(count), 0) == sizeof(count) && over;
        flock(fd, LOCK_UN);
        return over;
}

static void say(const char *text) {
        _cleanup_close_ int fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);

        if (fd >= 0) {
                (void) !write(fd, text, strlen(text)); /* nobody else to tell */
        }
}

/* Its child is the memory of it: whoever ends that leaves the host without requests until tenantd-modules.service is restarted. */
static void pause_requests(int fd) {
        _cleanup_free_ char *now = NULL;

        if (helper_get(&now) < 0 || strcmp(now, GATE) != 0 || file_write_at(AT_FDCWD, HELPER, "\n") < 0) {
                return;
        }
        say("<4>tenantd: modules are asked for without end, maybe by a tenant; for a minute the kernel "
            "loads none by itself\n");
        if (fork() > 0) {
                return; /* the kernel waits for this process, and whoever asked waits for the kernel */
        }
        sleep(PAUSE_SEC);
        free(now);
        now = NULL;
        if (helper_get(&now) >= 0 && !now[0] && is_paused() && file_write_at(AT_FDCWD, HELPER, GATE) < 0) {
                say("<3>tenantd: kernel.modprobe cannot be set again; systemctl restart "
                    "tenantd-modules.service\n");
        }
        (void) !ftruncate(fd, 0);
}

static int answer_kernel(int argc, char **argv) {
        for (int i = 3; i < argc; i++) {
                if (!module_request_is_hosts(argv[i])) {
                        _cleanup_close_ int fd = count_open(O_RDWR | O_CREAT);

                        if (fd >= 0 && count_refused(fd)) {
                                pause_requests(fd);
                        }
                        return EXIT_FAILURE;
                }
        }
        argv[0] = (char *) MODPROBE;
        execv(MODPROBE, argv);
        return EXIT_FAILURE;
}

int main(int argc, char **argv) {
        if (argc == 2 && strcmp(argv[1], "--close") == 0) {
                return set_helper(MODPROBE, GATE);
        }
        if (argc == 2 && strcmp(argv[1], "--open") == 0) {
                return set_helper(GATE, MODPROBE);
        }
        if (argc >= 4 && strcmp(argv[1], "-q") == 0 && strcmp(argv[2], "--") == 0) {
                return answer_kernel(argc, argv);
        }
        fprintf(stderr, "usage: module-gate --close | --open\n");
        return 2;
}
