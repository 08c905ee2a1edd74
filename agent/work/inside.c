/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * inside.c: see inside.h. Two forks: the first is born in the tenant's cgroup, gives up what it must not
 * bring along and joins the namespaces; the second is in the tenant's pid namespace too. Refuses to bring a
 * descriptor, a keyring, a variable, a readable memory or a program of the host into the tenant, and to open
 * anything there. Owned by the agent's workers.
 */
#include "inside.h"
#include "apparmor.h"
#include "definition.h"
#include "fd.h"
#include "host.h"
#include "io.h"
#include "running.h"
#include "shim.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#define KILL_WAIT_MSEC 5000
#define POLL_MSEC 250
#define CGROUP_PREFIX "tenantd.run."

/* Descriptors of the first child, from 3 up, after everything else was closed. */
enum {
        FD_INIT = 3,
        FD_ERROR,
        FD_SHIM,
        FD_END,
};

/* A line "KEY\tHEX" of a file of /proc; false: there is none. */
static bool proc_value(const char *path, const char *key, uint64_t *ret) {
        _cleanup_free_ char *text = NULL;
        const char *at;

        if (file_read(AT_FDCWD, path, 64 * 1024, &text, NULL) < 0) {
                return false;
        }
        at = strstr(text, key);
        if (!at) {
                return false;
        }
        *ret = strtoull(at + strlen(key), NULL, 16);
        return true;
}

static rlim_t limit_value(char **at) {
        *at += strspn(*at, " ");
        if (strncmp(*at, "unlimited", 9) == 0) {
                *at += 9;
                return RLIM_INFINITY;
        }
        return strtoull(*at, at, 10);
}

/*
 * proc(5), /proc/PID/limits: a header, then a line per limit in order of their numbers, names in 26 columns. Not by prlimit(2), for
 * which a host that is a container itself may lack CAP_SYS_RESOURCE.
 */
static bool proc_limits(pid_t pid, struct rlimit ret[static RLIM_NLIMITS]) {
        _cleanup_free_ char *text = NULL;
        char path[64], *at;

        snprintf(path, sizeof(path), "/proc/%d/limits", pid);
        if (file_read(AT_FDCWD, path, 64 * 1024, &text, NULL) < 0) {
                return false;
        }
        at = text;
        for (int n = 0; n < RLIM_NLIMITS; n++) {
                at = strchr(at, '\n');
                if (!at || strlen(at) < 28) {
                        return false;
                }
                at += 27;
                ret[n].rlim_cur = limit_value(&at);
                ret[n].rlim_max = limit_value(&at);
        }
        return true;
}

/* What the start took from init for good must not come back by another door. */
static int read_bounds(Inside *i, pid_t pid) {
        char path[64];

        snprintf(path, sizeof(path), "/proc/%d/status", pid);
        if (!proc_value(path, "\nCapBnd:", &i->capabilities)) {
                return -ESRCH;
        }
        if (!proc_limits(pid, i->limits)) {
                return -ESRCH;
        }
        i->profile = apparmor_has(pid);
        /* On a host with more processors than the set has room for, programs keep the agent's. */
        if (sched_getaffinity(pid, sizeof(i->cpus), &i->cpus) < 0) {
                CPU_ZERO(&i->cpus);
        }
        return pidfd_kill(i->init_pidfd, 0); /* it was init's until now */
}

/*
 * A name that a tenant cannot have taken before, and the host's root as owner: one of the tenant's own could be frozen or killed
 * by it, and lend it a door for its processes.
 */
static int make_cgroup(Inside *i, TenantError *error) {
        struct stat st;
        uint64_t random;
        int r = 0;

        if (getrandom(&random, sizeof(random), 0) != sizeof(random)) {
                return error_set_errno(error, errno, E_FAILED, "Cannot get random numbers");
        }
        snprintf(i->cgroup, sizeof(i->cgroup), CGROUP_PREFIX "%d.%016llx", getpid(),
                 (unsigned long long) random);
        if (mkdirat(i->payload_fd, i->cgroup, 0755) < 0) {
                r = -errno;
                i->cgroup[0] = '\0';
        } else {
                i->cgroup_fd = open_beneath(i->payload_fd, i->cgroup, O_RDONLY | O_DIRECTORY, 0);
                r = i->cgroup_fd < 0 ? i->cgroup_fd : 0;
        }
        if (r == -ENOENT || r == -ENODEV) {
                return error_set(error, ESRCH, E_NOT_RUNNING, "Tenant '%s' is not running any more",
                                 i->name);
        }
        if (r >= 0 && (fstat(i->cgroup_fd, &st) < 0 || st.st_uid != 0)) {
                r = -EPERM;
        }
        return r < 0 ? error_set_errno(error, r, E_FAILED, "Cannot make a cgroup in tenant '%s'", i->name)
                     : 0;
}

/* What the operator allows now. A definition that is broken meanwhile keeps nobody out of his tenant, with the narrower filter. */
static int read_filter(const char *name, SeccompFilter *ret, TenantError *error) {
        _cleanup_(definition_free_p) Definition *definition = NULL;
        TenantError broken;
        const int r = definition_load(name, &definition, &broken);

        return seccomp_read(r >= 0 && definition->packet_sockets, ret, error);
}

int inside_open(const char *name, const struct tenant_host *host, Inside *ret, TenantError *error) {
        _cleanup_(inside_done) Inside i = INSIDE_NONE;
        pid_t pid;
        int r;

        i.name = name;
        i.init_pidfd = tenant_init_pidfd(name, &pid, error);
        if (i.init_pidfd < 0) {
                return i.init_pidfd;
        }
        i.payload_fd = tenant_payload_open(name, error);
        if (i.payload_fd < 0) {
                return i.payload_fd;
        }
        r = allocation_load(name, &i.allocation, error);
        r = r < 0 ? r
                  : backends_load_for_release(name, i.allocation, host, KIND_BIT(TENANT_KIND_NAMESPACE),
                                              &i.backends, error);
        r = r < 0 ? r : read_filter(name, &i.filter, error);
        if (r < 0) {
                return r;
        }
        r = read_bounds(&i, pid);
        if (r < 0) {
                return error_set_errno(error, r, E_NOT_RUNNING, "Tenant '%s' is not running any more", name);
        }
        if (!i.backends->kind[TENANT_KIND_NAMESPACE].plugin->ops.namespace.enter) {
                return error_set(error, ENOTSUP, E_NOT_SUPPORTED,
                                 "The namespace backend of tenant '%s' cannot be entered", name);
        }
        i.shim_fd = shim_open();
        if (i.shim_fd < 0) {
                return error_set_errno(error, i.shim_fd, E_FAILED, "Cannot make a program in memory");
        }
        r = make_cgroup(&i, error);
        if (r < 0) {
                return r;
        }
        *ret = TAKE_GENERIC(i, INSIDE_NONE);
        return 0;
}

void inside_kill(const Inside *i) {
        if (i->cgroup_fd >= 0) {
                (void) !file_write_at(i->cgroup_fd, "cgroup.kill", "1"); /* gone is as good */
        }
}

static long long now_msec(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

/* The cgroup tells when its last process is gone. */
static void wait_until_empty(int cgroup_fd, long long end) {
        _cleanup_close_ int events = open_beneath(cgroup_fd, "cgroup.events", O_RDONLY | O_NONBLOCK, 0);
        char text[256];

        for (long long left = end - now_msec(); events >= 0 && left > 0; left = end - now_msec()) {
                struct pollfd p = { .fd = events, .events = POLLPRI };
                ssize_t n = pread(events, text, sizeof(text) - 1, 0);

                if (n < 0) {
                        return;
                }
                text[n] = '\0';
                if (strstr(text, "populated 0")) {
                        return;
                }
                (void) poll(&p, 1, (int) left); /* looked at again either way */
        }
}

void inside_done(Inside *i) {
        if (i->cgroup_fd >= 0) {
                inside_kill(i);
                wait_until_empty(i->cgroup_fd, now_msec() + KILL_WAIT_MSEC);
        }
        if (i->payload_fd >= 0 && i->cgroup[0]) {
                (void) unlinkat(i->payload_fd, i->cgroup,
                                AT_REMOVEDIR); /* the release removes what is left */
        }
        i->cgroup_fd = fd_close(i->cgroup_fd);
        i->payload_fd = fd_close(i->payload_fd);
        i->init_pidfd = fd_close(i->init_pidfd);
        i->shim_fd = fd_close(i->shim_fd);
        seccomp_filter_done(&i->filter);
        i->backends = backends_free(i->backends);
        i->allocation = allocation_free(i->allocation);
}

static void collect_cgroup(int payload_fd, const char *cgroup, pid_t worker, long long end) {
        _cleanup_close_ int fd = -1;
        struct stat st;

        if (kill(worker, 0) == 0 || errno != ESRCH) {
                return;
        }
        fd = open_beneath(payload_fd, cgroup, O_RDONLY | O_DIRECTORY, 0);
        if (fd < 0 || fstat(fd, &st) < 0 || st.st_uid != 0) {
                return; /* a tenant can make one of such a name, but it is not ours then */
        }
        (void) !file_write_at(fd, "cgroup.kill", "1"); /* gone is as good */
        wait_until_empty(fd, end);
        (void) unlinkat(payload_fd, cgroup, AT_REMOVEDIR); /* the release removes what is left */
}

void inside_collect(const char *name, uint64_t deadline_usec) {
        int payload_fd = tenant_payload_open(name, NULL);
        _cleanup_closedir_ DIR *dir = payload_fd < 0 ? NULL : fdopendir(payload_fd);
        const struct dirent *e;

        if (!dir) {
                (void) fd_close(payload_fd);
                return;
        }
        while ((e = readdir(dir))) {
                int worker;

                if (sscanf(e->d_name, CGROUP_PREFIX "%d", &worker) == 1 && worker > 0) {
                        collect_cgroup(dirfd(dir), e->d_name, worker, (long long) (deadline_usec / 1000));
                }
        }
}

static int place_descriptors(const Inside *i, const InsideChild *child, int error_fd) {
        const int from[FD_END] = {
                [0] = child->stdio[0],     child->stdio[1],       child->stdio[2],
                [FD_INIT] = i->init_pidfd, [FD_ERROR] = error_fd, [FD_SHIM] = i->shim_fd,
        };
        int high[FD_END];

        for (int n = 0; n < FD_END; n++) {
                high[n] = from[n] < 0 ? -1 : fcntl(from[n], F_DUPFD_CLOEXEC, 100);
                if (from[n] >= 0 && high[n] < 0) {
                        return -errno;
                }
        }
        for (int n = 0; n < FD_END; n++) {
                if (high[n] < 0) {
                        (void) close(n); /* it may not have been open */
                } else if (dup3(high[n], n, n > STDERR_FILENO ? O_CLOEXEC : 0) < 0) {
                        return -errno;
                }
        }
        return close_range(FD_END, UINT32_MAX, 0) < 0 ? -errno : 0;
}

static void reset_signals(void) {
        sigset_t none;

        for (int signo = 1; signo < NSIG; signo++) {
                signal(signo, SIG_DFL);
        }
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The agent's rank with the processor and with the OOM killer. */
static int shed_rank(const Inside *i) {
        const struct sched_param none = { 0 };

        /* EACCES: the agent's rank is a lower one, which may stay. */
        if (sched_setscheduler(0, SCHED_OTHER, &none) < 0 ||
            (setpriority(PRIO_PROCESS, 0, 0) < 0 && errno != EACCES) ||
            (CPU_COUNT(&i->cpus) > 0 && sched_setaffinity(0, sizeof(i->cpus), &i->cpus) < 0)) {
                return -errno;
        }
        return file_write_at(AT_FDCWD, "/proc/self/oom_score_adj", "0");
}

/* What a process inherits from the agent: what it could be looked at or used through, or what favours it. */
static int shed(const Inside *i) {
        int r = shed_rank(i);

        for (int n = 0; r >= 0 && n < RLIM_NLIMITS; n++) {
                r = setrlimit(n, &i->limits[n]) < 0 ? -errno : 0;
        }
        if (r < 0) {
                return r;
        }
        reset_signals();
        umask(022);
        if (setsid() < 0 || syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 ||
            prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || prctl(PR_SET_DUMPABLE, 0) < 0) {
                return -errno;
        }
        return 0;
}

static int enter(const Inside *i, TenantError *error) {
        const Backend *b = &i->backends->kind[TENANT_KIND_NAMESPACE];
        TenantError own = { 0 };
        int r = b->plugin->ops.namespace.enter(&b->context, FD_INIT, &own);

        r = plugin_result(b->plugin, "enter", r, &own);
        if (r < 0) {
                *error = own;
        }
        return r;
}

/* An end without a word would be taken for that of the program. */
static void fail(int error_fd, const TenantError *e) {
        (void) send(error_fd, e, sizeof(*e), MSG_NOSIGNAL); /* nobody else to tell */
        _exit(EXIT_FAILURE);
}

static int drop_bound(uint64_t keep) {
        for (cap_value_t c = 0; c < cap_max_bits(); c++) {
                if (!(keep & 1ull << c) && cap_drop_bound(c) < 0) {
                        return -errno;
                }
        }
        return 0;
}

/*
 * A session of the tenant's own keys; the empty one that the first child made is the host's root's. A tenant that has used up its
 * keys must not keep the operator out by that.
 */
static int join_keyring(void) {
        return syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 && errno != EDQUOT ? -errno : 0;
}

/* The second child, process of the tenant's pid namespace. */
static void be_inside(const Inside *i, const InsideChild *child) {
        TenantError e = { 0 };
        int r = join_keyring();

        if (r >= 0 && (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || chdir("/") < 0)) {
                r = -errno;
        }
        r = r < 0 ? r : drop_bound(i->capabilities);
        r = r < 0 ? r : seccomp_apply(&i->filter);
        if (r >= 0 && child->argv) {
                r = shim_exec(FD_SHIM, child->argv, child->environment);
        }
        if (r < 0) {
                error_set_errno(&e, r, E_FAILED, "Cannot become a process of tenant '%s'", i->name);
                fail(FD_ERROR, &e);
        }
        _exit(child->body(child->userdata));
}

static int wait_for(pid_t pid) {
        int status;

        while (waitpid(pid, &status, 0) < 0) {
                if (errno != EINTR) {
                        return EXIT_FAILURE;
                }
        }
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* The first child: between the worlds, until the second has ended. */
static void go_inside(const Inside *i, const InsideChild *child, int error_fd, pid_t worker) {
        TenantError e = { 0 };
        pid_t pid;
        int r = shed(i);

        r = r < 0 ? r : place_descriptors(i, child, error_fd);
        if (r < 0) {
                error_set_errno(&e, r, E_FAILED, "Cannot prepare a process for tenant '%s'", i->name);
                fail(error_fd, &e);
        }
        /* The second child inherits it. A tenant that started without could do nothing with a process that has it. */
        r = i->profile ? apparmor_on_exec() : 0;
        if (r < 0) {
                error_set_errno(&e, r, E_FAILED, "Cannot take the AppArmor profile of tenant '%s'", i->name);
                fail(FD_ERROR, &e);
        }
        r = enter(i, &e);
        if (r < 0) {
                fail(FD_ERROR, &e);
        }
        /* The change of ids undid both. From the fork on the tenant sees one of us. */
        if (prctl(PR_SET_DUMPABLE, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) {
                error_set_errno(&e, errno, E_FAILED, "Cannot prepare a process for tenant '%s'", i->name);
                fail(FD_ERROR, &e);
        }
        (void) close(FD_INIT); /* has done its work */
        if (getppid() != worker) { /* whoever watches for a worker that is gone ends with it */
                _exit(EXIT_FAILURE);
        }
        pid = fork();
        if (pid < 0) {
                error_set_errno(&e, errno, E_FAILED, "Cannot make a process in tenant '%s'", i->name);
                fail(FD_ERROR, &e);
        }
        if (pid == 0) {
                be_inside(i, child);
        }
        /* Only watches now, and must not keep a pipe open. */
        if (close_range(0, UINT32_MAX, 0) < 0) {
                _exit(EXIT_FAILURE);
        }
        _exit(wait_for(pid));
}

int inside_start(const Inside *i, const InsideChild *child, int *ret_pidfd, int *ret_error_fd,
                 TenantError *error) {
        _cleanup_close_ int pidfd = -1, ours = -1, theirs = -1;
        struct clone_args args = {
                .flags = CLONE_PIDFD | CLONE_INTO_CGROUP,
                .pidfd = (uint64_t) (uintptr_t) &pidfd,
                .exit_signal = SIGCHLD,
                .cgroup = (uint64_t) i->cgroup_fd,
        };
        int pair[2];
        const pid_t worker = getpid();
        long pid;

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
                return error_set_errno(error, errno, E_FAILED, "Cannot make a socket pair");
        }
        ours = pair[0];
        theirs = pair[1];
        pid = syscall(SYS_clone3, &args, sizeof(args));
        if (pid < 0) {
                return error_set_errno(error, errno, E_FAILED,
                                       "Cannot make a process in the cgroup of tenant '%s'", i->name);
        }
        if (pid == 0) {
                go_inside(i, child, theirs, worker);
        }
        *ret_pidfd = TAKE_FD(pidfd);
        *ret_error_fd = TAKE_FD(ours);
        return 0;
}

/*
 * A tenant can keep our processes in it from going on: by freezing the cgroup, stopping them, or a program on a file system of its
 * own that does not answer.
 */
static int wait_readable(int fd, uint64_t deadline_usec, const struct tenant_host *host,
                         TenantError *error) {
        for (;;) {
                const uint64_t now = (uint64_t) now_msec() * 1000;
                struct pollfd p = { .fd = fd, .events = POLLIN };
                int n;

                if (host_cancelled(host)) {
                        return error_set(error, ECANCELED, E_CANCELED, "The job was canceled");
                }
                if (now >= deadline_usec) {
                        return error_set(error, ETIMEDOUT, E_TIMEOUT,
                                         "The tenant did not let a process of tenantd do its work in time");
                }
                n = poll(&p, 1, deadline_usec - now < POLL_MSEC * 1000 ? 1 : POLL_MSEC);
                if (n > 0) {
                        return 0;
                }
                if (n < 0 && errno != EINTR) {
                        return error_set_errno(error, errno, E_FAILED, "Cannot wait for a process");
                }
        }
}

int inside_entered(int error_fd, uint64_t deadline_usec, const struct tenant_host *host,
                   TenantError *error) {
        TenantError e;
        ssize_t n;
        int r = wait_readable(error_fd, deadline_usec, host, error);

        if (r < 0) {
                return r;
        }
        n = recv(error_fd, &e, sizeof(e), MSG_DONTWAIT);
        if (n == 0) {
                return 0;
        }
        if (n != sizeof(e) || e.code >= 0) {
                return error_set(error, EIO, E_FAILED, "The way into the tenant ended without a word");
        }
        e.name[sizeof(e.name) - 1] = '\0';
        e.message[sizeof(e.message) - 1] = '\0';
        if (error) {
                *error = e;
        }
        return e.code;
}

int inside_wait(int pidfd, uint64_t deadline_usec, const struct tenant_host *host, TenantError *error) {
        siginfo_t info = { 0 };
        int r = wait_readable(pidfd, deadline_usec, host, error);

        if (r < 0) {
                return r;
        }
        if (waitid(P_PIDFD, (id_t) pidfd, &info, WEXITED | WNOHANG) < 0) {
                return error_set_errno(error, errno, E_FAILED, "Cannot wait for a process");
        }
        return info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
}

uint64_t inside_deadline(uint64_t usec) {
        const uint64_t now = (uint64_t) now_msec() * 1000;

        return usec < UINT64_MAX - now ? now + usec : UINT64_MAX;
}
