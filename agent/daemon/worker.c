/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * worker.c: see worker.h. Parent's side. A record that is not whole, and data that does not add up, count as a worker that
 * failed. Owned by the agent.
 */
#include "worker.h"
#include "fd.h"
#include "worker-child.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define RESULT_MAX (4u * 1024 * 1024)
#define GROUP_POLL_USEC 10000
#define GROUP_LIMIT_USEC 10000000

struct Worker {
        const WorkerEvents *events;
        void *userdata;
        pid_t pid;
        int pidfd;
        int pipe_fd;
        int data_fd;
        sd_event_source *child;
        sd_event_source *input;
        sd_event_source *group_poll;
        uint64_t group_deadline; /* CLOCK_MONOTONIC */
        pid_t group;
        siginfo_t end;
        bool cancelled;
        bool has_result;
        WorkRecord result;
};

Worker *worker_free(Worker *w) {
        if (!w) {
                return NULL;
        }
        if (w->pid > 0) {
                (void) kill(-w->pid, SIGKILL); /* its group; gone already: fine */
                (void) !pidfd_kill(w->pidfd, SIGKILL); /* before it made its group */
                (void) waitid(P_PIDFD, (id_t) w->pidfd, &(siginfo_t){ 0 }, WEXITED);
        }
        sd_event_source_disable_unref(w->child);
        sd_event_source_disable_unref(w->input);
        sd_event_source_disable_unref(w->group_poll);
        (void) fd_close(w->pidfd);
        (void) fd_close(w->pipe_fd);
        (void) fd_close(w->data_fd);
        g_free(w);
        return NULL;
}
DEFINE_CLEANUP(Worker *, worker_free)

static void take_record(Worker *w, WorkRecord *record) {
        record->stage[sizeof(record->stage) - 1] = '\0';
        record->error.name[sizeof(record->error.name) - 1] = '\0';
        record->error.message[sizeof(record->error.message) - 1] = '\0';
        if (record->kind == WORK_RECORD_END) {
                w->result = *record;
                w->has_result = true;
        } else if (w->events->progress) {
                w->events->progress(w->userdata, record->fraction, record->stage);
        }
}

/* Records are smaller than PIPE_BUF, so each comes whole. */
static void drain(Worker *w) {
        WorkRecord record;

        while (read(w->pipe_fd, &record, sizeof(record)) == (ssize_t) sizeof(record)) {
                take_record(w, &record);
        }
}

static int on_record(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        Worker *w = userdata;

        drain(w);
        if (revents & (EPOLLHUP | EPOLLERR)) {
                w->input = sd_event_source_disable_unref(w->input);
        }
        return 0;
}

static GByteArray *read_data(int fd) {
        GByteArray *data = g_byte_array_new();
        struct stat st;

        if (fstat(fd, &st) < 0 || st.st_size <= 0 || st.st_size > RESULT_MAX) {
                return data;
        }
        g_byte_array_set_size(data, (guint) st.st_size);
        if (pread(fd, data->data, (size_t) st.st_size, 0) != st.st_size) {
                g_byte_array_set_size(data, 0);
        }
        return data;
}

static bool has_died(const Worker *w) {
        return !w->has_result || w->end.si_code != CLD_EXITED;
}

static void report_end(Worker *w) {
        WorkResult result = { .data = read_data(w->data_fd) };
        TenantError error = { 0 };
        int r;

        if (!has_died(w)) {
                error = w->result.error;
                r = w->result.r;
        } else if (w->cancelled) {
                r = error_set(&error, ECANCELED, E_CANCELED, "It was killed; what it left is removed");
        } else {
                r = error_set(&error, EIO, E_FAILED,
                              "Its worker process died (%s %d); what it left is removed; see journalctl -u "
                              "tenantd",
                              w->end.si_code == CLD_EXITED ? "status" : "signal", w->end.si_status);
        }
        w->events->ended(w->userdata, r, &error, &result, has_died(w));
        if (result.data->len) {
                explicit_bzero(result.data->data, result.data->len); /* it may be a key */
        }
        g_byte_array_unref(result.data);
}

/* The number stays the group's as long as the group has processes; nothing is sent to it. */
static int on_group_poll(sd_event_source *s, uint64_t usec, void *userdata) {
        Worker *w = userdata;

        if (kill(-w->group, 0) == 0 && usec < w->group_deadline &&
            sd_event_source_set_time(s, usec + GROUP_POLL_USEC) >= 0 &&
            sd_event_source_set_enabled(s, SD_EVENT_ONESHOT) >= 0) {
                return 0;
        }
        report_end(w); /* may free w */
        return 0;
}

/*
 * What a dead worker left is removed next, and not while its children, killed as well, still hold its locks and write: the kernel has
 * no descriptor for a group that could be waited for.
 */
static int await_group(Worker *w, sd_event *event) {
        uint64_t now;
        int r = sd_event_now(event, CLOCK_MONOTONIC, &now);

        if (r < 0) {
                return r;
        }
        w->group_deadline = now + GROUP_LIMIT_USEC;
        return sd_event_add_time(event, &w->group_poll, CLOCK_MONOTONIC, now, 1, on_group_poll, w);
}

static int on_child_exit(sd_event_source *s, const siginfo_t *si, void *userdata) {
        Worker *w = userdata;

        w->group = w->pid;
        w->end = *si;
        w->pid = 0;
        /* Whatever it left in its group; it is a zombie still, so the number is its own. */
        (void) kill(-w->group, SIGKILL);
        drain(w);
        if (!has_died(w) || await_group(w, sd_event_source_get_event(s)) < 0) {
                report_end(w); /* may free w */
        }
        return 0;
}

static int watch(Worker *w, sd_event *event) {
        int r = sd_event_add_io(event, &w->input, w->pipe_fd, EPOLLIN, on_record, w);

        if (r >= 0) {
                r = sd_event_add_child_pidfd(event, &w->child, w->pidfd, WEXITED, on_child_exit, w);
        }
        return r;
}

static int spawn(Worker *w, WorkerChild *child) {
        int pipe_fds[2];

        if (pipe2(pipe_fds, O_CLOEXEC) < 0) {
                return -errno;
        }
        w->pipe_fd = pipe_fds[0];
        w->data_fd = memfd_create("tenantd-result", MFD_CLOEXEC);
        child->record_fd = pipe_fds[1];
        child->data_fd = w->data_fd;
        child->parent = getpid();
        w->pid = w->data_fd < 0 ? -1 : fork();
        if (w->pid == 0) {
                worker_child_run(child);
        }
        (void) fd_close(pipe_fds[1]);
        if (w->pid < 0) {
                return -errno;
        }
        if (fcntl(w->pipe_fd, F_SETFL, O_NONBLOCK) < 0) {
                return -errno;
        }
        w->pidfd = pidfd_open_cloexec(w->pid);
        return w->pidfd < 0 ? w->pidfd : 0;
}

int worker_start(sd_event *event, const WorkOrder *order, Worker **ret, TenantError *error) {
        _cleanup_(worker_free_p) Worker *w = g_new0(Worker, 1);
        WorkerChild child = { .keep_fd = order->keep_fd, .function = order->function, .arg = order->arg };
        int r;

        w->events = order->events;
        w->userdata = order->userdata;
        w->pidfd = w->pipe_fd = w->data_fd = -1;
        r = spawn(w, &child);
        if (r >= 0) {
                r = watch(w, event);
        }
        if (r < 0) {
                return error_set_errno(error, r, E_FAILED,
                                       "Cannot start a worker process; see the limits of tenantd.service");
        }
        *ret = TAKE_PTR(w);
        return 0;
}

void worker_cancel(Worker *w) {
        if (w->pid > 0) {
                (void) !pidfd_kill(w->pidfd,
                                   w->cancelled ? SIGKILL : SIGTERM); /* gone: its end is on the way */
                w->cancelled = true;
        }
}

void work_result_put(WorkResult *result, const void *data, size_t size) {
        uint32_t length = (uint32_t) size;

        g_byte_array_append(result->data, (const guint8 *) &length, sizeof(length));
        if (size) {
                g_byte_array_append(result->data, data, (guint) size);
        }
        g_byte_array_append(result->data, (const guint8 *) "", 1);
}

void work_result_put_strv(WorkResult *result, char *const *v) {
        uint32_t n = 0;

        while (v && v[n]) {
                n++;
        }
        work_result_put(result, &n, sizeof(n));
        for (uint32_t i = 0; i < n; i++) {
                work_result_put(result, v[i], strlen(v[i]));
        }
}

bool work_result_take(WorkResult *result, const char **ret, size_t *ret_size) {
        uint32_t size;
        const char *at = (const char *) result->data->data + result->offset;
        size_t left = result->data->len - result->offset;

        if (left < sizeof(size) + 1) {
                return false;
        }
        memcpy(&size, at, sizeof(size));
        if (left - sizeof(size) - 1 < size || at[sizeof(size) + size] != '\0') {
                return false;
        }
        *ret = at + sizeof(size);
        if (ret_size) {
                *ret_size = size;
        }
        result->offset += sizeof(size) + size + 1;
        return true;
}

bool work_result_take_strv(WorkResult *result, GPtrArray **ret) {
        g_autoptr(GPtrArray) v = g_ptr_array_new();
        const char *text;
        size_t size;
        uint32_t n;

        if (!work_result_take(result, &text, &size) || size != sizeof(n)) {
                return false;
        }
        memcpy(&n, text, sizeof(n));
        for (uint32_t i = 0; i < n; i++) {
                if (!work_result_take(result, &text, NULL)) {
                        return false;
                }
                g_ptr_array_add(v, (gpointer) text);
        }
        *ret = g_steal_pointer(&v);
        return true;
}
