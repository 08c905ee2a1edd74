/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * jail.c: see jail.h. Refuses to run the body when something of the machine can still be written: what the jail is for is tried
 * before. Owned by tests/bus.
 */
#include "jail.h"
#include "cleanup.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define SIZE "size=1g,mode=755"

static bool make_file(const char *path) {
        int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

        return fd >= 0 && close(fd) == 0;
}

/* Nodes of the machine's that harm nobody, and terminals of the jail's own. */
static bool make_dev(void) {
        static const char *const nodes[] = { "null", "zero", "full", "random", "urandom", "tty" };
        char from[64], to[64];

        if (mkdir("/run/dev", 0755) < 0 || mkdir("/run/dev/pts", 0755) < 0) {
                return false;
        }
        for (size_t i = 0; i < ELEMENTSOF(nodes); i++) {
                snprintf(from, sizeof(from), "/dev/%s", nodes[i]);
                snprintf(to, sizeof(to), "/run/dev/%s", nodes[i]);
                if (!make_file(to) || mount(from, to, NULL, MS_BIND, NULL) < 0) {
                        return false;
                }
        }
        return symlink("/proc/self/fd", "/run/dev/fd") == 0 && symlink("pts/ptmx", "/run/dev/ptmx") == 0 &&
               mount("devpts", "/run/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "ptmxmode=0666") == 0 &&
               mount("/run/dev", "/dev", NULL, MS_BIND | MS_REC, NULL) == 0;
}

static bool make_read_only(const char *path, unsigned flags) {
        struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };

        return mount_setattr(AT_FDCWD, path, flags, &attr, sizeof(attr)) == 0;
}

/* The kernel's settings stay as they are. Builders mount a /proc of their own, for which a whole one must be there somewhere. */
static bool make_proc(void) {
        static const char *const kept[] = { "/proc/sys", "/proc/sysrq-trigger" };

        if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0 ||
            mkdir("/run/proc", 0700) < 0 ||
            mount("proc", "/run/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0) {
                return false;
        }
        for (size_t i = 0; i < ELEMENTSOF(kept); i++) {
                if (access(kept[i], F_OK) == 0 && /* not every kernel has both */
                    (mount(kept[i], kept[i], NULL, MS_BIND, NULL) < 0 || !make_read_only(kept[i], 0))) {
                        return false;
                }
        }
        return true;
}

/* What would change the machine without a file. */
static bool drop_capabilities(void) {
        static const cap_value_t dropped[] = { CAP_SYS_MODULE, CAP_SYS_RAWIO, CAP_SYS_BOOT, CAP_SYS_TIME,
                                               CAP_SYSLOG,     CAP_MKNOD,     CAP_MAC_ADMIN };

        for (size_t i = 0; i < ELEMENTSOF(dropped); i++) {
                if (prctl(PR_CAPBSET_DROP, dropped[i], 0, 0, 0) < 0) {
                        return false;
                }
        }
        return true;
}

static bool is_closed(void) {
        static const char *const places[] = { "/jail-test", "/etc/jail-test", "/tmp/jail-test",
                                              "/var/lib/jail-test" };

        for (size_t i = 0; i < ELEMENTSOF(places); i++) {
                if (open(places[i], O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) >= 0 || errno != EROFS) {
                        return false;
                }
        }
        return open("/proc/sys/kernel/hostname", O_WRONLY | O_CLOEXEC) < 0 && errno == EROFS &&
               access("/run/systemd", F_OK) < 0;
}

static bool enter(void) {
        return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 && make_read_only("/", AT_RECURSIVE) &&
               mount("tmpfs", JAIL_DIRECTORY, "tmpfs", MS_NOSUID | MS_NODEV, SIZE) == 0 && make_dev() &&
               make_proc() && drop_capabilities() && is_closed();
}

/* Process 1 of the jail: takes what is left behind; its end is everybody's. */
static int keep(int (*body)(void)) {
        int status = 0;
        pid_t pid, gone;

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (!enter()) {
                printf("1..0 # SKIP no jail can be made here: %s\n", strerror(errno));
                return 77;
        }
        pid = fork();
        if (pid == 0) {
                exit(body());
        }
        do {
                gone = wait(&status);
        } while (gone != pid && (gone >= 0 || errno == EINTR));
        return gone == pid && WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}

/* A process of its own: once the jail is gone, who made it can have no more children. */
static int make_jail(int (*body)(void)) {
        int status = 0;
        pid_t pid;

        if (unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS) < 0) {
                printf("1..0 # SKIP needs root, for a jail: %s\n", strerror(errno));
                return 77;
        }
        pid = fork();
        if (pid == 0) {
                int r = keep(body);

                fflush(stdout);
                _exit(r);
        }
        return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status)
                                                                               : EXIT_FAILURE;
}

int jail_run(int (*body)(void)) {
        int status = 0;
        pid_t pid = fork();

        if (pid == 0) {
                int r;

                prctl(PR_SET_PDEATHSIG, SIGKILL);
                r = make_jail(body);
                fflush(stdout);
                _exit(r);
        }
        return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status)
                                                                               : EXIT_FAILURE;
}
