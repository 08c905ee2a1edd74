/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mounts.c: see mounts.h. Until the pivot the host's mounts are still around this process: refuses to resolve any name in the
 * volume or the tenant's root but by open_beneath(), since a link there could lead to the host's files. The overlay is mounted by the tenant's root, not by the host's: then all it writes is written with the
 * tenant's authority, within its quota (host root would pass it), and set-id and capabilities mean the tenant's.
 */
#include "mounts.h"
#include "fd.h"
#include "paths.h"
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static int failed(TenantError *error, int code, const char *what) {
        return error_set_errno(error, code, E_FAILED, "Cannot %s in the tenant", what);
}

/* Opens a directory of the tenant's tree as a mount target; makes a missing one. */
static int target_open(int root_fd, const char *target, TenantError *error) {
        int fd = open_beneath(root_fd, target, O_PATH | O_DIRECTORY, 0);

        if (fd == -ENOENT) {
                fd = mkdir_open_beneath(root_fd, target, 0755);
        }
        if (fd < 0) {
                return error_set_errno(error, fd, E_FAILED,
                                       "/%s of the tenant is not a plain directory (a link?); repair it in "
                                       "the volume's upper "
                                       "layer",
                                       target);
        }
        return fd;
}

/* How a descriptor is named where the kernel takes only paths; /proc is the host's until the pivot. */
typedef struct FdPath {
        char path[32];
} FdPath;

static FdPath fd_path(int fd) {
        FdPath p;

        snprintf(p.path, sizeof(p.path), "/proc/self/fd/%d", fd);
        return p;
}

static int mount_new(int root_fd, const char *target, const char *type, unsigned long flags,
                     const char *data, TenantError *error) {
        _cleanup_close_ int fd = target_open(root_fd, target, error);

        if (fd < 0) {
                return fd;
        }
        if (mount(type, fd_path(fd).path, type, flags, data) < 0) {
                return error_set_errno(error, errno, E_FAILED, "Cannot mount %s at /%s of the tenant", type,
                                       target);
        }
        return 0;
}

int mounts_place(int mount_fd, int root_fd, const char *target, TenantError *error) {
        _cleanup_close_ int fd = open_beneath(root_fd, target, O_PATH, 0);

        if (fd < 0) {
                return error_set_errno(error, fd, E_FAILED, "Cannot open /%s of the tenant", target);
        }
        if (move_mount(mount_fd, "", fd, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0) {
                return error_set_errno(error, errno, E_FAILED, "Cannot mount /%s of the tenant", target);
        }
        return 0;
}

/* One of the volume's own directories, or what is mounted on it. */
static int volume_open(int volume_fd, const char *name, TenantError *error) {
        int fd = open_beneath(volume_fd, name, O_PATH | O_DIRECTORY, 0);

        return fd < 0 ? error_set_errno(error, fd, E_FAILED,
                                        "'%s' of the tenant's volume is not a plain directory (a link?); "
                                        "repair it there",
                                        name)
                      : fd;
}

static int mount_overlay(int volume_fd, int image_fd, TenantError *error) {
        _cleanup_close_ int upper = volume_open(volume_fd, "upper", error),
                            work = upper < 0 ? upper : volume_open(volume_fd, "work", error),
                            root = work < 0 ? work : volume_open(volume_fd, "root", error);
        char options[160];

        if (root < 0) {
                return root;
        }
        snprintf(options, sizeof(options), "lowerdir=%s,upperdir=%s,workdir=%s,userxattr",
                 fd_path(image_fd).path, fd_path(upper).path, fd_path(work).path);
        if (mount("overlay", fd_path(root).path, "overlay", MS_NODEV, options) < 0) {
                return error_set_errno(
                        error, errno, E_HOST_NOT_READY,
                        "Cannot mount the tenant's root overlay (is the module overlay loaded?)");
        }
        return 0;
}

int mounts_root(int volume_fd, int image_fd, TenantError *error) {
        _cleanup_close_ int lower = -1, root = -1;
        int r;

        /* Any directory that host root owns and everybody may reach will do as the place: nobody else sees this. */
        if (move_mount(volume_fd, "", AT_FDCWD, path_get(PATH_RUNTIME), MOVE_MOUNT_F_EMPTY_PATH) < 0) {
                return failed(error, errno, "mount the volume");
        }
        lower = volume_open(volume_fd, "lower", error);
        if (lower < 0) {
                return lower;
        }
        if (move_mount(image_fd, "", lower, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0) {
                return failed(error, errno, "mount the image");
        }
        r = mount_overlay(volume_fd, image_fd, error);
        if (r < 0) {
                return r;
        }
        root = volume_open(volume_fd, "root", error);
        if (root < 0) {
                return root;
        }
        return fchdir(root) < 0 ? failed(error, errno, "enter the root") : TAKE_FD(root);
}

int mounts_docker(int volume_fd, int root_fd, TenantError *error) {
        static const struct {
                const char *directory, *target;
        } stores[] = { { "docker", "var/lib/docker" }, { "containerd", "var/lib/containerd" } };

        for (size_t i = 0; i < ELEMENTSOF(stores); i++) {
                _cleanup_close_ int target = target_open(root_fd, stores[i].target, error), directory = -1,
                                    store = -1;
                int r;

                if (target < 0) {
                        return target;
                }
                directory = volume_open(volume_fd, stores[i].directory, error);
                if (directory < 0) {
                        return directory;
                }
                store = open_tree(directory, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
                if (store < 0) {
                        return failed(error, errno, "clone Docker's store");
                }
                r = move_mount(store, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
                if (r < 0) {
                        return failed(error, errno, "mount Docker's store");
                }
        }
        return 0;
}

int mounts_api(int root_fd, TenantError *error) {
        static const struct {
                const char *target, *type;
                unsigned long flags;
                const char *data;
        } table[] = {
                { "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL },
                { "sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL },
                { "sys/fs/cgroup", "cgroup2", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL },
                { "run", "tmpfs", MS_NOSUID | MS_NODEV | MS_STRICTATIME,
                  "mode=755,size=20%,nr_inodes=800k" },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                int r = mount_new(root_fd, table[i].target, table[i].type, table[i].flags, table[i].data,
                                  error);

                if (r < 0) {
                        return r;
                }
        }
        return 0;
}

int mounts_notify_open(const char *name, TenantError *error) {
        char path[300];
        int fd;

        snprintf(path, sizeof(path), "%s/%s/notify", path_get(PATH_RUNTIME), name);
        fd = open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
        return fd < 0 ? failed(error, errno, "clone the notify socket") : fd;
}

int mounts_notify(int notify_mount, int root_fd, TenantError *error) {
        _cleanup_close_ int place =
                open_beneath(root_fd, "run/host/notify", O_WRONLY | O_CREAT | O_EXCL | O_NONBLOCK, 0600);

        if (place < 0) {
                return failed(error, place, "make /run/host/notify");
        }
        return mounts_place(notify_mount, root_fd, "run/host/notify", error);
}

/*
 * Nodes are inodes of the tenant's own: by the host's, which everybody uses, it could see and slow down what others do with them (inotify),
 * and talk to other tenants (locks).
 */
static int make_nodes(int dev_fd, uid_t owner, bool fuse) {
        static const struct {
                const char *name;
                unsigned major, minor; /* Documentation/admin-guide/devices.txt */
        } nodes[] = {
                { "null", 1, 3 },    { "zero", 1, 5 }, { "full", 1, 7 },       { "random", 1, 8 },
                { "urandom", 1, 9 }, { "tty", 5, 0 },  { "net/tun", 10, 200 }, { "fuse", 10, 229 },
        };

        if (mkdirat(dev_fd, "net", 0755) < 0 ||
            fchownat(dev_fd, "net", owner, owner, AT_SYMLINK_NOFOLLOW) < 0) {
                return -errno;
        }
        for (size_t i = 0; i < ELEMENTSOF(nodes); i++) {
                const char *name = nodes[i].name;

                if (!fuse && strcmp(name, "fuse") == 0) {
                        continue;
                }
                if (mknodat(dev_fd, name, S_IFCHR | 0666, makedev(nodes[i].major, nodes[i].minor)) < 0 ||
                    fchownat(dev_fd, name, owner, owner, AT_SYMLINK_NOFOLLOW) < 0) {
                        return -errno;
                }
        }
        return 0;
}

int mounts_dev_create(uid_t owner, bool fuse, TenantError *error) {
        _cleanup_close_ int tmpfs = fsopen("tmpfs", FSOPEN_CLOEXEC), mount = -1;
        mode_t mask;
        char id[16];
        int r;

        snprintf(id, sizeof(id), "%u", owner);
        if (tmpfs < 0 || fsconfig(tmpfs, FSCONFIG_SET_STRING, "source", "tmpfs", 0) < 0 ||
            fsconfig(tmpfs, FSCONFIG_SET_STRING, "mode", "755", 0) < 0 ||
            fsconfig(tmpfs, FSCONFIG_SET_STRING, "uid", id, 0) < 0 ||
            fsconfig(tmpfs, FSCONFIG_SET_STRING, "gid", id, 0) < 0 ||
            fsconfig(tmpfs, FSCONFIG_SET_STRING, "size", "4m", 0) < 0 ||
            fsconfig(tmpfs, FSCONFIG_SET_STRING, "nr_inodes", "64k", 0) < 0 ||
            fsconfig(tmpfs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0) {
                return failed(error, errno, "make a file system for /dev");
        }
        mount = fsmount(tmpfs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_STRICTATIME);
        if (mount < 0) {
                return failed(error, errno, "make a mount for /dev");
        }
        mask = umask(0);
        r = make_nodes(mount, owner, fuse);
        umask(mask);
        return r < 0 ? failed(error, r, "make the devices of /dev") : TAKE_FD(mount);
}

static int make_links(int dev_fd, TenantError *error) {
        static const char *const links[][2] = {
                { "/proc/self/fd", "fd" },       { "/proc/self/fd/0", "stdin" },
                { "/proc/self/fd/1", "stdout" }, { "/proc/self/fd/2", "stderr" },
                { "pts/ptmx", "ptmx" },
        };

        for (size_t i = 0; i < ELEMENTSOF(links); i++) {
                if (symlinkat(links[i][0], dev_fd, links[i][1]) < 0) {
                        return failed(error, errno, "make the links of /dev");
                }
        }
        return 0;
}

/* A pty of the tenant's own devpts; no terminal of the host ever comes in. */
static int make_console(int dev_fd, int *ret_console, int *ret_master, TenantError *error) {
        _cleanup_close_ int master = open_beneath(dev_fd, "pts/ptmx", O_RDWR | O_NOCTTY, 0), slave = -1,
                            node = -1;
        const int unlock = 0;

        if (master < 0 || ioctl(master, TIOCSPTLCK, &unlock) < 0) {
                return failed(error, master < 0 ? master : errno, "open a console");
        }
        slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
        if (slave < 0) {
                return failed(error, errno, "open the console's other end");
        }
        node = open_tree(slave, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
        if (node < 0 || mknodat(dev_fd, "console", S_IFREG | 0600, 0) < 0 ||
            move_mount(node, "", dev_fd, "console", MOVE_MOUNT_F_EMPTY_PATH) < 0) {
                return failed(error, errno, "place /dev/console");
        }
        *ret_console = TAKE_FD(slave);
        *ret_master = TAKE_FD(master);
        return 0;
}

int mounts_dev(int dev_mount, int root_fd, int *ret_console, int *ret_master, TenantError *error) {
        static const char *const directories[] = { "pts", "shm", "mqueue" };
        _cleanup_close_ int place = target_open(root_fd, "dev", error), dev = -1;
        int r;

        if (place < 0) {
                return place;
        }
        if (move_mount(dev_mount, "", place, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0) {
                return failed(error, errno, "mount /dev");
        }
        dev = open_beneath(root_fd, "dev", O_PATH | O_DIRECTORY, 0);
        if (dev < 0) {
                return failed(error, dev, "open /dev");
        }
        for (size_t i = 0; i < ELEMENTSOF(directories); i++) {
                if (mkdirat(dev, directories[i], 0755) < 0) {
                        return failed(error, errno, "make the directories of /dev");
                }
        }
        r = mount_new(root_fd, "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
                      "newinstance,ptmxmode=0666,mode=0620,gid=5,max=1024", error);
        if (r >= 0) {
                r = mount_new(root_fd, "dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777", error);
        }
        if (r >= 0) {
                r = mount_new(root_fd, "dev/mqueue", "mqueue", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL,
                              error);
        }
        if (r >= 0) {
                r = make_links(dev, error);
        }
        return r < 0 ? r : make_console(dev, ret_console, ret_master, error);
}

int mounts_pivot(TenantError *error) {
        /* pivot_root(2), "pivot_root(".", ".")": the old root ends up on top of the new one and is let go. */
        if (syscall(SYS_pivot_root, ".", ".") < 0) {
                return failed(error, errno, "change the root");
        }
        if (umount2(".", MNT_DETACH) < 0) {
                return failed(error, errno, "let go of the host's mounts");
        }
        return chdir("/") < 0 ? failed(error, errno, "enter the new root") : 0;
}
