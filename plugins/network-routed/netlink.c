/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * netlink.c: see netlink.h. Carries messages; what they mean is said in link.c and filter.c. Refuses to wait and to retry.
 * Owned by whoever holds the struct batch; no state beyond it.
 */
#include "netlink.h"
#include <linux/io_uring.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#define ANSWER_MAX 16384 /* one datagram of answers; dumps use up to 16 KiB in kernels up to 6.18 */

void batch_done(struct batch *b) {
        free(b->data);
        b->data = NULL;
}

static uint8_t *batch_room(struct batch *b) {
        if (b->size - b->used < BATCH_MESSAGE_MAX) {
                size_t size = b->size ? b->size * 2 : 8 * BATCH_MESSAGE_MAX;
                uint8_t *data = realloc(b->data, size);

                if (!data) {
                        b->error = -ENOMEM;
                        return b->spare;
                }
                b->data = data;
                b->size = size;
        }
        return b->data + b->used;
}

struct nlmsghdr *batch_put(struct batch *b, uint16_t type, uint16_t flags) {
        uint8_t *room = batch_room(b);
        struct nlmsghdr *message;

        memset(room, 0, BATCH_MESSAGE_MAX);
        message = mnl_nlmsg_put_header(room);
        message->nlmsg_type = type;
        message->nlmsg_flags = NLM_F_REQUEST | flags;
        message->nlmsg_seq = ++b->n;
        return message;
}

void batch_end(struct batch *b, struct nlmsghdr *message) {
        if ((uint8_t *) message != b->spare) {
                b->used += MNL_ALIGN(message->nlmsg_len);
        }
}

int netlink_open(int protocol) {
        int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);

        return fd < 0 ? -errno : fd;
}

/*
 * When a transaction, anybody's, has just removed something, closing a netfilter socket waits for an RCU grace period (4 to 16 ms;
 * net/netfilter/nf_tables_api.c, nft_rcv_nl_event). All answers have been read, so that wait is for nothing: the socket is made a
 * file of an io_uring, whose files a worker of the kernel closes. Without io_uring (kernel.io_uring_disabled) the wait is ours.
 */
static void close_by_worker(int fd) {
        struct io_uring_params parameters = {};
        _cleanup_close_ int ring = (int) syscall(SYS_io_uring_setup, 1, &parameters);

        if (ring >= 0) {
                (void) syscall(SYS_io_uring_register, ring, IORING_REGISTER_FILES, &fd,
                               1); /* or close() waits */
        }
}

void netfilter_close(int fd) {
        if (fd >= 0) {
                close_by_worker(fd);
                (void) close(fd);
        }
}

/* Asks for an answer to one message only; errors come for all of them anyway. */
static void batch_mark(struct batch *b) {
        size_t offset = 0;

        if (b->await == 0) {
                b->await = b->n;
        }
        while (offset < b->used) {
                struct nlmsghdr *message = (struct nlmsghdr *) (b->data + offset);

                if (message->nlmsg_seq == b->await) {
                        message->nlmsg_flags |= NLM_F_ACK;
                }
                offset += MNL_ALIGN(message->nlmsg_len);
        }
}

static int send_all(int fd, const void *data, size_t size) {
        const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
        ssize_t n = sendto(fd, data, size, 0, (const struct sockaddr *) &kernel, sizeof(kernel));

        return n < 0 ? -errno : (size_t) n == size ? 0 : -EIO;
}

struct verdict {
        int error;
        uint32_t message;
        bool complete;
};

static bool is_harmless(const struct batch *b, uint32_t message, int error) {
        return message < 64 && (b->optional & (UINT64_C(1) << message)) &&
               (error == -EOPNOTSUPP || error == -EAFNOSUPPORT);
}

static void verdict_read(struct verdict *v, const struct batch *b, const void *data, size_t size) {
        const struct nlmsghdr *answer = data;
        int left = (int) size;

        for (; mnl_nlmsg_ok(answer, left); answer = mnl_nlmsg_next(answer, &left)) {
                const struct nlmsgerr *e = mnl_nlmsg_get_payload(answer);

                if (answer->nlmsg_type != NLMSG_ERROR) {
                        continue;
                }
                if (e->error != 0 && v->error == 0 && !is_harmless(b, answer->nlmsg_seq, e->error)) {
                        v->error = e->error;
                        v->message = answer->nlmsg_seq;
                }
                v->complete = v->complete || answer->nlmsg_seq == b->await;
        }
}

int batch_send(struct batch *b, int fd, uint32_t *ret_message) {
        uint8_t answers[ANSWER_MAX] __attribute__((aligned(8)));
        struct verdict v = {};
        int r;

        if (b->error < 0) {
                return b->error;
        }
        batch_mark(b);
        r = send_all(fd, b->data, b->used);
        if (r < 0) {
                return r;
        }
        while (!v.complete) {
                ssize_t n = recv(fd, answers, sizeof(answers), MSG_DONTWAIT);

                if (n < 0 && (errno == EINTR || errno == ENOBUFS)) {
                        continue; /* ENOBUFS: there were more errors than fit; the first ones are there */
                }
                if (n < 0 && errno == EAGAIN) {
                        break;
                }
                if (n < 0) {
                        return -errno;
                }
                verdict_read(&v, b, answers, (size_t) n);
        }
        if (v.error == 0 && !v.complete) {
                return -EIO;
        }
        if (ret_message) {
                *ret_message = v.message;
        }
        return v.error;
}

int netlink_query(int fd, const struct nlmsghdr *request, mnl_cb_t callback, void *userdata) {
        uint8_t answers[ANSWER_MAX] __attribute__((aligned(8)));
        int r = send_all(fd, request, request->nlmsg_len);

        while (r >= 0) {
                ssize_t n = recv(fd, answers, sizeof(answers), 0);

                if (n < 0 && errno == EINTR) {
                        continue;
                }
                if (n < 0) {
                        return -errno;
                }
                errno = 0;
                r = mnl_cb_run(answers, (size_t) n, request->nlmsg_seq, 0, callback, userdata);
                if (r < 0) {
                        return errno > 0 ? -errno : -EIO;
                }
                if (r == MNL_CB_STOP) {
                        return 0;
                }
        }
        return r;
}
