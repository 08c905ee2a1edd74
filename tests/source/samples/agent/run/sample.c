/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sample.c: what check-paths refuses and what it lets pass; a refused line says so. Compiled by test-check-paths only, as if it
 * were one of tenant-run's. Never linked.
 */
#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

int open_beneath(int dir_fd, const char *path, int flags, mode_t mode);
int outside(const char *text);

#define LOOK(path, st) stat(path, st)

const char *path_get(int id);
const char *path_get(int id) {
        return id ? "/run" : "/etc";
}

int tenant_name_check(const char *what, const char *name, void *error);
int tenant_name_check(const char *what, const char *name, void *error) {
        return name ? 0 : -1;
}

/* Its caller answers for the path. */
static int by_parameter(const char *path) {
        return open(path, O_RDONLY);
}

static int twice_removed(int number, const char *path) {
        return by_parameter(path) + number;
}

static int by_name(int dir_fd, const char *name) {
        return unlinkat(dir_fd, name, 0);
}

int paths(char *text, int which);
int paths(char *text, int which) {
        int (*pointer)(const char *, mode_t) = chmod; /* refused */
        int (*own)(const char *) = by_parameter; /* refused */
        struct stat st;
        struct sockaddr_un address = { 0 };

        pointer(text, 0);
        own(text);
        by_parameter("/etc/resolv.conf");
        by_parameter(path_get(1));
        by_parameter(which ? "/proc/self/ns/net" : path_get(2));
        by_parameter(text); /* for the callers of this one, of which there are none */
        twice_removed(1, text + 1); /* refused */
        by_parameter("relative"); /* refused */
        LOOK(text + 2, &st); /* refused */
        opendir(text + 3); /* refused */
        rename("/run/a", text + 4); /* refused */
        mount("tmpfs", "/run", "tmpfs", 0, "mode=755");
        mount("tmpfs", text + 5, "tmpfs", 0, NULL); /* refused */
        mount(text + 6, "/run", NULL, MS_BIND, NULL); /* refused */
        mount("overlay", "/run", "overlay", 0, "lowerdir=/a"); /* refused */
        bind(which, (struct sockaddr *) &address, sizeof(address)); /* refused */
        lgetxattr(text + 7, "user.x", NULL, 0); /* refused */
        execl("/bin/sh", "sh", NULL);
        outside(text); /* refused */ /* nobody said what it does */
        return by_parameter(text + 8); /* has a reason */
}

int below(int dir_fd, char *text, struct dirent *entry);
int below(int dir_fd, char *text, struct dirent *entry) {
        static const char *const names[] = { "upper", "work" }, *const deep[] = { "upper/etc" };
        struct open_how how = { 0 };
        struct stat st;

        open_beneath(dir_fd, text, O_PATH, 0);
        open_beneath(dir_fd, text, O_RDONLY | O_NONBLOCK, 0);
        open_beneath(dir_fd, text, O_RDONLY, 0); /* refused */ /* a FIFO would keep it waiting */
        openat(dir_fd, "name", O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
        openat(dir_fd, "name", O_RDONLY | O_NONBLOCK); /* refused */
        openat(dir_fd, "a/name", O_RDONLY | O_NOFOLLOW | O_NONBLOCK); /* refused */
        openat(dir_fd, "..", O_RDONLY | O_NOFOLLOW | O_DIRECTORY); /* refused */
        openat(dir_fd, ".", O_RDONLY | O_DIRECTORY);
        openat(AT_FDCWD, text + 1, O_RDONLY | O_NOFOLLOW | O_NONBLOCK); /* refused */
        fstatat(dir_fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW);
        fstatat(dir_fd, entry->d_name, &st, 0); /* refused */
        fstatat(dir_fd, "", &st, AT_EMPTY_PATH);
        fchmodat(dir_fd, "name", 0644, 0); /* refused */
        unlinkat(dir_fd, names[1], 0);
        unlinkat(dir_fd, deep[0], 0); /* refused */
        by_name(dir_fd, "name");
        by_name(dir_fd, text + 2); /* refused */
        open_tree(dir_fd, "docker", OPEN_TREE_CLONE); /* refused */
        open_tree(dir_fd, "", OPEN_TREE_CLONE | AT_EMPTY_PATH);
        syscall(SYS_openat2, dir_fd, text + 3, &how, sizeof(how)); /* refused */
        syscall(SYS_chmod, text + 4, 0); /* refused */
        syscall(SYS_pidfd_open, 1, 0);
        syscall(dir_fd, text + 5); /* refused */
        if (tenant_name_check("tenant", text, NULL) < 0) {
                return -1;
        }
        return mkdirat(dir_fd, text, 0700);
}
