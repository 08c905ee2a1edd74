/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * replace.c: puts something else in the place of names, and takes it away again: what a tenant leaves where the host is going to look.
 *
 *   replace KIND TARGET NAME...     each NAME, if it is there, becomes NAME.real, and a KIND stands in its place: link (to TARGET),
 *                                   hard-link (of TARGET), loop, fifo, socket, device, directory, file, nothing
 *   replace back - NAME...          as it was before
 *
 * Missing parents are made; what is mounted on a NAME comes off first. Status 100 when the kernel refuses a kind, for all to see which.
 */
#include "attack.h"
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

static int make_link(const char *name, const char *target) {
        return symlink(target, name);
}

static int make_hard_link(const char *name, const char *target) {
        return link(target, name);
}

static int make_loop(const char *name, const char *target) {
        const char *base = strrchr(name, '/');

        return symlink(base ? base + 1 : name, name);
}

static int make_fifo(const char *name, const char *target) {
        return mkfifo(name, 0777);
}

static int make_socket(const char *name, const char *target) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), r;

        if (strlen(name) >= sizeof(address.sun_path)) {
                errno = ENAMETOOLONG;
                broken(name);
        }
        strcpy(address.sun_path, name);
        r = fd < 0 ? -1 : bind(fd, (struct sockaddr *) &address, sizeof(address));
        close(fd);
        return r;
}

/* Of what has no end when it is read. */
static int make_device(const char *name, const char *target) {
        return mknod(name, S_IFCHR | 0666, makedev(1, 5));
}

static int make_directory(const char *name, const char *target) {
        return mkdir(name, 0755);
}

static int make_file(const char *name, const char *target) {
        int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644), r;

        r = fd < 0 || write(fd, "planted\n", 8) != 8 ? -1 : 0;
        close(fd);
        return r;
}

static int make_nothing(const char *name, const char *target) {
        return 0;
}

static const struct {
        const char *name;
        int (*make)(const char *name, const char *target);
} kinds[] = {
        { "link", make_link },           { "hard-link", make_hard_link }, { "loop", make_loop },
        { "fifo", make_fifo },           { "socket", make_socket },       { "device", make_device },
        { "directory", make_directory }, { "file", make_file },           { "nothing", make_nothing },
};

static void make_parents(const char *name) {
        char path[PATH_MAX];

        snprintf(path, sizeof(path), "%s", name);
        for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
                *slash = '\0';
                if (mkdir(path, 0755) < 0 && errno != EEXIST) {
                        broken(path);
                }
                *slash = '/';
        }
}

static const char *real_name(const char *name) {
        static char path[PATH_MAX];

        snprintf(path, sizeof(path), "%s.real", name);
        return path;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *place) {
        return remove(path);
}

static void put_back(const char *name) {
        if (nftw(name, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) < 0 && errno != ENOENT) {
                broken(name);
        }
        if (rename(real_name(name), name) < 0 && errno != ENOENT) {
                broken(name);
        }
}

static void replace(const char *kind, const char *target, const char *name) {
        make_parents(name);
        while (umount2(name, MNT_DETACH | UMOUNT_NOFOLLOW) == 0) {
        }
        if (rename(name, real_name(name)) < 0 && errno != ENOENT) {
                broken(name);
        }
        for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
                if (strcmp(kinds[i].name, kind) == 0) {
                        if (kinds[i].make(name, target) < 0) {
                                stopped(name);
                        }
                        return;
                }
        }
        errno = EINVAL;
        broken(kind);
}

int main(int argc, char **argv) {
        umask(0);
        for (int i = 3; i < argc; i++) {
                if (strcmp(argv[1], "back") == 0) {
                        put_back(argv[i]);
                } else {
                        replace(argv[1], argv[2], argv[i]);
                }
        }
        return argc > 3 ? 0 : ATTACK_BROKEN;
}
