/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * late-recv.c: preloaded into tenant-run by tests: the composer hears late what the tenant's side of a start says, as on a host with too
 * much to do. Words of one byte, which go the other way, are not delayed.
 */
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

__attribute__((visibility("default"))) ssize_t recv(int fd, void *data, size_t size, int flags);

ssize_t recv(int fd, void *data, size_t size, int flags) {
        if (size > 1 && !(flags & MSG_DONTWAIT)) {
                usleep(300000);
        }
        return syscall(SYS_recvfrom, fd, data, size, flags, NULL, NULL);
}
