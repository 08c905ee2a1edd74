/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test-notify.c: what a tenant may say to the host's systemd, and that nothing it says makes the runner wait. Its init is a child of
 * the test. Owned by tests/unit.
 */
#include "notify.h"
#include "unit.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

static int listener = -1;

static int listen_setup(void **state) {
        (void) unlink(unit_path("notify"));
        listener = notify_listen(unit_path("notify"));
        return listener < 0 ? -1 : 0;
}

static int listen_teardown(void **state) {
        listener = fd_close(listener);
        return 0;
}

static int sender_socket(void) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        snprintf(address.sun_path, sizeof(address.sun_path), "%s", unit_path("notify"));
        assert_int_equal(connect(fd, (struct sockaddr *) &address, sizeof(address)), 0);
        return fd;
}

/* As the tenant's init: a process of its own. Returns its pid, it has ended. */
static pid_t init_sends(const void *data, size_t size, int passed_fd) {
        struct iovec iov = { .iov_base = (void *) data, .iov_len = size };
        union {
                struct cmsghdr header;
                char space[CMSG_SPACE(sizeof(int))];
        } control = { .header = { .cmsg_len = CMSG_LEN(sizeof(int)),
                                  .cmsg_level = SOL_SOCKET,
                                  .cmsg_type = SCM_RIGHTS } };
        struct msghdr header = { .msg_iov = &iov, .msg_iovlen = 1 };
        pid_t pid = fork();
        int status;

        if (pid == 0) {
                int fd = sender_socket();

                if (passed_fd >= 0) {
                        memcpy(CMSG_DATA(&control.header), &passed_fd, sizeof(passed_fd));
                        header.msg_control = &control;
                        header.msg_controllen = sizeof(control);
                }
                _exit(sendmsg(fd, &header, MSG_DONTWAIT) < 0);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
        return pid;
}

static pid_t init_says(const char *text) {
        return init_sends(text, strlen(text), -1);
}

static void test_what_passes(void **state) {
        NotifyNews news;
        pid_t init = init_says("READY=1\nSTATUS=up and\x1b[31m r\xc3\xbcnning\x01\nSTOPPING=1");

        assert_int_equal(notify_receive(listener, init, &news), 1);
        assert_true(news.ready && news.stopping);
        assert_string_equal(news.status, "up and[31m rnning");
        assert_int_equal(notify_receive(listener, init, &news), -EAGAIN);
}

static void test_what_does_not(void **state) {
        static const char *const never[] = {
                "MAINPID=1",
                "FDSTORE=1\nFDNAME=x",
                "WATCHDOG=trigger",
                "WATCHDOG_USEC=1",
                "ERRNO=2",
                "BUSERROR=x",
                "EXTEND_TIMEOUT_USEC=99999999999",
                "RELOADING=1",
                "BARRIER=1",
                "NOTIFYACCESS=all",
                "READY=0",
                "READY=11",
                " READY=1",
                "XREADY=1",
                "STATUS=",
                "STATUS=\x01\x02\xff",
                "",
        };
        NotifyNews news;

        for (size_t i = 0; i < ELEMENTSOF(never); i++) {
                pid_t init = init_says(never[i]);

                assert_int_equal(notify_receive(listener, init, &news), 0);
                assert_false(news.ready || news.stopping || news.status[0]);
        }
}

static void test_status_is_one_bounded_line(void **state) {
        char text[1000] = "STATUS=";
        NotifyNews news;
        pid_t init;

        memset(text + 7, 's', sizeof(text) - 8);
        init = init_says(text);
        assert_int_equal(notify_receive(listener, init, &news), 1);
        assert_int_equal(strlen(news.status), sizeof(news.status) - 1);
        init = init_says("STATUS=one\rMAINPID=1");
        assert_int_equal(notify_receive(listener, init, &news), 1);
        assert_string_equal(news.status, "oneMAINPID=1");
}

static void test_too_long_is_nothing(void **state) {
        char text[4096];
        NotifyNews news;
        pid_t init;

        memset(text, '\n', sizeof(text));
        memcpy(text, "READY=1\n", 8);
        init = init_sends(text, sizeof(text), -1);
        assert_int_equal(notify_receive(listener, init, &news), 0);
        assert_false(news.ready);
        assert_int_equal(notify_receive(listener, init, &news), -EAGAIN);
}

static void test_only_init(void **state) {
        NotifyNews news;
        pid_t other = init_says("READY=1");

        assert_int_equal(notify_receive(listener, other + 1, &news), 0);
        (void) init_says("READY=1");
        assert_int_equal(notify_receive(listener, 0, &news), 0);
        (void) init_says("READY=1");
        assert_int_equal(notify_receive(listener, -1, &news), 0);
        assert_int_equal(notify_receive(listener, -1, &news), -EAGAIN);
}

/* A connected TCP socket with unsent data whose close waits for an hour, since its peer reads nothing. */
static int lingering_socket(int *ret_peer, int *ret_listener) {
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        const struct linger hour = { .l_onoff = 1, .l_linger = 3600 };
        socklen_t size = sizeof(address);
        static char data[1 << 20];
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        *ret_listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(bind(*ret_listener, (struct sockaddr *) &address, size), 0);
        assert_int_equal(listen(*ret_listener, 1), 0);
        assert_int_equal(getsockname(*ret_listener, (struct sockaddr *) &address, &size), 0);
        assert_true(connect(fd, (struct sockaddr *) &address, size) == 0 || errno == EINPROGRESS);
        *ret_peer = accept4(*ret_listener, NULL, NULL, SOCK_CLOEXEC);
        assert_true(*ret_peer >= 0);
        while (send(fd, data, sizeof(data), MSG_NOSIGNAL) > 0) {
        }
        assert_int_equal(fcntl(fd, F_SETFL, 0), 0);
        assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &hour, sizeof(hour)), 0);
        return fd;
}

static double seconds(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double) t.tv_sec + (double) t.tv_nsec / 1e9;
}

static void test_descriptors_are_never_taken(void **state) {
        const size_t before = unit_open_fds();
        int peer, server, socket_fd = lingering_socket(&peer, &server), status;
        const double begun = seconds();
        NotifyNews news;
        pid_t init, end;

        init = init_sends("READY=1", 7, socket_fd);
        (void) close(socket_fd); /* the queue has the last one; not waited for, since it is not the last */
        assert_int_equal(notify_receive(listener, init, &news), -EPERM);
        assert_int_equal(notify_receive(listener, init, &news), -EPERM);
        assert_false(news.ready);
        end = notify_close(listener);
        listener = -1;
        assert_true(end > 0);
        assert_int_equal(waitpid(end, &status, 0), end);
        assert_int_equal(status, 0);
        assert_true(seconds() - begun < 10);
        (void) fd_close(peer);
        (void) fd_close(server);
        assert_int_equal(unit_open_fds(), before - 1); /* the listener */
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, listen_setup, listen_teardown)
        const struct CMUnitTest tests[] = {
                TEST(test_what_passes),
                TEST(test_what_does_not),
                TEST(test_status_is_one_bounded_line),
                TEST(test_too_long_is_nothing),
                TEST(test_only_init),
                TEST(test_descriptors_are_never_taken),
        };

        return cmocka_run_group_tests(tests, unit_root_setup, unit_root_teardown);
}
