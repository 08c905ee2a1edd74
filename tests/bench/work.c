/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * work.c: the agent's long operations by themselves, so that a benchmark of creation measures neither bus nor fork; and the
 * least that a creation can cost. Prints microseconds where it measures. Only for test hosts: it takes no lock of the agent's.
 *
 *   work import NAME TAR
 *   work create NAME SETTINGS        SETTINGS: a definition file
 *   work remove NAME
 *   work forget NAME                 removes an image
 *   work floor DIRECTORY IMAGE-ROOT  mkdirs, overlay mount, one fsync'ed file; undone afterwards
 */
#include "work.h"
#include "fd.h"
#include "keyfile.h"
#include <err.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static long long now_usec(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (long long) t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int report(int r, const TenantError *error) {
        if (r < 0) {
                warnx("%s: %s", error->name, error->message);
        }
        return r < 0;
}

static int import(const char *name, const char *path) {
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
        TenantError error = { 0 };

        if (fd < 0) {
                err(1, "%s", path);
        }
        return report(work_import_image(name, fd, path, &host_default, &error), &error);
}

static int create(const char *name, const char *path) {
        _cleanup_(keyfile_free_p) Keyfile *settings = NULL;
        TenantError error = { 0 };
        long long begin;
        int r = keyfile_new(&settings);

        r = r < 0 ? r : keyfile_load(settings, path, &error);
        begin = now_usec();
        r = r < 0 ? r : work_create_tenant(name, settings, &host_default, &error);
        if (r >= 0) {
                printf("%lld\n", now_usec() - begin);
        }
        return report(r, &error);
}

static int remove_tenant(const char *name) {
        TenantError error = { 0 };

        return report(work_remove_tenant(name, &host_default, &error), &error);
}

static int forget_image(const char *name) {
        TenantError error = { 0 };

        return report(work_remove_image(name, &host_default, &error), &error);
}

static void must(int r, const char *what) {
        if (r < 0) {
                err(1, "%s", what);
        }
}

static void write_synced(int directory, const char *name) {
        _cleanup_close_ int fd = openat(directory, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

        must(fd, name);
        must((int) write(fd, "settings\n", 9), name);
        must(fsync(fd), name);
}

static int bare(const char *path, const char *image) {
        static const char *const parts[] = { "upper", "work", "root" };
        long long begin = now_usec();
        _cleanup_close_ int fd = -1;
        char options[1024];

        must(mkdir(path, 0700), path);
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        must(fd, path);
        for (size_t i = 0; i < 3; i++) {
                must(mkdirat(fd, parts[i], 0755), parts[i]);
        }
        must(fchdir(fd), path);
        snprintf(options, sizeof(options), "lowerdir=%s,upperdir=upper,workdir=work", image);
        must(mount("overlay", "root", "overlay", 0, options), "overlay");
        write_synced(fd, "definition");
        printf("%lld\n", now_usec() - begin);
        must(umount("root"), "umount");
        must(rmdir("work/work"), "work/work");
        must(unlink("definition"), "definition");
        for (size_t i = 0; i < 3; i++) {
                must(rmdir(parts[i]), parts[i]);
        }
        return chdir("/") < 0 || rmdir(path) < 0;
}

int main(int argc, char **argv) {
        if (argc == 4 && strcmp(argv[1], "import") == 0) {
                return import(argv[2], argv[3]);
        }
        if (argc == 4 && strcmp(argv[1], "create") == 0) {
                return create(argv[2], argv[3]);
        }
        if (argc == 3 && strcmp(argv[1], "remove") == 0) {
                return remove_tenant(argv[2]);
        }
        if (argc == 3 && strcmp(argv[1], "forget") == 0) {
                return forget_image(argv[2]);
        }
        if (argc == 4 && strcmp(argv[1], "floor") == 0) {
                return bare(argv[2], argv[3]);
        }
        errx(2, "usage: work import|create|remove|forget|floor ...");
}
