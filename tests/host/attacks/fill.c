/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fill.c: puts as much on a disk as it gets, in one way, up to an amount. Judged by what the host's own count says then.
 *
 *   fill KIND DIRECTORY MEGABYTES     says "KIND: N MiB" or "KIND: N", and what the kernel answered when there was no more
 *
 * Kinds: write, allocate (fallocate), holes (sparse, then filled by a mapping), attributes (xattrs), names (directory entries of one
 * file), deleted (files that are open and have no name), copies (copy_file_range), inodes (empty files).
 */
#include "attack.h"
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define MIB (1ul << 20)

static char block[MIB];
static sigjmp_buf fault;

static int file(const char *name) {
        static int fd = -1;

        if (fd < 0) {
                fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        }
        return fd;
}

/* Each puts a mebibyte, or a thousand things, more. False: refused, errno says how. */

static bool put_write(unsigned long i) {
        (void) i;
        return write(file("write"), block, MIB) == (ssize_t) MIB && fdatasync(file("write")) == 0;
}

static bool put_allocate(unsigned long i) {
        return fallocate(file("allocate"), 0, (off_t) (i * MIB), MIB) == 0;
}

static void on_fault(int signal_number) {
        siglongjmp(fault, signal_number);
}

/* Where a block cannot be had for a page of a mapping, the writer gets SIGBUS. */
static bool put_hole(unsigned long i) {
        int fd = file("holes");
        char *p;
        bool ok;

        if (ftruncate(fd, (off_t) ((i + 1) * MIB)) < 0) {
                return false;
        }
        p = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t) (i * MIB));
        if (p == MAP_FAILED) {
                return false;
        }
        signal(SIGBUS, on_fault);
        ok = sigsetjmp(fault, 1) == 0;
        if (ok) {
                memset(p, 1, MIB);
                ok = msync(p, MIB, MS_SYNC) == 0;
        } else {
                errno = EDQUOT;
        }
        munmap(p, MIB);
        return ok;
}

/* ext4 keeps at most a block of them per inode. */
static bool put_attributes(unsigned long i) {
        char name[64];

        for (unsigned n = 0; n < 1000; n++) {
                int fd;
                bool ok;

                snprintf(name, sizeof(name), "attributes-%lu-%u", i, n);
                fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
                ok = fd >= 0 && fsetxattr(fd, "user.fill", block, 3000, 0) == 0;
                if (!ok) {
                        return false;
                }
                close(fd);
        }
        return true;
}

/* At most 65000 of a file, so a new one for each mebibyte; only the names take room. */
static bool put_names(unsigned long i) {
        char first[256], name[256];

        snprintf(first, sizeof(first), "names-%lu", i);
        if (mkdir(first, 0700) < 0) {
                return false;
        }
        snprintf(first, sizeof(first), "names-%lu/%0240d", i, 0);
        if (mknod(first, S_IFREG | 0600, 0) < 0) {
                return false;
        }
        for (int n = 1; n < 4000; n++) {
                snprintf(name, sizeof(name), "names-%lu/%0240d", i, n);
                if (link(first, name) < 0) {
                        return false;
                }
        }
        return true;
}

static bool put_deleted(unsigned long i) {
        int fd = open(".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

        (void) i;
        return fd >= 0 && write(fd, block, MIB) == (ssize_t) MIB && fdatasync(fd) == 0;
}

static bool put_copies(unsigned long i) {
        static int source = -1;
        loff_t from = 0, to = (loff_t) (i * MIB);

        if (source < 0) {
                source = open("source", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
                if (source < 0 || pwrite(source, block, MIB, 0) != (ssize_t) MIB) {
                        return false;
                }
        }
        return copy_file_range(source, &from, file("copies"), &to, MIB, 0) == (ssize_t) MIB;
}

static bool put_inodes(unsigned long i) {
        char name[64];

        for (unsigned n = 0; n < 1000; n++) {
                snprintf(name, sizeof(name), "inode-%lu-%u", i, n);
                if (mknod(name, S_IFREG | 0600, 0) < 0) {
                        return false;
                }
        }
        return true;
}

static const struct {
        const char *name;
        bool (*put)(unsigned long i);
} kinds[] = {
        { "write", put_write },           { "allocate", put_allocate }, { "holes", put_hole },
        { "attributes", put_attributes }, { "names", put_names },       { "deleted", put_deleted },
        { "copies", put_copies },         { "inodes", put_inodes },
};

int main(int argc, char **argv) {
        unsigned long end = argc == 4 ? strtoul(argv[3], NULL, 10) : 0;
        struct rlimit files;

        if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
                files.rlim_cur = files.rlim_max;
                (void) setrlimit(RLIMIT_NOFILE, &files);
        }
        memset(block, 1, sizeof(block));
        for (size_t i = 0; argc == 4 && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
                if (strcmp(argv[1], kinds[i].name) != 0) {
                        continue;
                }
                if (chdir(argv[2]) < 0) {
                        broken(argv[2]);
                }
                for (unsigned long n = 0; n < end; n++) {
                        if (!kinds[i].put(n)) {
                                say("%s: %lu, %s", argv[1], n, strerror(errno));
                                sync();
                                return errno == EDQUOT || errno == ENOSPC ? ATTACK_STOPPED : ATTACK_BROKEN;
                        }
                }
                sync();
                say("%s: %lu, all that was asked for", argv[1], end);
                return 0;
        }
        fprintf(stderr, "usage: fill KIND DIRECTORY MEGABYTES\n");
        return ATTACK_BROKEN;
}
