/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz-unpack.c: archives of images, by all of the unpacker but its sandbox: in its place, the process changes its root to a tmpfs of
 * its own for each input, and back. Whatever an archive is, the unpacker tells its parent so, what it made has no device, no foreign
 * owner and no attribute that means something to an overlay, nothing is written beside its root, and all of it can be removed. After a
 * crash the input is in the file unpack.input, since libFuzzer cannot write another one from there. Owned by tests/fuzz.
 */
#include "fuzz.h"
#include "io.h"
#include "tree.h"
#include "unpack.c"
#include <ftw.h>
#include <sys/mount.h>
#include <sys/xattr.h>

#define INPUT "unpack.input"
#define WORDS "must not be changed"

static int host_root_fd, host_directory_fd, jail_fd, input_fd;

static void end_jail(void) {
        property(umount2(fuzz_directory(), MNT_DETACH) == 0 && unlink(INPUT) == 0);
}

/* A tmpfs with "root", where archives go, and "outside", which they must not reach. */
int LLVMFuzzerInitialize(int *argc, char ***argv) {
        const char *where = fuzz_directory();

        if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
            mount("tmpfs", where, "tmpfs", MS_NOSUID | MS_NODEV, "size=64m,nr_inodes=20000,mode=700") < 0) {
                printf("SKIP needs root, for a root directory of its own\n");
                exit(77);
        }
        host_root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        host_directory_fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
        jail_fd = open(where, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        input_fd = open(INPUT, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        property(host_root_fd >= 0 && host_directory_fd >= 0 && jail_fd >= 0 && input_fd >= 0);
        property(atexit(end_jail) == 0 && mkdirat(jail_fd, "outside", 0700) == 0);
        fuzz_file("outside/file", (const uint8_t *) WORDS, strlen(WORDS));
        return 0;
}

static void enter(void) {
        property(mkdirat(jail_fd, "root", 0755) == 0 && fchdir(jail_fd) == 0 && chdir("root") == 0);
        property(chroot(".") == 0);
}

static void leave(void) {
        property(fchdir(host_root_fd) == 0 && chroot(".") == 0 && fchdir(host_directory_fd) == 0);
}

static void check_attributes(const char *path) {
        char names[65536];
        ssize_t n = llistxattr(path, names, sizeof(names));

        for (const char *name = names; n > 0 && name < names + n; name += strlen(name) + 1) {
                property(xattr_is_wanted(name) || strncmp(name, "system.posix_acl_", 17) == 0);
        }
}

static int check_entry(const char *path, const struct stat *st, int type, struct FTW *ftw) {
        property(S_ISREG(st->st_mode) || S_ISDIR(st->st_mode) || S_ISLNK(st->st_mode) ||
                 S_ISFIFO(st->st_mode));
        property(st->st_uid < IMAGE_ID_COUNT && st->st_gid < IMAGE_ID_COUNT);
        check_attributes(path);
        return 0;
}

static unsigned count_entries(int dir_fd) {
        _cleanup_closedir_ DIR *dir = fdopendir(dir_fd);
        unsigned n = 0;

        property(dir);
        for (struct dirent *e; (e = readdir(dir));) {
                n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
        }
        return n;
}

static void check_outside(void) {
        int fd = openat(jail_fd, "outside", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        char text[64] = "";
        _cleanup_close_ int file = openat(fd, "file", O_RDONLY | O_CLOEXEC);
        struct stat st;

        property(read(file, text, sizeof(text) - 1) == (ssize_t) strlen(WORDS) && strcmp(text, WORDS) == 0);
        property(fstat(file, &st) == 0 && st.st_nlink == 1 && (st.st_mode & 07777) == 0600);
        property(count_entries(fd) == 1);
        property(count_entries(openat(jail_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == 2);
}

static void check_report(int fd, int r) {
        UnpackReport report;
        unsigned reports = 0;

        do {
                property(unpack_receive(fd, &report) == 1);
                reports++;
        } while (report.type == UNPACK_PROGRESS && reports < 1000);
        property(report.type == (r < 0 ? UNPACK_FAILED : UNPACK_DONE));
        if (r < 0) {
                fuzz_check_error(report.error.code, &report.error);
        }
}

static int unpack_input(int report_fd) {
        static Unpack
                first; /* what the process keeps from one input to the next: its block and its digest */
        Unpack u;
        int r;

        property(first.block || prepare(&first) == 0);
        property(EVP_DigestInit_ex(first.digest, EVP_sha256(), NULL));
        u = (Unpack){ .fd = input_fd, .report_fd = report_fd, .digest = first.digest, .block = first.block };
        r = unpack_all(&u);
        (void) conclude(&u, r); /* what it returns is the exit status */
        archive_read_free(u.in);
        archive_write_free(u.out);
        return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        char root[256];
        int pair[2], r;

        property(ftruncate(input_fd, 0) == 0 && lseek(input_fd, 0, SEEK_SET) == 0);
        property(fd_write_all(input_fd, data, size) == 0 && lseek(input_fd, 0, SEEK_SET) == 0);
        property(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
        enter();
        r = unpack_input(pair[0]);
        leave();
        check_report(pair[1], r);
        (void) fd_close(pair[0]);
        (void) fd_close(pair[1]);
        snprintf(root, sizeof(root), "%s/root", fuzz_directory());
        property(nftw(root, check_entry, 64, FTW_PHYS) == 0);
        check_outside();
        property(tree_remove(jail_fd, "root") == 0);
        return 0;
}
