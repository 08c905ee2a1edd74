/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * harness.c: see harness.h. Touches no bus of the machine: everything is in a directory of its own. Owned
 * by tests/ctl.
 */
#include "harness.h"
#include "io.h"
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIMIT_SEC 60u

const char *world_file(World *w, const char *name) {
        static char path[512];

        snprintf(path, sizeof(path), "%s/%s", w->dir, name);
        return path;
}

void write_program(World *w, const char *name, const char *script) {
        char path[160];
        FILE *f;

        assert_true(mkdir(world_file(w, "bin"), 0700) == 0 || errno == EEXIST);
        snprintf(path, sizeof(path), "%s/bin/%s", w->dir, name);
        f = fopen(path, "we");
        assert_non_null(f);
        fprintf(f, "#!/bin/sh\n%s\n", script);
        assert_int_equal(fchmod(fileno(f), 0700), 0);
        fclose(f);
}

void has_or_fail(const char *text, const char *part, bool wanted, const char *file, int line) {
        if (!!strstr(text, part) != wanted) {
                print_error("%s:%d: '%s' is %s:\n%s\n", file, line, part, wanted ? "not in" : "in", text);
                fail();
        }
}

/* In a child: dies with us, and starts with an empty signal mask. */
static void child_begin(void) {
        sigset_t none;

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        signal(SIGINT, SIG_DFL);
}

/* Starts argv with the write end of a pipe as its descriptor 3 and waits until it writes or ends. */
static pid_t start_until_ready(char *const *argv) {
        int ends[2];
        char byte;
        pid_t pid;

        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                child_begin();
                if (ends[1] == 3 ? fcntl(3, F_SETFD, 0) == 0 : dup2(ends[1], 3) == 3) {
                        execvp(argv[0], argv);
                }
                _exit(127);
        }
        close(ends[1]);
        assert_int_equal(read(ends[0], &byte, 1), 1);
        close(ends[0]);
        return pid;
}

static void write_bus_config(World *w) {
        FILE *f = fopen(world_file(w, "bus.conf"), "we");

        assert_non_null(f);
        fprintf(f,
                "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\"\n"
                " \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n"
                "<busconfig><type>system</type><listen>unix:path=%s/bus</listen><policy context=\"default\">"
                "<allow user=\"*\"/><allow own=\"*\"/><allow send_destination=\"*\"/><allow "
                "send_type=\"signal\"/>"
                "<allow receive_sender=\"*\"/></policy></busconfig>\n",
                w->dir);
        fclose(f);
}

static void start_bus(World *w) {
        char config[128], address[128];
        char *bus[] = { (char *) "dbus-daemon",       config, (char *) "--nofork", (char *) "--nopidfile",
                        (char *) "--print-address=3", NULL };
        char *service[] = { (char *) (uintptr_t) getenv("FAKE_TENANTD"), (char *) "3", NULL };

        write_bus_config(w);
        snprintf(config, sizeof(config), "--config-file=%s/bus.conf", w->dir);
        snprintf(address, sizeof(address), "unix:path=%s/bus", w->dir);
        w->bus = start_until_ready(bus);
        setenv("DBUS_SYSTEM_BUS_ADDRESS", address, 1);
        setenv("FAKE_LOG", world_file(w, "calls"), 1);
        w->fake = start_until_ready(service);
}

int world_set_up(void **state) {
        World *w = calloc(1, sizeof(*w));

        assert_non_null(w);
        alarm(LIMIT_SEC);
        snprintf(w->dir, sizeof(w->dir), "/tmp/tenantctl-test-XXXXXX");
        assert_non_null(mkdtemp(w->dir));
        setenv("HOME", w->dir, 1);
        setenv("TERM", "xterm", 1);
        setenv("LC_ALL", "C.UTF-8", 1);
        setenv("TZ", "UTC", 1);
        unsetenv("XDG_DATA_HOME");
        unsetenv("NO_COLOR");
        start_bus(w);
        *state = w;
        return 0;
}

static void end_child(pid_t *pid) {
        if (*pid > 0) {
                kill(*pid, SIGKILL);
                waitpid(*pid, NULL, 0);
                *pid = 0;
        }
}

void stop_fake(World *w) {
        end_child(&w->fake);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw) {
        return remove(path);
}

int world_tear_down(void **state) {
        World *w = *state;

        end_child(&w->fake);
        end_child(&w->bus);
        nftw(w->dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
        free(w->out);
        free(w->err);
        free(w);
        alarm(0);
        return 0;
}

/* Splits words in place at '|'. */
static void split_words(char *words, char **argv, size_t n) {
        size_t i = 0;

        argv[i++] = (char *) (uintptr_t) getenv("TENANTCTL");
        for (char *word = strtok(words, "|"); word; word = strtok(NULL, "|")) {
                assert_true(i + 1 < n);
                argv[i++] = word;
        }
        argv[i] = NULL;
}

static int open_input(World *w) {
        int fd;

        if (!w->input) {
                return open("/dev/null", O_RDONLY | O_CLOEXEC);
        }
        fd = open(world_file(w, "stdin"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        assert_int_equal(fd_write_all(fd, w->input, strlen(w->input)), 0);
        assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
        w->input = NULL;
        return fd;
}

static int wait_for(pid_t pid) {
        int status;

        assert_int_equal(waitpid(pid, &status, 0), pid);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static int read_back(int fd, char **ret) {
        free(*ret);
        *ret = NULL;
        assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
        return fd_read_all(fd, 1u << 20, ret, NULL);
}

int ctl(World *w, const char *words) {
        _cleanup_free_ char *copy = strdup(words);
        _cleanup_close_ int in = open_input(w), out = -1, err = -1;
        char *argv[32];
        int status;
        pid_t pid;

        split_words(copy, argv, ELEMENTSOF(argv));
        out = open(world_file(w, "out"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        err = open(world_file(w, "err"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                child_begin();
                dup2(in, 0);
                dup2(out, 1);
                dup2(err, 2);
                execv(argv[0], argv);
                _exit(127);
        }
        status = wait_for(pid);
        assert_int_equal(read_back(out, &w->out), 0);
        assert_int_equal(read_back(err, &w->err), 0);
        return status;
}

static int open_terminal(int *ret_other) {
        struct winsize size = { .ws_row = 24, .ws_col = 60 };
        int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

        assert_true(fd >= 0);
        assert_int_equal(grantpt(fd), 0);
        assert_int_equal(unlockpt(fd), 0);
        *ret_other = open(ptsname(fd), O_RDWR | O_NOCTTY | O_CLOEXEC);
        assert_true(*ret_other >= 0);
        assert_int_equal(ioctl(*ret_other, TIOCSWINSZ, &size), 0);
        return fd;
}

pid_t ctl_on_terminal(World *w, const char *words, int *ret_fd) {
        _cleanup_free_ char *copy = strdup(words);
        _cleanup_close_ int other = -1;
        char *argv[32];
        pid_t pid;

        split_words(copy, argv, ELEMENTSOF(argv));
        *ret_fd = open_terminal(&other);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                child_begin();
                for (int i = 0; i < 3; i++) {
                        dup2(other, i);
                }
                execv(argv[0], argv);
                _exit(127);
        }
        return pid;
}

/* One read; 0 at the end, which a terminal reports as EIO. */
static size_t terminal_read(int fd, char *buf, size_t size) {
        size_t used = strlen(buf);
        ssize_t n;

        assert_true(used + 1 < size);
        n = read(fd, buf + used, size - used - 1);
        if (n <= 0) {
                return 0;
        }
        buf[used + (size_t) n] = '\0';
        return (size_t) n;
}

void terminal_expect(int fd, char *buf, size_t size, const char *text) {
        while (!strstr(buf, text)) {
                if (terminal_read(fd, buf, size) == 0) {
                        print_error("'%s' never came:\n%s\n", text, buf);
                        fail();
                }
        }
}

int terminal_finish(pid_t pid, int fd, char *buf, size_t size) {
        while (terminal_read(fd, buf, size) > 0) {
        }
        close(fd);
        return wait_for(pid);
}

char *calls_seen(World *w) {
        char *text = NULL;

        assert_int_equal(file_read(AT_FDCWD, world_file(w, "calls"), 1u << 20, &text, NULL), 0);
        return text;
}
