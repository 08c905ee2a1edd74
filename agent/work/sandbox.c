/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sandbox.c: see sandbox.h. Refuses to run a body before its id map is in force. What it runs may be fooled
 * by a hostile archive or package: it then owns files of an image that nobody uses yet.
 */
#include "sandbox.h"
#include "fd.h"
#include "idrange.h"
#include "io.h"
#include "usermap.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static int become_root_inside(void) {
        if (setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0) {
                return -errno;
        }
        /* After the change of ids, which clears it. */
        return prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ? -errno : 0;
}

/* The child's side: nothing before the parent wrote the maps; end of file: it is gone. */
static void child_run(int go_fd, int (*body)(void *userdata), void *userdata) {
        sigset_t none;
        char go;

        signal(SIGTERM, SIG_DFL);
        signal(SIGINT, SIG_DFL);
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        if (read(go_fd, &go, 1) != 1 || become_root_inside() < 0) {
                _exit(EXIT_FAILURE);
        }
        /* The parent may have died before it could be watched. */
        if (read(go_fd, &go, 1) != 1) {
                _exit(EXIT_FAILURE);
        }
        (void) fd_close(go_fd); /* returns -1 always */
        _exit(body(userdata));
}

static int release_child(pid_t pid, int go_fd) {
        int r = usermap_write_range(pid, 0, IMAGE_ID_BASE, IMAGE_ID_COUNT);

        return r < 0 ? r : fd_write_all(go_fd, "xx", 2);
}

int sandbox_start(uint64_t more_flags, int (*body)(void *userdata), void *userdata, Sandbox *ret,
                  TenantError *error) {
        _cleanup_(sandbox_done) Sandbox sandbox = SANDBOX_NONE;
        _cleanup_close_ int go_read = -1, go_write = -1;
        struct clone_args args = {
                .flags = more_flags | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS |
                         CLONE_PIDFD,
                .pidfd = (uint64_t) (uintptr_t) &sandbox.pidfd,
                .exit_signal = SIGCHLD,
        };
        int pipe_fds[2], r;
        long pid;

        if (pipe2(pipe_fds, O_CLOEXEC) < 0) {
                return error_set_errno(error, errno, E_FAILED, "Cannot make a pipe");
        }
        go_read = pipe_fds[0];
        go_write = pipe_fds[1];
        pid = syscall(SYS_clone3, &args, sizeof(args));
        if (pid < 0) {
                return error_set_errno(
                        error, errno, E_HOST_NOT_READY,
                        "Cannot make a user namespace to work on images; see user.max_user_namespaces");
        }
        if (pid == 0) {
                (void) fd_close(go_write); /* so that the parent's death is seen */
                child_run(go_read, body, userdata);
        }
        r = release_child((pid_t) pid, go_write);
        if (r < 0) {
                return error_set_errno(error, r, E_HOST_NOT_READY, "Cannot map the ids %u to %u to an image",
                                       IMAGE_ID_BASE, IMAGE_ID_BASE + IMAGE_ID_COUNT - 1);
        }
        *ret = TAKE_GENERIC(sandbox, SANDBOX_NONE);
        return 0;
}

/*
 * A mount of dir_fd that may be moved. The descriptor is of the host's mount namespace, where the kernel
 * lets a user namespace clone nothing; but the working directory crosses into a mount namespace that is made
 * now.
 */
static int mount_of(int dir_fd) {
        int fd;

        if (fchdir(dir_fd) < 0 || unshare(CLONE_NEWNS) < 0 ||
            mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) {
                return -errno;
        }
        fd = open_tree(AT_FDCWD, ".", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

int sandbox_pivot(int dir_fd) {
        _cleanup_close_ int mount_fd = mount_of(dir_fd);

        if (mount_fd < 0) {
                return mount_fd;
        }
        if (move_mount(mount_fd, "", AT_FDCWD, ".", MOVE_MOUNT_F_EMPTY_PATH) < 0 || fchdir(mount_fd) < 0 ||
            syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0) {
                return -errno;
        }
        return 0;
}

int sandbox_bind(int dir_fd, const char *target) {
        _cleanup_close_ int mount_fd = mount_of(dir_fd);

        if (mount_fd < 0) {
                return mount_fd;
        }
        if (move_mount(mount_fd, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH) < 0 || chdir("/") < 0) {
                return -errno;
        }
        return 0;
}

static void cap_free_p(cap_t *c) {
        if (*c) {
                cap_free(*c);
        }
}

int sandbox_drop_capabilities(const cap_value_t *keep, int n_keep) {
        _cleanup_(cap_free_p) cap_t capabilities = cap_init(); /* none */

        if (!capabilities || cap_set_flag(capabilities, CAP_PERMITTED, n_keep, keep, CAP_SET) < 0 ||
            cap_set_flag(capabilities, CAP_EFFECTIVE, n_keep, keep, CAP_SET) < 0) {
                return -errno;
        }
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || cap_set_proc(capabilities) < 0) {
                return -errno;
        }
        return 0;
}

int sandbox_wait(Sandbox *s) {
        siginfo_t info = { 0 };
        int r;

        do {
                r = waitid(P_PIDFD, (id_t) s->pidfd, &info, WEXITED);
        } while (r < 0 && errno == EINTR);
        if (r < 0) {
                return -errno;
        }
        s->pidfd = fd_close(s->pidfd);
        return info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
}

void sandbox_done(Sandbox *s) {
        if (s->pidfd >= 0) {
                (void) !pidfd_kill(s->pidfd, SIGKILL); /* it may have ended already */
                (void) !sandbox_wait(s); /* how it ended is of no interest any more */
        }
}
