/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * worker-child.c: see worker-child.h. Never touches the agent's bus or event loop: their descriptors are closed first. Plugins'
 * descriptors stay, since the dynamic loader knows plugins by them. Owned by the agent.
 */
#include "worker-child.h"
#include "backends.h"
#include "io.h"
#include "log.h"
#include "parse.h"
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#define PROGRESS_INTERVAL_NSEC 100000000

static volatile sig_atomic_t is_cancelled;

typedef struct Reporter {
        int fd;
        struct timespec last;
        char stage[40];
} Reporter;

static void on_sigterm(int signo) {
        is_cancelled = 1;
}

/* SIGTERM without SA_RESTART, so that what waits for a lock hears of it. */
static void reset_signals(void) {
        struct sigaction term = { .sa_handler = on_sigterm }, ignored = { .sa_handler = SIG_IGN };
        sigset_t none;

        for (int i = 1; i < SIGRTMAX; i++) {
                (void) signal(i, SIG_DFL); /* SIGKILL, SIGSTOP and libc's own refuse */
        }
        sigaction(SIGTERM, &term, NULL);
        sigaction(SIGPIPE, &ignored, NULL); /* the agent may go first */
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
}

static bool is_plugin(int dir_fd, const char *number) {
        char target[PATH_MAX];
        ssize_t n = readlinkat(dir_fd, number, target, sizeof(target) - 1);
        size_t length = strlen(plugin_get_directory());

        target[n > 0 ? n : 0] = '\0';
        return strncmp(target, plugin_get_directory(), length) == 0 && target[length] == '/';
}

static void close_others(const WorkerChild *child) {
        _cleanup_closedir_ DIR *dir = opendir("/proc/self/fd");
        struct dirent *e;

        while (dir && (e = readdir(dir))) {
                uint32_t fd;

                if (parse_u32(e->d_name, &fd) < 0 || fd <= STDERR_FILENO || (int) fd == dirfd(dir) ||
                    (int) fd == child->record_fd || (int) fd == child->data_fd ||
                    (int) fd == child->keep_fd || is_plugin(dirfd(dir), e->d_name)) {
                        continue;
                }
                (void) close((int) fd);
        }
}

static void host_log(void *userdata, int level, const char *message) {
        log_line(level, "%s", message);
}

static bool host_cancelled(void *userdata) {
        return is_cancelled;
}

static bool is_too_soon(Reporter *r, const char *stage) {
        struct timespec now;
        int64_t past;

        (void) clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail for this clock */
        past = (now.tv_sec - r->last.tv_sec) * 1000000000ll + (now.tv_nsec - r->last.tv_nsec);
        if (past < PROGRESS_INTERVAL_NSEC && strcmp(stage, r->stage) == 0) {
                return true;
        }
        r->last = now;
        snprintf(r->stage, sizeof(r->stage), "%s", stage);
        return false;
}

static void host_progress(void *userdata, double fraction, const char *stage) {
        Reporter *r = userdata;
        WorkRecord record = { .kind = WORK_RECORD_PROGRESS, .fraction = fraction };

        snprintf(record.stage, sizeof(record.stage), "%s", stage);
        if (!is_too_soon(r, record.stage)) {
                (void) !write(r->fd, &record, sizeof(record)); /* the agent is gone: SIGTERM is on its way */
        }
}

static void adopt_process(const WorkerChild *child) {
        reset_signals();
        (void) setpgid(0, 0); /* cannot fail right after fork */
        (void) prctl(PR_SET_NAME, "tenantd-worker");
        /* Work without an agent has nobody to report to: undo it. */
        (void) prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (getppid() != child->parent) {
                is_cancelled = 1;
        }
        close_others(child);
}

_Noreturn void worker_child_run(WorkerChild *child) {
        Reporter reporter = { .fd = child->record_fd };
        struct tenant_host host = host_default;
        WorkResult result = { .data = g_byte_array_new() };
        WorkRecord end = { .kind = WORK_RECORD_END };

        adopt_process(child);
        host.userdata = &reporter;
        host.log = host_log;
        host.cancelled = host_cancelled;
        host.progress = host_progress;
        end.r = child->function(child->arg, &host, &result, &end.error);
        if (end.r >= 0 && fd_write_all(child->data_fd, result.data->data, result.data->len) < 0) {
                end.r = error_set(&end.error, EIO, E_FAILED, "Cannot hand over the result");
        }
        if (write(child->record_fd, &end, sizeof(end)) != (ssize_t) sizeof(end)) {
                _exit(1);
        }
        _exit(0);
}
