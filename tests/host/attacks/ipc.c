/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ipc.c: what processes find each other by without a file: as the host it offers a secret, as the attacker it asks for one.
 *
 *   ipc offer|take abstract NAME       an abstract UNIX socket
 *   ipc offer|take shm KEY             a System V shared memory segment
 *   ipc offer|take mqueue /NAME        a POSIX message queue
 *   ipc offer|take vsock PORT          a socket of the hypervisor's family, by way of the loopback
 *
 * An offer of a socket stays until it was taken or killed; others stay until `ipc drop KIND NAME`.
 */
#include "attack.h"
#include <fcntl.h>
#include <linux/vm_sockets.h>
#include <mqueue.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define SECRET "the-hosts-secret"

static int got(const char *what, const char *text) {
        if (strncmp(text, SECRET, strlen(SECRET)) != 0) {
                say("%s: somebody else's", what);
                return ATTACK_STOPPED;
        }
        say("%s: %s", what, SECRET);
        return ATTACK_SUCCEEDED;
}

/* --- sockets ------------------------------------------------------------------------------------------------------ */

typedef union Address {
        struct sockaddr any;
        struct sockaddr_un un;
        struct sockaddr_vm vm;
} Address;

static socklen_t make_address(const char *kind, const char *name, bool offer, Address *a) {
        memset(a, 0, sizeof(*a));
        if (strcmp(kind, "vsock") == 0) {
                a->vm.svm_family = AF_VSOCK;
                a->vm.svm_port = (unsigned) atoi(name);
                a->vm.svm_cid = offer ? VMADDR_CID_ANY : VMADDR_CID_LOCAL;
                return sizeof(a->vm);
        }
        a->un.sun_family = AF_UNIX;
        snprintf(a->un.sun_path + 1, sizeof(a->un.sun_path) - 1, "%s", name);
        return (socklen_t) (offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
}

static int offer_socket(const char *kind, const char *name) {
        Address a;
        const socklen_t size = make_address(kind, name, true, &a);
        int fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0), client;

        if (fd < 0 || bind(fd, &a.any, size) < 0 || listen(fd, 8) < 0) {
                broken(kind);
        }
        say("offered");
        for (;;) {
                client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
                if (client < 0) {
                        broken("accept");
                }
                if (write(client, SECRET, strlen(SECRET)) < 0) {
                        say_errno("write");
                }
                close(client);
        }
}

static int take_socket(const char *kind, const char *name) {
        Address a;
        const socklen_t size = make_address(kind, name, false, &a);
        int fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        char text[64] = "";

        if (fd < 0) {
                stopped("socket");
        }
        if (connect(fd, &a.any, size) < 0) {
                stopped("connect");
        }
        if (read(fd, text, sizeof(text) - 1) < 0) {
                stopped("read");
        }
        return got(kind, text);
}

/* --- memory ------------------------------------------------------------------------------------------------------- */

static int offer_shm(const char *key) {
        int id = shmget(atoi(key), 4096, IPC_CREAT | IPC_EXCL | 0666);
        char *page = id < 0 ? (void *) -1 : shmat(id, NULL, 0);

        if (page == (void *) -1) {
                broken("shmget");
        }
        strcpy(page, SECRET);
        return 0;
}

static int take_shm(const char *key) {
        int id = shmget(atoi(key), 4096, 0);
        char *page;

        if (id < 0) {
                stopped("shmget");
        }
        page = shmat(id, NULL, SHM_RDONLY);
        if (page == (void *) -1) {
                stopped("shmat");
        }
        return got("shm", page);
}

static int drop_shm(const char *key) {
        int id = shmget(atoi(key), 4096, 0);

        return id < 0 || shmctl(id, IPC_RMID, NULL) < 0;
}

/* --- messages ----------------------------------------------------------------------------------------------------- */

static int offer_mqueue(const char *name) {
        struct mq_attr attr = { .mq_maxmsg = 4, .mq_msgsize = 64 };
        mqd_t q;

        umask(0);
        q = mq_open(name, O_CREAT | O_EXCL | O_WRONLY, 0666, &attr);
        if (q < 0 || mq_send(q, SECRET, sizeof(SECRET), 0) < 0 ||
            mq_send(q, SECRET, sizeof(SECRET), 0) < 0) {
                broken("mq_open");
        }
        return 0;
}

static int take_mqueue(const char *name) {
        mqd_t q = mq_open(name, O_RDONLY | O_NONBLOCK);
        char text[64] = "";

        if (q < 0) {
                stopped("mq_open");
        }
        if (mq_receive(q, text, sizeof(text), NULL) < 0) {
                stopped("mq_receive");
        }
        return got("mqueue", text);
}

static int drop_mqueue(const char *name) {
        return mq_unlink(name) < 0;
}

/* --- */

static int offer_abstract(const char *name) {
        return offer_socket("abstract", name);
}

static int take_abstract(const char *name) {
        return take_socket("abstract", name);
}

static int offer_vsock(const char *name) {
        return offer_socket("vsock", name);
}

static int take_vsock(const char *name) {
        return take_socket("vsock", name);
}

static int drop_nothing(const char *name) {
        return 0;
}

int main(int argc, char **argv) {
        static const struct {
                const char *name;
                int (*offer)(const char *), (*take)(const char *), (*drop)(const char *);
        } kinds[] = { { "abstract", offer_abstract, take_abstract, drop_nothing },
                      { "shm", offer_shm, take_shm, drop_shm },
                      { "mqueue", offer_mqueue, take_mqueue, drop_mqueue },
                      { "vsock", offer_vsock, take_vsock, drop_nothing } };

        for (size_t i = 0; argc == 4 && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
                if (strcmp(argv[2], kinds[i].name) != 0) {
                        continue;
                }
                return argv[1][0] == 'o'   ? kinds[i].offer(argv[3])
                       : argv[1][0] == 't' ? kinds[i].take(argv[3])
                                           : kinds[i].drop(argv[3]);
        }
        say("usage: ipc offer|take|drop abstract|shm|mqueue|vsock NAME");
        return ATTACK_BROKEN;
}
