/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tree.c: removes the tree of a former tenant, depth first, with a fixed stack. A directory that lies deeper
 * than the stack is moved up into a directory of its own next to the tree ("spilled") and removed in the
 * next pass, so that neither depth nor breadth of what the tenant made costs descriptors or memory. Each
 * pass spills into a new directory: one that was once large stays slow to read.
 *
 * It refuses to follow links, to enter mounts and to open anything but directories and, for their
 * attributes, regular files. Owner: the storage backends; each has it compiled in.
 */
#include "tree.h"
#include "volume.h"
#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DEPTH_MAX 30u
#define ENTRIES_PER_CANCEL_CHECK 256u
/* How often something may be another thing than a moment before, which takes a process that is still at work in the tree. */
#define CHANGES_MAX 100000u

struct frame {
        DIR *dir;
        char name[NAME_MAX + 1]; /* in the frame above */
        uint64_t removed; /* since the last rewind */
        bool failed; /* something in it will stay */
};

struct remover {
        const struct tenant_host *host;
        struct frame stack[DEPTH_MAX];
        unsigned depth;
        uint64_t n_entries, n_changes;
        int spill_fd;
        char spill_name[32];
        uint64_t n_spilled; /* in this pass */
        int failure; /* the first of this pass */
        char failure_name[64];
};

int tree_open(int dir_fd, const char *name, int flags) {
        struct open_how how = {
                .flags = (unsigned) flags | O_CLOEXEC | O_NOFOLLOW,
                .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV,
        };
        long fd = syscall(SYS_openat2, dir_fd, name, &how, sizeof(how));

        return fd < 0 ? -errno : (int) fd;
}

static void attributes_clear(int fd) {
        unsigned int attributes = 0;

        if (ioctl(fd, FS_IOC_GETFLAGS, &attributes) == 0 &&
            (attributes & (FS_IMMUTABLE_FL | FS_APPEND_FL))) {
                attributes &= ~(unsigned) (FS_IMMUTABLE_FL | FS_APPEND_FL);
                (void) ioctl(fd, FS_IOC_SETFLAGS, &attributes); /* the removal that follows tells */
        }
}

/* A tenant cannot set these, an administrator who once looked into the volume can. */
static void attributes_clear_at(int dir_fd, const char *name) {
        _cleanup_close_ int path_fd = -1, fd = -1;
        char path[sizeof("/proc/self/fd/") + 12];
        struct stat st;

        attributes_clear(dir_fd);
        path_fd = tree_open(dir_fd, name, O_PATH);
        if (path_fd < 0 || fstat(path_fd, &st) < 0 || (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))) {
                return; /* opening anything else could block or do something */
        }
        snprintf(path, sizeof(path), "/proc/self/fd/%d", path_fd);
        fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        if (fd >= 0) {
                attributes_clear(fd);
        }
}

static int unlink_once(int dir_fd, const char *name, bool directory) {
        if (unlinkat(dir_fd, name, directory ? AT_REMOVEDIR : 0) == 0 || errno == ENOENT) {
                return 0;
        }
        return errno == EEXIST ? -ENOTEMPTY : -errno;
}

/* 0: gone; -ENOTEMPTY: a directory with something in it. */
static int unlink_any(int dir_fd, const char *name, unsigned char type) {
        int r = unlink_once(dir_fd, name, type == DT_DIR);

        if (r == -EISDIR || r == -ENOTDIR) { /* DT_UNKNOWN */
                type = r == -EISDIR ? DT_DIR : DT_REG;
                r = unlink_once(dir_fd, name, type == DT_DIR);
        }
        if (r == -EPERM || r == -EACCES) {
                attributes_clear_at(dir_fd, name);
                r = unlink_once(dir_fd, name, type == DT_DIR);
                if (r == -EISDIR) {
                        r = unlink_once(dir_fd, name, true);
                }
        }
        return r;
}

static struct frame *top(struct remover *remover) {
        return &remover->stack[remover->depth - 1];
}

/* Names come from a tenant and go to a terminal. */
static void note_failure(struct remover *remover, int code, const char *name) {
        size_t i;

        top(remover)->failed = true;
        if (remover->failure < 0) {
                return;
        }
        remover->failure = code;
        for (i = 0; name[i] != '\0' && i < sizeof(remover->failure_name) - 1; i++) {
                remover->failure_name[i] = name[i] > ' ' && name[i] < 0x7f ? name[i] : '?';
        }
        remover->failure_name[i] = '\0';
}

/* It is gone from its name, or another thing has its name by now: either way the directory is to be read again. */
static void note_result(struct remover *remover, int r, const char *name) {
        const bool changed = r == -EISDIR || r == -ENOTDIR || r == -ELOOP;

        if (r < 0 && r != -ENOENT && !(changed && remover->n_changes++ < CHANGES_MAX)) {
                note_failure(remover, r, name);
        } else {
                top(remover)->removed++;
        }
}

/* Takes fd. */
static int push(struct remover *remover, int fd, const char *name) {
        struct frame *frame = &remover->stack[remover->depth];
        DIR *dir = fdopendir(fd);

        if (!dir) {
                int r = -errno;

                close(fd);
                return r;
        }
        *frame = (struct frame){ .dir = dir };
        snprintf(frame->name, sizeof(frame->name), "%s", name);
        remover->depth++;
        return 0;
}

static void pop(struct remover *remover) {
        closedir(top(remover)->dir);
        remover->depth--;
}

static int spill_open(struct remover *remover) {
        int root_fd = dirfd(remover->stack[0].dir);

        for (unsigned i = 0; remover->spill_fd < 0; i++) {
                snprintf(remover->spill_name, sizeof(remover->spill_name), "spill.%u", i);
                if (mkdirat(root_fd, remover->spill_name, 0700) == 0) {
                        remover->spill_fd = tree_open(root_fd, remover->spill_name, O_RDONLY | O_DIRECTORY);
                        return remover->spill_fd < 0 ? remover->spill_fd : 0;
                }
                if (errno != EEXIST) {
                        return -errno;
                }
        }
        return 0;
}

static int spill(struct remover *remover, int dir_fd, const char *name) {
        char target[32];
        int r = spill_open(remover);

        if (r < 0) {
                return r;
        }
        snprintf(target, sizeof(target), "%llu", (unsigned long long) remover->n_spilled);
        if (renameat2(dir_fd, name, remover->spill_fd, target, RENAME_NOREPLACE) < 0) {
                if (errno != EPERM && errno != EACCES) {
                        return -errno;
                }
                attributes_clear_at(dir_fd, name);
                if (renameat2(dir_fd, name, remover->spill_fd, target, RENAME_NOREPLACE) < 0) {
                        return -errno;
                }
        }
        remover->n_spilled++;
        return 0;
}

/* A directory with something in it: into the stack, or out of the way. 1: it is not in its parent any more.
 */
static int descend(struct remover *remover, const char *name) {
        int dir_fd = dirfd(top(remover)->dir), fd, r;

        if (remover->depth == DEPTH_MAX) {
                r = spill(remover, dir_fd, name);
                return r < 0 ? r : 1;
        }
        fd = tree_open(dir_fd, name, O_RDONLY | O_DIRECTORY);
        return fd < 0 ? fd : push(remover, fd, name);
}

static void remove_entry(struct remover *remover, const char *name, unsigned char type) {
        int r = unlink_any(dirfd(top(remover)->dir), name, type);

        if (r == -ENOTEMPTY) {
                r = descend(remover, name);
                if (r == 0) { /* in the stack now */
                        return;
                }
        }
        note_result(remover, r, name);
}

/* The end of a directory's list: remove it, or read again what some file systems skip while entries vanish.
 */
static void leave(struct remover *remover) {
        struct frame *frame = top(remover);
        bool root = remover->depth == 1;
        int r = -ENOTEMPTY;

        if (!root) {
                r = unlink_any(dirfd(remover->stack[remover->depth - 2].dir), frame->name, DT_DIR);
        }
        if (r == -ENOTEMPTY && !frame->failed && frame->removed > 0) {
                frame->removed = 0;
                rewinddir(frame->dir);
                return;
        }
        pop(remover);
        if (!root) {
                note_result(remover, r, frame->name);
        }
}

static bool skip(const struct remover *remover, const char *name) {
        return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
               (remover->depth == 1 && strcmp(name, remover->spill_name) == 0);
}

static int step(struct remover *remover) {
        struct dirent *entry;

        errno = 0;
        entry = readdir(top(remover)->dir);
        if (!entry) {
                if (errno != 0) {
                        note_failure(remover, -errno, top(remover)->name);
                }
                leave(remover);
                return 0;
        }
        if (skip(remover, entry->d_name)) {
                return 0;
        }
        if (++remover->n_entries % ENTRIES_PER_CANCEL_CHECK == 0 && volume_cancelled(remover->host)) {
                return -ECANCELED;
        }
        remove_entry(remover, entry->d_name, entry->d_type);
        return 0;
}

static int pass(struct remover *remover, int dir_fd) {
        int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;

        if (fd < 0) {
                return -errno;
        }
        remover->n_spilled = 0;
        remover->spill_name[0] = '\0';
        remover->failure = 0;
        r = push(remover, fd, "");
        while (r == 0 && remover->depth > 0) {
                r = step(remover);
        }
        while (remover->depth > 0) {
                pop(remover);
        }
        if (remover->spill_fd >= 0) {
                close(remover->spill_fd);
                remover->spill_fd = -1;
        }
        return r;
}

int tree_empty(int dir_fd, const struct tenant_host *host, struct tenant_error *error) {
        struct remover remover = { .host = host, .spill_fd = -1 };
        int r;

        do {
                r = pass(&remover, dir_fd);
        } while (r == 0 && remover.n_spilled > 0);

        if (r == -ECANCELED) {
                return tenant_error_set(
                        error, r, "Failed",
                        "Removal of the volume was cancelled; remove the tenant again to go on");
        }
        if (r < 0) {
                return tenant_error_set(error, r, "Failed", "Cannot read the volume to be removed: %s",
                                        strerror(-r));
        }
        if (remover.failure == -EBUSY || remover.failure == -EXDEV) {
                return tenant_error_set(error, -EBUSY, "Busy",
                                        "'%s' in the volume to be removed is a mount point of this host: "
                                        "unmount it (findmnt lists it), then remove the tenant again",
                                        remover.failure_name);
        }
        if (remover.failure < 0) {
                return tenant_error_set(
                        error, remover.failure, "Failed",
                        "Cannot remove '%s' of the volume: %s; mend that, then remove the tenant again",
                        remover.failure_name, strerror(-remover.failure));
        }
        return 0;
}
