/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * child.c: see child.h. Born by clone3 into all of the tenant's namespaces and its cgroup, it has every capability there and
 * none outside. It refuses to run anything but init, and gives init nothing of the host: descriptors, environment, keyring and
 * signal state are made new.
 */
#include "child.h"
#include "apparmor.h"
#include "control.h"
#include "fd.h"
#include "mounts.h"
#include "shim.h"
#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <linux/keyctl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static int failed(TenantError *error, int code, const char *what) {
        return error_set_errno(error, code, E_FAILED, "Cannot %s in the tenant", what);
}

/* False: the composer is gone. */
static bool wait_for(const ChildPlan *p, char what) {
        char byte;
        ssize_t n;

        do {
                n = recv(p->composer_fd, &byte, 1, 0);
        } while (n < 0 && errno == EINTR);
        return n == 1 && byte == what;
}

/* From ids that have no name in the namespace to its root; all groups dropped. */
static int become_root(TenantError *error) {
        if (syscall(SYS_setresgid, 0, 0, 0) < 0 || syscall(SYS_setgroups, 0, NULL) < 0 ||
            syscall(SYS_setresuid, 0, 0, 0) < 0) {
                return failed(error, errno, "become root");
        }
        return 0;
}

/* While /proc is still the host's. */
static int take_profile(TenantError *error) {
        int r = apparmor_on_exec();

        return r < 0 ? error_set_errno(error, r, E_HOST_NOT_READY,
                                       "Cannot take the AppArmor profile " APPARMOR_PROFILE
                                       " (is tenantd itself confined by another?)")
                     : 0;
}

/*
 * The capability bounding set stays whole: all of it counts in the tenant's user namespace only, and dockerd hands every
 * capability that the kernel knows to a --privileged container, which fails when one is missing.
 */
static int limit_privileges(const ChildPlan *p, TenantError *error) {
        int r;

        if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 && errno != ENOSYS) {
                return failed(error, errno, "join a keyring");
        }
        r = seccomp_apply(p->seccomp);
        return r < 0 ? failed(error, r, "load the system call filter") : 0;
}

static int take_console(int console, TenantError *error) {
        if (setsid() < 0 || dup2(console, STDIN_FILENO) < 0 || dup2(console, STDOUT_FILENO) < 0 ||
            dup2(console, STDERR_FILENO) < 0) {
                return failed(error, errno, "take the console");
        }
        return 0;
}

static int build(const ChildPlan *p, int *ret_console, TenantError *error) {
        _cleanup_close_ int notify = -1, root = -1, master = -1;
        const ControlMessage console = { .type = CONTROL_CONSOLE };
        int r;

        notify = mounts_notify_open(p->guest->name, error);
        if (notify < 0) {
                return notify;
        }
        fault_point(p->options, "child-root");
        root = mounts_root(p->volume_fd, p->image_fd, error);
        if (root < 0) {
                return root;
        }
        r = guest_first_start(p->guest, p->volume_fd, root, error);
        if (r >= 0 && p->guest->docker) {
                r = mounts_docker(p->volume_fd, root, error);
        }
        fault_point(p->options, "child-mounts");
        if (r >= 0) {
                r = mounts_api(root, error);
        }
        if (r >= 0) {
                r = mounts_dev(p->dev_fd, root, ret_console, &master, error);
        }
        if (r >= 0) {
                r = guest_write(p->guest, root, error);
        }
        if (r >= 0) {
                r = mounts_notify(notify, root, error);
        }
        if (r < 0) {
                return r;
        }
        if (sethostname(p->guest->name, strlen(p->guest->name)) < 0) {
                return failed(error, errno, "set the host name");
        }
        r = control_send(p->control_fd, &console, master);
        if (r < 0) {
                return failed(error, r, "hand over the console");
        }
        fault_point(p->options, "child-pivot");
        return mounts_pivot(error);
}

/* Neither blocked nor ignored: systemd ignores SIGPIPE in what it starts. */
static void reset_signals(void) {
        sigset_t none;

        for (int signo = 1; signo <= SIGRTMAX; signo++) {
                (void) signal(signo, SIG_DFL); /* SIGKILL, SIGSTOP and libc's own refuse */
        }
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
}

static int exec_init(const ChildPlan *p, TenantError *error) {
        static const char *const programs[] = { "/sbin/init", "/lib/systemd/systemd" };
        char uuid[64];
        char *const environment[] = {
                (char *) "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                (char *) "TERM=vt220",
                (char *) "container=tenantd",
                uuid,
                (char *) "NOTIFY_SOCKET=/run/host/notify",
                NULL,
        };
        int r = -ENOENT;

        snprintf(uuid, sizeof(uuid), "container_uuid=%s", p->guest->uuid);
        reset_signals();
        for (size_t i = 0; i < ELEMENTSOF(programs); i++) {
                char *const argv[] = { (char *) programs[i], NULL };

                if (faccessat(AT_FDCWD, programs[i], X_OK, 0) == 0) {
                        r = shim_exec(p->shim_fd, argv, environment);
                        break;
                }
        }
        return error_set_errno(error, r, E_BAD_IMAGE, "Cannot execute /sbin/init of the tenant");
}

static int to_init(const ChildPlan *p, TenantError *error) {
        _cleanup_close_ int console = -1;
        int r = become_root(error);

        if (r >= 0) {
                r = take_profile(error);
        }
        if (r >= 0) {
                r = build(p, &console, error);
        }
        if (r >= 0 && !wait_for(p, 'n')) {
                _exit(EXIT_FAILURE);
        }
        fault_point(p->options, "child-exec");
        if (r >= 0) {
                r = take_console(console, error);
        }
        if (r >= 0) {
                r = limit_privileges(p, error);
        }
        if (r >= 0 && close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) < 0) {
                r = failed(error, errno, "close descriptors");
        }
        return r < 0 ? r : exec_init(p, error);
}

void child_run(const ChildPlan *plan) {
        TenantError error = { 0 };

        umask(022);
        if (wait_for(plan, 'm') && to_init(plan, &error) < 0) {
                (void) !send(plan->composer_fd, &error, sizeof(error),
                             MSG_NOSIGNAL); /* it is gone: then nobody asks */
        }
        _exit(EXIT_FAILURE);
}
