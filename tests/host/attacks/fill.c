/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fill.c: puts as much on a disk as it gets, in one way, up to an amount. Judged by what the host's own count says then.
 *
 *   fill KIND DIRECTORY MEGABYTES [MOST LEAVE]    says "KIND: N" and what the kernel answered when there was no more
 *   fill project DIRECTORY                        tries to get out of the count: another project for a file and a directory
 *
 * With MOST and LEAVE it first has so many mebibytes allocated, or all there are, and gives some back, so that the end is near without
 * writing everything. Kinds: write, allocate (fallocate), holes (sparse, then filled by a mapping), attributes (xattrs), names (hard
 * links, of which only the directory entries take room), deleted (files that are open and have no name), copies (copy_file_range),
 * owners (each of another user), inodes (a thousand empty files each).
 */
#include "attack.h"
#include <fcntl.h>
#include <linux/fs.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/ioctl.h>
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

/* A quota may cut the last write short; the next one says why. */
static bool write_block(int fd) {
        for (size_t done = 0; done < MIB;) {
                ssize_t n = write(fd, block + done, MIB - done);

                if (n < 0) {
                        return false;
                }
                done += (size_t) n;
        }
        return fdatasync(fd) == 0;
}

/* Each puts a mebibyte, or a thousand things, more. False: refused, errno says how. */

static bool put_write(unsigned long i) {
        (void) i;
        return write_block(file("write"));
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
        int fd = open("deleted", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

        (void) i;
        return fd >= 0 && unlink("deleted") == 0 && write_block(fd);
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
        while (from < (loff_t) MIB) {
                if (copy_file_range(source, &from, file("copies"), &to, MIB - (size_t) from, 0) < 0) {
                        return false;
                }
        }
        return true;
}

/* A quota of users would count each for somebody else. */
static bool put_owners(unsigned long i) {
        char name[64];
        int fd;
        bool ok;

        snprintf(name, sizeof(name), "owner-%lu", i);
        fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        ok = fd >= 0 && fchown(fd, (uid_t) (1000 + i * 7919 % 60000), (gid_t) (1000 + i)) == 0 &&
             write_block(fd);
        if (fd >= 0) {
                int error = errno;

                close(fd);
                errno = error;
        }
        return ok;
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
        { "copies", put_copies },         { "inodes", put_inodes },     { "owners", put_owners },
};

/* A directory whose children would count for nobody: of the first project, or of their own. */
static int get_out(const char *directory) {
        struct fsxattr attributes;
        int fd;

        if (chdir(directory) < 0 || (mkdir("project", 0700) < 0 && errno != EEXIST)) {
                broken(directory);
        }
        fd = open("project", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0 || ioctl(fd, FS_IOC_FSGETXATTR, &attributes) < 0) {
                broken("FS_IOC_FSGETXATTR");
        }
        say("%s: project %u%s", directory, attributes.fsx_projid,
            attributes.fsx_xflags & FS_XFLAG_PROJINHERIT ? ", inherited" : "");
        attributes.fsx_projid++;
        if (ioctl(fd, FS_IOC_FSSETXATTR, &attributes) < 0) {
                say_errno("another project");
                attributes.fsx_projid--;
                attributes.fsx_xflags ^= FS_XFLAG_PROJINHERIT;
                if (ioctl(fd, FS_IOC_FSSETXATTR, &attributes) < 0) {
                        stopped("FS_IOC_FSSETXATTR");
                }
        }
        say("%s: project or inheritance changed", directory);
        return 0;
}

/* Gives back from the end of what it got, so that exactly `leave` are free. */
static bool reserve(unsigned long most, unsigned long leave) {
        int fd = open("reserve", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        unsigned long got = 0;

        while (fd >= 0 && got < most && fallocate(fd, 0, (off_t) (got * MIB), MIB) == 0) {
                got++;
        }
        say("reserve: %lu MiB, %lu given back", got, leave);
        return fd >= 0 && got > leave && ftruncate(fd, (off_t) ((got - leave) * MIB)) == 0 && fsync(fd) == 0;
}

static int fill(const char *kind, bool (*put)(unsigned long i), unsigned long end) {
        for (unsigned long n = 0; n < end; n++) {
                if (!put(n)) {
                        int error = errno;

                        say("%s: %lu, %s", kind, n, strerror(error));
                        sync();
                        return error == EDQUOT || error == ENOSPC ? ATTACK_STOPPED : ATTACK_BROKEN;
                }
        }
        sync();
        say("%s: %lu, all that was asked for", kind, end);
        return 0;
}

int main(int argc, char **argv) {
        struct rlimit files;

        if (argc == 3 && strcmp(argv[1], "project") == 0) {
                return get_out(argv[2]);
        }
        if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
                files.rlim_cur = files.rlim_max;
                (void) setrlimit(RLIMIT_NOFILE, &files);
        }
        memset(block, 1, sizeof(block));
        for (size_t i = 0; (argc == 4 || argc == 6) && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
                if (strcmp(argv[1], kinds[i].name) != 0) {
                        continue;
                }
                if (chdir(argv[2]) < 0 ||
                    (argc == 6 && !reserve(strtoul(argv[4], NULL, 10), strtoul(argv[5], NULL, 10)))) {
                        broken(argv[2]);
                }
                return fill(argv[1], kinds[i].put, strtoul(argv[3], NULL, 10));
        }
        fprintf(stderr, "usage: fill KIND DIRECTORY MEGABYTES [MOST LEAVE] | fill project DIRECTORY\n");
        return ATTACK_BROKEN;
}
