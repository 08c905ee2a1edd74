/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * run.c: a program in a running tenant, with bounded time and output. Refuses to wait for what the program
 * left running: that is killed at its end. The program is looked up by the tenant's own PATH, inside. Owned
 * by the agent's workers.
 */
#include "fd.h"
#include "host.h"
#include "inside.h"
#include "name.h"
#include "work.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#define OUTPUT_MAX (1024u * 1024u)
#define TIMEOUT_DEFAULT_USEC (25u * 1000000u)
#define ARGUMENTS_MAX 1024u
#define ARGUMENTS_BYTES_MAX (256u * 1024u)
#define POLL_MSEC 250
#define DRAIN_READS_MAX 1024u

static char *const environment[] = {
        (char *) "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        (char *) "HOME=/root",
        (char *) "TERM=dumb",
        (char *) "LANG=C.UTF-8",
        (char *) "container=tenantd",
        NULL,
};

typedef struct Stream {
        int fd;
        char *data;
        size_t size;
        size_t room;
        bool truncated;
} Stream;

static void stream_done(Stream *s) {
        free(s->data);
        s->data = NULL;
        s->fd = fd_close(s->fd);
}

void run_result_done(RunResult *r) {
        free(r->out);
        free(r->err);
        *r = (RunResult){ 0 };
}

static int check_arguments(char *const *argv, TenantError *error) {
        size_t n = 0, bytes = 0;

        for (; argv[n] && n <= ARGUMENTS_MAX; n++) {
                bytes += strlen(argv[n]) + 1;
        }
        if (n == 0 || !argv[0][0]) {
                return error_set(error, EINVAL, E_INVALID_SETTING,
                                 "Say what to run: the first argument is the program");
        }
        if (n > ARGUMENTS_MAX || bytes > ARGUMENTS_BYTES_MAX) {
                return error_set(error, E2BIG, E_INVALID_SETTING,
                                 "At most %u arguments of together %u bytes; use the input", ARGUMENTS_MAX,
                                 ARGUMENTS_BYTES_MAX);
        }
        return 0;
}

/* A pipe whose end in the tenant belongs to the tenant's root, so that /dev/stdout can be opened there. */
static int pipe_make(const Inside *i, int *ret_ours, int *ret_theirs, int ours_end) {
        int fds[2];

        if (pipe2(fds, O_CLOEXEC) < 0) {
                return -errno;
        }
        *ret_ours = fds[ours_end];
        *ret_theirs = fds[1 - ours_end];
        if (fchown(*ret_theirs, i->allocation->ids.base, i->allocation->ids.base) < 0 ||
            fcntl(*ret_ours, F_SETFL, O_NONBLOCK) < 0) {
                return -errno;
        }
        return 0;
}

/* 1: more may come; 0: ended. What is over the bound is read and dropped, so that the program goes on. */
static int stream_read(Stream *s) {
        char spare[4096];
        char *to = spare;
        size_t room = sizeof(spare);
        ssize_t n;

        if (s->size == s->room && s->room < OUTPUT_MAX) {
                size_t more = s->room ? s->room * 2 : 4096;
                char *data = realloc(s->data, more + 1);

                if (!data) {
                        return -ENOMEM;
                }
                s->data = data;
                s->room = more;
        }
        if (s->size < s->room) {
                to = s->data + s->size;
                room = s->room - s->size;
        }
        n = read(s->fd, to, room);
        if (n < 0) {
                return errno == EAGAIN || errno == EINTR ? 1 : -errno;
        }
        if (n == 0) {
                s->fd = fd_close(s->fd);
                return 0;
        }
        if (to == spare) {
                s->truncated = true;
        } else {
                s->size += (size_t) n;
        }
        return 1;
}

/* What is there now, without waiting, and no more than a pipe can hold: a writer may have got away from the kill. */
static int stream_drain(Stream *s) {
        for (unsigned reads = 0; reads < DRAIN_READS_MAX; reads++) {
                struct pollfd p = { .fd = s->fd, .events = POLLIN };
                int r;

                if (s->fd < 0 || poll(&p, 1, 0) <= 0) {
                        return 0;
                }
                r = stream_read(s);
                if (r <= 0) {
                        return r;
                }
        }
        return 0;
}

typedef struct Input {
        int fd;
        const char *data;
        size_t size;
} Input;

/* A program that does not read its input is not at fault. */
static void input_write(Input *in) {
        ssize_t n = write(in->fd, in->data, in->size);

        if (n > 0) {
                in->data += n;
                in->size -= (size_t) n;
        }
        if (in->size == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
                in->fd = fd_close(in->fd);
        }
}

typedef struct Session {
        Input in;
        Stream out;
        Stream err;
        int pidfd;
        uint64_t deadline_usec;
} Session;

static void session_done(Session *s) {
        s->in.fd = fd_close(s->in.fd);
        stream_done(&s->out);
        stream_done(&s->err);
        s->pidfd = fd_close(s->pidfd);
}

static uint64_t now_usec(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t) t.tv_sec * 1000000 + (uint64_t) t.tv_nsec / 1000;
}

static int session_start(Session *s, const Inside *i, char *const *argv, const struct tenant_host *host,
                         TenantError *error) {
        _cleanup_close_ int in = -1, out = -1, err = -1, error_fd = -1;
        int r = pipe_make(i, &s->in.fd, &in, 1);

        if (s->in.size == 0) { /* at its end at once: no /dev/null, which in a tenant may be anything */
                s->in.fd = fd_close(s->in.fd);
        }
        r = r < 0 ? r : pipe_make(i, &s->out.fd, &out, 0);
        r = r < 0 ? r : pipe_make(i, &s->err.fd, &err, 0);
        if (r < 0) {
                return error_set_errno(error, r, E_FAILED, "Cannot make a pipe");
        }
        const InsideChild child = { .stdio = { in, out, err }, .argv = argv, .environment = environment };
        r = inside_start(i, &child, &s->pidfd, &error_fd, error);
        return r < 0 ? r : inside_entered(error_fd, s->deadline_usec, host, error);
}

static int session_poll(Session *s, bool *ret_ended) {
        struct pollfd fds[] = {
                { .fd = s->pidfd, .events = POLLIN },
                { .fd = s->out.fd, .events = POLLIN },
                { .fd = s->err.fd, .events = POLLIN },
                { .fd = s->in.fd, .events = POLLOUT },
        };
        const uint64_t now = now_usec(),
                       left = s->deadline_usec > now ? (s->deadline_usec - now) / 1000 + 1 : 0;
        int r = 0;

        if (poll(fds, ELEMENTSOF(fds), left < POLL_MSEC ? (int) left : POLL_MSEC) < 0) {
                return errno == EINTR ? 0 : -errno;
        }
        if (fds[1].revents) {
                r = stream_read(&s->out);
        }
        if (r >= 0 && fds[2].revents) {
                r = stream_read(&s->err);
        }
        if (fds[3].revents) {
                input_write(&s->in);
        }
        *ret_ended = fds[0].revents;
        return r < 0 ? r : 0;
}

/* Until the program ended, was cancelled or had its time. */
static int session_follow(Session *s, const Inside *i, const struct tenant_host *host, RunResult *ret,
                          TenantError *error) {
        bool ended = false;
        int r = 0;

        while (!ended && r >= 0) {
                if (host_cancelled(host)) {
                        return error_set(error, ECANCELED, E_CANCELED,
                                         "The job was canceled; the program was killed");
                }
                if (!ret->timed_out && now_usec() >= s->deadline_usec) {
                        ret->timed_out = true;
                        s->deadline_usec = UINT64_MAX;
                        inside_kill(i);
                }
                r = session_poll(s, &ended);
        }
        inside_kill(i); /* what the program left running would write for ever */
        r = r < 0 ? r : stream_drain(&s->out);
        r = r < 0 ? r : stream_drain(&s->err);
        if (r < 0) {
                return error_set_errno(error, r, E_FAILED, "Cannot read what the program wrote");
        }
        ret->status = inside_wait(s->pidfd, UINT64_MAX, NULL, error); /* it has ended */
        return ret->status < 0 ? ret->status : 0;
}

static void stream_take(Stream *s, char **ret, size_t *ret_size, bool *truncated) {
        *ret = s->data ? TAKE_PTR(s->data) : strdup("");
        *ret_size = *ret ? s->size : 0;
        *truncated = *truncated || s->truncated;
}

int work_run(const RunRequest *q, const struct tenant_host *host, RunResult *ret, TenantError *error) {
        _cleanup_(inside_done) Inside inside = INSIDE_NONE;
        _cleanup_(session_done) Session session = {
                .in = { .fd = -1, .data = q->input, .size = q->input_size },
                .out.fd = -1,
                .err.fd = -1,
                .pidfd = -1,
        };
        int r = tenant_name_check("tenant", q->tenant, error);

        *ret = (RunResult){ 0 };
        r = r < 0 ? r : check_arguments(q->argv, error);
        r = r < 0 ? r : inside_open(q->tenant, host, &inside, error);
        if (r < 0) {
                return r;
        }
        session.deadline_usec = inside_deadline(q->timeout_usec ? q->timeout_usec : TIMEOUT_DEFAULT_USEC);
        signal(SIGPIPE, SIG_IGN); /* of this worker: a program may close its input */
        r = session_start(&session, &inside, q->argv, host, error);
        r = r < 0 ? r : session_follow(&session, &inside, host, ret, error);
        if (r < 0) {
                run_result_done(ret);
                return r;
        }
        stream_take(&session.out, &ret->out, &ret->out_size, &ret->truncated);
        stream_take(&session.err, &ret->err, &ret->err_size, &ret->truncated);
        return 0;
}
