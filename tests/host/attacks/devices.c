/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * devices.c: makes a disk out of a file, and out of a disk: loop and device mapper, by their control nodes, which it makes if they are not
 * there. Gives back what it got.
 *
 *   devices loop FILE     FILE as a block device that can be read
 *   devices mapper        the device mapper answers
 *   devices mount FILE    FILE, an ext4 image, is mounted at /mnt, by the kernel's own reader of it
 */
#include "attack.h"
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <linux/loop.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define LOOP_CONTROL makedev(10, 237)
#define MAPPER_CONTROL makedev(10, 236)
#define LOOP_MAJOR_NUMBER 7

/* By the name that it has, or by a node of our own. */
static int open_node(const char *path, mode_t kind, dev_t number) {
        int fd = open(path, O_RDWR | O_CLOEXEC);

        if (fd < 0) {
                const char *own = "/devices-node";

                unlink(own);
                if (mknod(own, kind | 0600, number) < 0) {
                        stopped("mknod");
                }
                fd = open(own, O_RDWR | O_CLOEXEC);
                if (fd < 0) {
                        stopped("open of the node");
                }
                unlink(own);
        }
        return fd;
}

/* The device's descriptor; *ret_number to give it back. */
static int attach_loop(const char *file, int *ret_control, long *ret_number) {
        struct loop_config config = { .fd = (unsigned) open(file, O_RDWR | O_CLOEXEC) };
        char path[32];
        int fd;

        if ((int) config.fd < 0) {
                broken(file);
        }
        *ret_control = open_node("/dev/loop-control", S_IFCHR, LOOP_CONTROL);
        *ret_number = ioctl(*ret_control, LOOP_CTL_GET_FREE);
        if (*ret_number < 0) {
                stopped("LOOP_CTL_GET_FREE");
        }
        snprintf(path, sizeof(path), "/dev/loop%ld", *ret_number);
        fd = open_node(path, S_IFBLK, makedev(LOOP_MAJOR_NUMBER, (unsigned) *ret_number));
        if (ioctl(fd, LOOP_CONFIGURE, &config) < 0) {
                stopped("LOOP_CONFIGURE");
        }
        return fd;
}

static int be_loop(const char *file) {
        char byte[512];
        int control, fd;
        long number;

        fd = attach_loop(file, &control, &number);
        if (read(fd, byte, sizeof(byte)) != (ssize_t) sizeof(byte)) {
                broken("read");
        }
        (void) ioctl(fd, LOOP_CLR_FD);
        say("/dev/loop%ld was the file", number);
        return 0;
}

static int be_mapper(void) {
        struct dm_ioctl request = { .version = { 4, 0, 0 }, .data_size = sizeof(request) };
        int fd = open_node("/dev/mapper/control", S_IFCHR, MAPPER_CONTROL);

        if (ioctl(fd, DM_VERSION, &request) < 0) {
                stopped("DM_VERSION");
        }
        say("device mapper %u.%u answers", request.version[0], request.version[1]);
        return 0;
}

/* Without a device: the file itself is no source of a mount, and a loop device has to be had first. */
static int be_mounted(const char *file) {
        int control, fd;
        char path[32];
        long number;

        if (mount(file, "/mnt", "ext4", MS_RDONLY, NULL) == 0) {
                umount("/mnt");
                say("mounted");
                return 0;
        }
        say_errno("mount of the file");
        fd = attach_loop(file, &control, &number);
        snprintf(path, sizeof(path), "/dev/loop%ld", number);
        if (mount(path, "/mnt", "ext4", MS_RDONLY, NULL) < 0) {
                int error = errno;

                (void) ioctl(fd, LOOP_CLR_FD);
                errno = error;
                stopped("mount");
        }
        umount("/mnt");
        (void) ioctl(fd, LOOP_CLR_FD);
        say("the host's kernel read the tenant's file system");
        return 0;
}

int main(int argc, char **argv) {
        if (argc == 3 && strcmp(argv[1], "loop") == 0) {
                return be_loop(argv[2]);
        }
        if (argc == 2 && strcmp(argv[1], "mapper") == 0) {
                return be_mapper();
        }
        if (argc == 3 && strcmp(argv[1], "mount") == 0) {
                return be_mounted(argv[2]);
        }
        fprintf(stderr, "usage: devices loop FILE | devices mapper | devices mount FILE\n");
        return ATTACK_BROKEN;
}
