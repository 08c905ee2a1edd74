/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuse.c: a file system that does not answer, as a dead NFS server or a hostile FUSE daemon would be. Whoever asks it waits, and no
 * signal wakes him, until the server's end.
 *
 *   fuse DIRECTORY SILENT...     mounts it and serves in the background
 *
 * SILENT: what is never answered: all (but the mount itself), statfs, lookup, open, read, flush; or slow=SECONDS: a lookup is answered
 * after that time; parked: the device lies in the queue of the notify socket as well. What is there: an executable file "file", which any other name is a link to.
 */
#include "attack.h"
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define FILE_NODE 2

static bool silent_all, silent_statfs, silent_lookup, silent_open, silent_read, silent_flush, parked;
static unsigned slow_seconds;

static bool take_word(const char *word) {
        const struct {
                const char *word;
                bool *flag;
        } table[] = { { "all", &silent_all },   { "statfs", &silent_statfs }, { "lookup", &silent_lookup },
                      { "open", &silent_open }, { "read", &silent_read },     { "flush", &silent_flush },
                      { "parked", &parked } };

        for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
                if (strcmp(word, table[i].word) == 0) {
                        return *table[i].flag = true;
                }
        }
        return sscanf(word, "slow=%u", &slow_seconds) == 1;
}

static bool is_silent(uint32_t opcode) {
        switch (opcode) {
        case FUSE_INIT:
                return false;
        case FUSE_STATFS:
                return silent_all || silent_statfs;
        case FUSE_LOOKUP:
                return silent_all || silent_lookup;
        case FUSE_OPEN:
        case FUSE_OPENDIR:
                return silent_all || silent_open;
        case FUSE_READ:
        case FUSE_READDIR:
        case FUSE_READDIRPLUS:
                return silent_all || silent_read;
        case FUSE_FLUSH:
                return silent_all || silent_flush;
        default:
                return silent_all;
        }
}

static void answer(int fd, uint64_t unique, int error, const void *data, size_t size) {
        char reply[sizeof(struct fuse_out_header) + 512] = "";
        struct fuse_out_header *header = (struct fuse_out_header *) reply;

        header->unique = unique;
        header->error = -error;
        header->len = (uint32_t) (sizeof(*header) + (error ? 0 : size));
        if (!error && size) {
                memcpy(reply + sizeof(*header), data, size);
        }
        if (write(fd, reply, header->len) < 0 && errno != ENOENT) {
                say_errno("answer");
        }
}

static struct fuse_attr attributes(uint64_t node) {
        return (struct fuse_attr){
                .ino = node,
                .mode = node == FUSE_ROOT_ID ? S_IFDIR | 0777 : S_IFREG | 0777,
                .nlink = 1,
                .size = node == FUSE_ROOT_ID ? 0 : 4096,
                .blksize = 4096,
        };
}

static void serve(int fd, const struct fuse_in_header *in) {
        const struct fuse_init_out init = {
                .major = FUSE_KERNEL_VERSION, .minor = 31, .max_readahead = 4096, .max_write = 4096
        };
        const struct fuse_entry_out entry = { .nodeid = FILE_NODE, .attr = attributes(FILE_NODE) };
        const struct fuse_attr_out attr = { .attr = attributes(in->nodeid) };
        const struct fuse_open_out open_out = { .fh = 1 };
        const struct fuse_statfs_out statfs_out = { .st = { .bsize = 4096, .namelen = 255 } };
        const char zeros[16] = "";

        switch (in->opcode) {
        case FUSE_INIT:
                answer(fd, in->unique, 0, &init, sizeof(init));
                break;
        case FUSE_LOOKUP:
                sleep(slow_seconds);
                answer(fd, in->unique, 0, &entry, sizeof(entry));
                break;
        case FUSE_GETATTR:
        case FUSE_SETATTR:
                answer(fd, in->unique, 0, &attr, sizeof(attr));
                break;
        case FUSE_OPEN:
        case FUSE_OPENDIR:
                answer(fd, in->unique, 0, &open_out, sizeof(open_out));
                break;
        case FUSE_STATFS:
                answer(fd, in->unique, 0, &statfs_out, sizeof(statfs_out));
                break;
        case FUSE_READ:
                answer(fd, in->unique, 0, zeros, sizeof(zeros));
                break;
        case FUSE_READDIR:
        case FUSE_READDIRPLUS:
        case FUSE_FLUSH:
        case FUSE_RELEASE:
        case FUSE_RELEASEDIR:
        case FUSE_ACCESS:
                answer(fd, in->unique, 0, NULL, 0);
                break;
        case FUSE_FORGET:
        case FUSE_BATCH_FORGET:
        case FUSE_INTERRUPT:
                break;
        default:
                answer(fd, in->unique, ENOSYS, NULL, 0);
        }
}

_Noreturn static void serve_for_ever(int fd) {
        static char request[FUSE_MIN_READ_BUFFER + 8192];

        for (;;) {
                ssize_t n = read(fd, request, sizeof(request));
                const struct fuse_in_header *in = (const struct fuse_in_header *) request;

                if (n < 0 && errno == ENODEV) {
                        _exit(0); /* unmounted */
                }
                if (n >= (ssize_t) sizeof(*in) && !is_silent(in->opcode)) {
                        serve(fd, in);
                }
        }
}

/* Whoever holds it keeps the file system alive, and with it those that wait for an answer. Only a tenant has such a socket. */
static void park(int fd) {
        struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "/run/host/notify" };
        struct iovec iov = { .iov_base = (char *) "STATUS=parked", .iov_len = 13 };
        union {
                struct cmsghdr header;
                char space[CMSG_SPACE(sizeof(int))];
        } control = { .header = { .cmsg_len = CMSG_LEN(sizeof(int)),
                                  .cmsg_level = SOL_SOCKET,
                                  .cmsg_type = SCM_RIGHTS } };
        const struct msghdr header = { .msg_name = &address,
                                       .msg_namelen = sizeof(address),
                                       .msg_iov = &iov,
                                       .msg_iovlen = 1,
                                       .msg_control = &control,
                                       .msg_controllen = sizeof(control) };
        int out = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
        if (sendmsg(out, &header, MSG_NOSIGNAL) < 0) {
                say_errno("/run/host/notify");
        }
        close(out);
}

int main(int argc, char **argv) {
        char options[128];
        int fd;

        for (int i = 2; i < argc; i++) {
                if (!take_word(argv[i])) {
                        argc = 0;
                }
        }
        if (argc < 3) {
                fprintf(stderr, "usage: fuse DIRECTORY SILENT...\n");
                return ATTACK_BROKEN;
        }
        fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
        if (fd < 0) {
                broken("/dev/fuse");
        }
        if (mkdir(argv[1], 0755) < 0 && errno != EEXIST) {
                broken(argv[1]);
        }
        snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", fd);
        if (mount("hang", argv[1], "fuse", 0, options) < 0) {
                broken("mount of a FUSE file system");
        }
        if (parked) {
                park(fd);
        }
        switch (fork()) {
        case -1:
                broken("fork");
        case 0:
                setsid();
                close(STDIN_FILENO);
                close(STDOUT_FILENO);
                close(STDERR_FILENO);
                serve_for_ever(fd);
        default:
                return 0;
        }
}
