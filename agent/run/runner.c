/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * runner.c: the one process of ours that lives as long as its tenant, so it is small: no heap, no plugins, no bus, libc only.
 * It holds the lock, forks the composer, is the parent of the tenant's init (CLONE_PARENT), relays readiness and the console,
 * turns SIGTERM into init's halt signal and maps init's end to an exit status. It refuses to undo anything: that is the
 * release's, which also works when the runner was killed.
 */
#include "cleanup.h"
#include "console.h"
#include "control.h"
#include "fd.h"
#include "io.h"
#include "log.h"
#include "notify.h"
#include "paths.h"
#include "run.h"
#include "running.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

/* What a tenant may make the runner do in a second, before it is not listened to until the second is over. */
#define NEWS_PER_SECOND 20u
/* Each makes systemd tell the whole bus: of what comes faster only the last is passed on. */
#define STATUS_AT_ONCE 3u
#define STATUS_PER_SECOND 1u

#define DOCKER_POLL_MSEC 50

#define HALT_AGAIN_MSEC 1000u

typedef struct Runner {
        const RunOptions *options;
        int runtime_fd, lock_fd, signal_fd, notify_fd, control_fd;
        pid_t composer; /* 0: ended */
        pid_t init; /* 0: not born; -1: ended */
        struct sockaddr_in ready_docker; /* sin_port 0: readiness is init's alone */
        bool init_ready, reported_ready, reported_stopping, stopping, failed;
        int exit_status;
        Budget news, statuses;
        char status[160]; /* not passed on yet; empty: none */
        uint64_t kill_msec; /* when init has had its time to halt; 0: it does not stop, or is killed */
        uint64_t halt_msec; /* when init is asked again to halt; 0: it was not asked */
        bool init_ended; /* and its end was not judged yet */
        int init_status;
        Console console;
} Runner;

static uint64_t now_msec(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t) t.tv_sec * 1000 + (uint64_t) t.tv_nsec / 1000000;
}

static void fail(Runner *r, const TenantError *error) {
        _cleanup_close_ int fd = -1;

        if (r->failed) {
                return;
        }
        r->failed = true;
        log_event(LOG_ERR, LOG_ID_START_FAILED, "Tenant '%s' did not start: %s", r->options->name,
                  error->message);
        /* For the agent, which tells the caller of Start; the journal has it anyway. */
        fd = open_beneath(r->runtime_fd, "error", O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK, 0600);
        if (fd >= 0) {
                (void) dprintf(fd, "%s: %s\n", error->name[0] ? error->name : E_FAILED, error->message);
        }
}

static int prepare(Runner *r, TenantError *error) {
        const char *name = r->options->name;
        char path[300];
        sigset_t signals;

        r->lock_fd = tenant_lock(name, error);
        if (r->lock_fd < 0) {
                return r->lock_fd;
        }
        snprintf(path, sizeof(path), "%s/%s", path_get(PATH_RUNTIME), name);
        r->runtime_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (r->runtime_fd < 0) {
                return error_set_errno(error, errno, E_FAILED, "Cannot open %s", path);
        }
        (void) unlinkat(r->runtime_fd, "error", 0); /* of an earlier start; usually missing */
        strcat(path, "/notify");
        r->notify_fd = notify_listen(path);
        if (r->notify_fd < 0) {
                return error_set_errno(error, r->notify_fd, E_FAILED, "Cannot listen at %s", path);
        }
        sigemptyset(&signals);
        sigaddset(&signals, SIGTERM);
        sigaddset(&signals, SIGINT);
        sigaddset(&signals, SIGCHLD);
        sigaddset(&signals, SIGPIPE);
        sigprocmask(SIG_SETMASK, &signals, NULL);
        r->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
        if (r->signal_fd < 0) {
                return error_set_errno(error, errno, E_FAILED, "Cannot make a signalfd");
        }
        return 0;
}

static int start_composer(Runner *r, TenantError *error) {
        const pid_t runner = getpid();
        int pair[2];

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
                return error_set_errno(error, errno, E_FAILED, "Cannot make a socket pair");
        }
        r->composer = fork();
        if (r->composer == 0) {
                (void) fd_close(pair[0]);
                (void) fd_close(r->signal_fd);
                (void) fd_close(r->notify_fd);
                _exit(composer_run(r->options, runner, r->runtime_fd, pair[1]));
        }
        (void) fd_close(pair[1]);
        r->control_fd = pair[0];
        return r->composer < 0 ? error_set_errno(error, errno, E_FAILED, "Cannot fork") : 0;
}

static bool docker_accepts(const struct sockaddr_in *address) {
        _cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const struct timeval limit = { .tv_usec = 200 * 1000 };

        return fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) == 0 &&
               connect(fd, (const struct sockaddr *) address, sizeof(*address)) == 0;
}

/* Not while the composer works: who hears of it looks for init's pid, which is its last. */
static void report_ready(Runner *r) {
        if (!r->init_ready || r->reported_ready || r->composer > 0 || r->failed || r->stopping ||
            (r->ready_docker.sin_port && !docker_accepts(&r->ready_docker))) {
                return;
        }
        r->reported_ready = true;
        notify_systemd("READY=1");
        notify_machines(r->options->name);
}

/* systemd's clock of the stop (TimeoutStopSec=) runs from here, whoever began it: so does ours, which ends before. */
static void report_stopping(Runner *r) {
        if (!r->reported_stopping) {
                r->reported_stopping = true;
                if (r->options->stop_seconds > 0) {
                        r->kill_msec = now_msec() + r->options->stop_seconds * UINT64_C(1000);
                }
                notify_systemd("STOPPING=1");
                notify_machines(r->options->name); /* so that it is awake when there is something to do */
        }
}

static void report_status(Runner *r, uint64_t now) {
        char text[200];

        if (r->status[0] && budget_left(&r->statuses, now) > 0) {
                budget_spend(&r->statuses, 1, now);
                snprintf(text, sizeof(text), "STATUS=%s", r->status);
                r->status[0] = '\0';
                notify_systemd(text);
        }
}

static void on_descriptors(Runner *r) {
        log_warning(
                "The init of tenant '%s' sent descriptors with a notification, and is not heard any more",
                r->options->name);
        /* Its pid is one of those that on_children() reaps and does not know. Not closed: asked again. */
        if (notify_close(r->notify_fd) > 0) {
                r->notify_fd = -1;
        }
}

static void on_news(Runner *r, uint64_t now) {
        NotifyNews news;
        int n = notify_receive(r->notify_fd, r->init, &news);

        budget_spend(&r->news, 1, now);
        if (n == -EPERM) {
                on_descriptors(r);
        }
        if (n <= 0) {
                return;
        }
        if (news.status[0]) {
                memcpy(r->status, news.status, sizeof(r->status));
        }
        report_status(r, now);
        if (news.stopping && r->reported_ready) {
                report_stopping(r);
        }
        r->init_ready = r->init_ready || news.ready;
        report_ready(r);
}

/* False: there is none now, or never again. */
static bool take_control(Runner *r) {
        ControlMessage message;
        int fd, n;

        if (r->control_fd < 0) {
                return false;
        }
        n = control_receive(r->control_fd, &message, &fd);
        if (n <= 0) {
                r->control_fd = n == -EAGAIN ? r->control_fd : fd_close(r->control_fd);
                return false;
        }
        switch (message.type) {
        case CONTROL_INIT:
                r->init = r->init == 0 ? message.pid
                                       : r->init; /* it may have been reaped before the word of it came */
                break;
        case CONTROL_DOCKER:
                r->ready_docker = message.ready_docker;
                break;
        case CONTROL_CONSOLE:
                console_open(&r->console, TAKE_FD(fd));
                break;
        case CONTROL_FAILED:
                fail(r, &message.error);
                break;
        }
        (void) fd_close(fd);
        return true;
}

/* How init ended, in the words of reboot(2) inside a pid namespace. */
static int status_of_init(const Runner *r, int status) {
        if (WIFEXITED(status)) {
                return r->stopping || WEXITSTATUS(status) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
        }
        switch (WTERMSIG(status)) {
        case SIGHUP:
                return r->stopping ? EXIT_SUCCESS : EXIT_REBOOT;
        case SIGINT:
                return EXIT_SUCCESS;
        default:
                log_event(LOG_ERR, LOG_ID_INIT_KILLED, "The init of tenant '%s' was killed by signal %d",
                          r->options->name, WTERMSIG(status));
                return r->stopping ? EXIT_SUCCESS : EXIT_FAILURE;
        }
}

static void on_composer_end(Runner *r, int status) {
        TenantError error = { 0 };

        while (take_control(r)) { /* what it still said */
        }
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
                return;
        }
        if (!r->failed && !r->stopping) {
                error_set(&error, EPIPE, E_FAILED,
                          "The composer was killed by signal %d; see journalctl -u tenant@%s",
                          WIFSIGNALED(status) ? WTERMSIG(status) : 0, r->options->name);
                fail(r, &error);
        }
        r->exit_status = r->stopping ? EXIT_SUCCESS : EXIT_FAILURE;
        if (r->init > 0) {
                kill(r->init, SIGKILL); /* our child, not reaped yet: the pid is its own */
        }
}

static void on_init_end(Runner *r, int status) {
        TenantError error = { 0 };

        r->init_ended = false;
        if (r->failed) {
                return;
        }
        r->exit_status = status_of_init(r, status);
        if (!r->reported_ready && !r->stopping && r->exit_status != EXIT_REBOOT) {
                r->exit_status = EXIT_FAILURE; /* after 0 systemd would say "protocol", which is no reason */
                error_set(&error, ECHILD, E_FAILED,
                          "Its init ended (%s %d) before it was up; its console is in: journalctl -u "
                          "tenant@%s",
                          WIFSIGNALED(status) ? "signal" : "exit status",
                          WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), r->options->name);
                fail(r, &error);
        }
}

static void on_children(Runner *r) {
        int status;
        pid_t pid;

        while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
                if (pid == r->composer) {
                        r->composer = 0;
                        on_composer_end(r, status);
                } else if (pid == r->init || r->init == 0) {
                        r->init = -1;
                        r->init_ended = true;
                        r->init_status = status;
                }
        }
        if (r->init_ended && r->composer == 0) { /* the composer, while it lives, knows better why */
                on_init_end(r, r->init_status);
        }
}

/* Again and again: the kernel drops a signal for the first process of a pid namespace as long as that has no handler for it. */
static void ask_to_halt(Runner *r) {
        kill(r->init, SIGRTMIN + 3); /* systemd's word for halt, container interface */
        r->halt_msec = now_msec() + HALT_AGAIN_MSEC;
}

static void stop(Runner *r) {
        r->stopping = true;
        if (r->composer > 0) { /* still starting: there is no init to ask */
                kill(r->composer, SIGKILL);
                if (r->init > 0) {
                        kill(r->init, SIGKILL);
                }
        } else if (r->init > 0) {
                report_stopping(r);
                ask_to_halt(r);
        }
}

/*
 * The kernel kills all of a pid namespace with its init and lets nothing be born in it meanwhile; systemd, whose turn is next, would
 * have to kill pid by pid what may fork faster.
 */
static void stop_late(Runner *r) {
        r->kill_msec = 0;
        if (r->init > 0) {
                log_warning("The init of tenant '%s' did not halt within %u s and is killed",
                            r->options->name, r->options->stop_seconds);
                kill(r->init, SIGKILL);
        }
}

static void on_signal(Runner *r) {
        struct signalfd_siginfo info;

        while (read(r->signal_fd, &info, sizeof(info)) == (ssize_t) sizeof(info)) {
                if (info.ssi_signo == SIGCHLD) {
                        on_children(r);
                } else if (info.ssi_signo != SIGPIPE) {
                        stop(r);
                }
        }
}

/* Of two waits of poll(2), where -1 is for ever. */
static int sooner(int a, int b) {
        return a < 0 ? b : b < 0 || a < b ? a : b;
}

/* Of a time, where 0 is never. */
static int until_msec(uint64_t due, uint64_t now) {
        return due == 0 ? -1 : due > now ? (int) (due - now) : 0;
}

static int news_wait_msec(Runner *r, uint64_t now) {
        return r->notify_fd < 0 ? -1 : budget_wait_msec(&r->news, 1, now);
}

/* Until something is due that no descriptor tells. */
static int wait_msec(Runner *r, uint64_t now) {
        const int news = news_wait_msec(r, now), console = console_wait_msec(&r->console, now);
        int wait = r->init_ready && !r->reported_ready ? DOCKER_POLL_MSEC : -1;

        wait = sooner(wait, news > 0 ? news : -1);
        wait = sooner(wait, console > 0 ? console : -1);
        if (r->status[0]) {
                wait = sooner(wait, budget_wait_msec(&r->statuses, 1, now));
        }
        wait = sooner(wait, until_msec(r->halt_msec, now));
        return sooner(wait, until_msec(r->kill_msec, now));
}

static void on_time(Runner *r, uint64_t now) {
        if (r->init > 0 && until_msec(r->halt_msec, now) == 0) {
                ask_to_halt(r);
        }
        if (until_msec(r->kill_msec, now) == 0) {
                stop_late(r);
        }
}

static void loop_once(Runner *r) {
        uint64_t now = now_msec();
        struct pollfd fds[] = {
                { .fd = r->signal_fd, .events = POLLIN },
                { .fd = r->control_fd, .events = POLLIN },
                { .fd = news_wait_msec(r, now) == 0 ? r->notify_fd : -1, .events = POLLIN },
                { .fd = console_wait_msec(&r->console, now) == 0 ? r->console.fd : -1, .events = POLLIN },
        };

        if (poll(fds, ELEMENTSOF(fds), wait_msec(r, now)) < 0) {
                return; /* EINTR at most */
        }
        now = now_msec();
        while (fds[1].revents && take_control(r)) { /* all of it, before what init says */
        }
        if (fds[2].revents) {
                on_news(r, now);
        }
        console_read(&r->console, fds[3].revents, now);
        report_status(r, now);
        if (fds[0].revents) {
                on_signal(r);
        }
        on_time(r, now);
        report_ready(r);
}

int runner_run(const RunOptions *options) {
        Runner r = {
                .options = options,
                .runtime_fd = -1,
                .lock_fd = -1,
                .signal_fd = -1,
                .notify_fd = -1,
                .control_fd = -1,
                .news = BUDGET(NEWS_PER_SECOND, NEWS_PER_SECOND),
                .statuses = BUDGET(STATUS_AT_ONCE, STATUS_PER_SECOND),
                .console = CONSOLE_NONE(STDOUT_FILENO),
        };
        TenantError error = { 0 };

        if (prepare(&r, &error) < 0 || start_composer(&r, &error) < 0) {
                fail(&r, &error);
                return EXIT_FAILURE;
        }
        /* The composer and init: until both are gone. */
        while (r.composer > 0 || r.init > 0) {
                loop_once(&r);
        }
        /* A composer that died between clone and message leaves a child that sees its socket close and ends. */
        while (waitpid(-1, NULL, 0) > 0) {
        }
        console_finish(&r.console, now_msec());
        return r.exit_status;
}
