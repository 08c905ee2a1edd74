/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * raw.c: a container of the attack suite with chosen walls missing, made by bare system calls. It shares no code with tenantd, so
 * that an attack proves itself against something else than the program that it tests.
 *
 *   raw start DIRECTORY IMAGE BASE FILTER [WORD...]   makes it; DIRECTORY (new, on a real file system) holds all it is
 *   raw enter DIRECTORY COMMAND...                    runs a command in it, as its root, with its filter and in its cgroup
 *   raw end DIRECTORY...                              ends it and removes all it was
 *
 * IMAGE is the tree of one of tenantd's images. Words take walls away: no-userns host-net host-pid host-cgroup no-ipc no-seccomp
 * common-creator (root makes the user namespace, not the container's own uid), unshifted (its files are on disk with the ids that it
 * sees), privileged-dev (the host's /dev). Refuses nothing: it is for test hosts only.
 */
#include "attack.h"
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <linux/close_range.h>
#include <linux/filter.h>
#include <linux/mount.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define IMAGE_BASE 603979776u
#define COUNT 262144u
#define END_MSEC 100000

#define MUST(call)                                                                                          \
        ({                                                                                                  \
                long r_ = (long) (call);                                                                    \
                if (r_ < 0) {                                                                               \
                        fprintf(stderr, "raw: line %d: %s: %s\n", __LINE__, #call, strerror(errno));        \
                        _exit(125);                                                                         \
                }                                                                                           \
                (int) r_;                                                                                   \
        })

static const char *directory, *image, *filter_path;
static unsigned base;

static const char *const words[] = { "no-userns",  "host-net",       "host-pid",  "host-cgroup",   "no-ipc",
                                     "no-seccomp", "common-creator", "unshifted", "privileged-dev" };
enum {
        NO_USERNS,
        HOST_NET,
        HOST_PID,
        HOST_CGROUP,
        NO_IPC,
        NO_SECCOMP,
        COMMON_CREATOR,
        UNSHIFTED,
        PRIVILEGED_DEV
};
#define N_WORDS (sizeof(words) / sizeof(words[0]))
static bool without[N_WORDS];

static char *path_of(const char *name) {
        static char path[4096];

        snprintf(path, sizeof(path), "%s/%s", directory, name);
        return path;
}

static void put(const char *path, const char *text) {
        int fd = MUST(open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));

        MUST(write(fd, text, strlen(text)));
        close(fd);
}

/* False: there is no such file. */
static bool get(const char *path, char *text, size_t size) {
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t n;

        if (fd < 0) {
                return false;
        }
        n = MUST(read(fd, text, size - 1));
        text[n] = '\0';
        close(fd);
        return true;
}

/* --- start, on the host's side ---------------------------------------------------------------------------------- */

static void write_maps(pid_t pid, unsigned inside, unsigned outside, unsigned count) {
        char path[64], text[64];

        snprintf(text, sizeof(text), "%u %u %u", inside, outside, count);
        snprintf(path, sizeof(path), "/proc/%d/uid_map", pid);
        put(path, text);
        snprintf(path, sizeof(path), "/proc/%d/gid_map", pid);
        put(path, text);
}

/* A clone of a tree that shows the ids from `inside` up as those from `outside` up. */
static int mapped_clone(const char *path, unsigned inside, unsigned outside, uint64_t flags) {
        struct mount_attr attributes = { .attr_set = MOUNT_ATTR_IDMAP | flags, .propagation = MS_PRIVATE };
        int tree = MUST(syscall(SYS_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
        pid_t holder = MUST(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL));
        char name[64];

        if (holder == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                for (;;) {
                        pause();
                }
        }
        write_maps(holder, inside, outside, COUNT);
        snprintf(name, sizeof(name), "/proc/%d/ns/user", holder);
        attributes.userns_fd = (uint64_t) MUST(open(name, O_RDONLY | O_CLOEXEC));
        kill(holder, SIGKILL);
        waitpid(holder, NULL, 0);
        MUST(syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attributes, sizeof(attributes)));
        close((int) attributes.userns_fd);
        return tree;
}

static int open_volume(void) {
        static const char *const parts[] = { "upper", "work", "root", "lower" };
        const unsigned owner = without[UNSHIFTED] ? 0 : base;
        struct mount_attr alone = { .propagation = MS_PRIVATE };
        int volume;

        for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
                MUST(mkdir(path_of(parts[i]), 0755));
                MUST(chown(path_of(parts[i]), owner, owner));
        }
        if (without[UNSHIFTED] && base != 0) {
                return mapped_clone(directory, 0, base, 0);
        }
        volume = MUST(syscall(SYS_open_tree, AT_FDCWD, directory, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
        MUST(syscall(SYS_mount_setattr, volume, "", AT_EMPTY_PATH, &alone, sizeof(alone)));
        return volume;
}

/* One of its own below the root, in which the container is born. */
static void enter_new_cgroup(void) {
        static const char *const files[] = { "", "/cgroup.procs", "/cgroup.subtree_control",
                                             "/cgroup.threads" };
        char group[256], path[512];

        snprintf(group, sizeof(group), "/sys/fs/cgroup/%s", strrchr(directory, '/') + 1);
        if (mkdir(group, 0755) < 0 && errno != EEXIST) {
                MUST(-1);
        }
        put(path_of("cgroup"), group);
        for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
                snprintf(path, sizeof(path), "%s%s", group, files[i]);
                MUST(chown(path, base, base));
        }
        snprintf(path, sizeof(path), "%s/cgroup.procs", group);
        put(path, "0");
}

static unsigned long namespaces(void) {
        unsigned long flags = CLONE_NEWNS | CLONE_NEWUTS;

        flags |= without[NO_USERNS] ? 0 : CLONE_NEWUSER;
        flags |= without[HOST_NET] ? 0 : CLONE_NEWNET;
        flags |= without[HOST_PID] ? 0 : CLONE_NEWPID;
        flags |= without[HOST_CGROUP] ? 0 : CLONE_NEWCGROUP;
        flags |= without[NO_IPC] ? 0 : CLONE_NEWIPC;
        return flags;
}

/* --- start, inside ---------------------------------------------------------------------------------------------- */

static void bind_mount(const char *from, const char *to, bool recursive) {
        MUST(mount(from, to, NULL, MS_BIND | (recursive ? MS_REC : 0), NULL));
}

/* Where the namespace that a file system shows is the host's, only the host's mount of it can be had. */
static void fresh_or_hosts(const char *type, const char *from, const char *to, bool hosts) {
        if (hosts) {
                bind_mount(from, to, true);
        } else {
                MUST(mount(type, to, type, MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL));
        }
}

static void make_dev(void) {
        static const char *const nodes[] = { "null", "zero", "full", "random", "urandom", "tty", "fuse" };
        char from[64], to[64];

        MUST(mount("tmpfs", "dev", "tmpfs", MS_NOSUID, "mode=755"));
        MUST(mkdir("dev/pts", 0755));
        MUST(mkdir("dev/shm", 01777));
        for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++) {
                snprintf(from, sizeof(from), "/dev/%s", nodes[i]);
                snprintf(to, sizeof(to), "dev/%s", nodes[i]);
                MUST(mknod(to, S_IFREG | 0600, 0));
                bind_mount(from, to, false);
        }
        MUST(mount("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
                   "newinstance,ptmxmode=0666,mode=0620"));
        MUST(symlink("pts/ptmx", "dev/ptmx"));
        MUST(symlink("/proc/self/fd", "dev/fd"));
}

static void build(int volume, int lower) {
        const bool hosts_net = without[HOST_NET] && !without[NO_USERNS];

        MUST(mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL));
        MUST(syscall(SYS_move_mount, volume, "", AT_FDCWD, directory, MOVE_MOUNT_F_EMPTY_PATH));
        MUST(fchdir(volume));
        MUST(syscall(SYS_move_mount, lower, "", AT_FDCWD, "lower", MOVE_MOUNT_F_EMPTY_PATH));
        MUST(mount("overlay", "root", "overlay", 0, "lowerdir=lower,upperdir=upper,workdir=work,userxattr"));
        MUST(chdir("root"));
        fresh_or_hosts("proc", "/proc", "proc", without[HOST_PID]);
        fresh_or_hosts("sysfs", "/sys", "sys", hosts_net);
        if (!hosts_net) {
                fresh_or_hosts("cgroup2", "/sys/fs/cgroup", "sys/fs/cgroup", without[HOST_CGROUP]);
        }
        MUST(mount("tmpfs", "run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755"));
        if (without[PRIVILEGED_DEV]) {
                bind_mount("/dev", "dev", true);
        } else {
                make_dev();
        }
        MUST(sethostname("raw", 3));
        MUST(syscall(SYS_pivot_root, ".", "."));
        MUST(umount2(".", MNT_DETACH));
        MUST(chdir("/"));
}

static void become_root(void) {
        MUST(syscall(SYS_setresgid, 0, 0, 0));
        MUST(syscall(SYS_setgroups, 0, NULL));
        MUST(syscall(SYS_setresuid, 0, 0, 0));
}

/* What every pid namespace needs: somebody who waits for the orphans. */
_Noreturn static void be_init(void) {
        sigset_t children;

        sigemptyset(&children);
        sigaddset(&children, SIGCHLD);
        sigprocmask(SIG_BLOCK, &children, NULL);
        MUST(syscall(SYS_close_range, 0, ~0u, 0));
        for (;;) {
                while (waitpid(-1, NULL, WNOHANG) > 0) {
                }
                sigwaitinfo(&children, NULL);
        }
}

_Noreturn static void child(int peer, int volume, int lower) {
        char byte;

        if (recv(peer, &byte, 1, 0) != 1) {
                _exit(125);
        }
        become_root();
        setsid();
        build(volume, lower);
        MUST(send(peer, "r", 1, MSG_NOSIGNAL));
        be_init();
}

/* The kernel counts what a user namespace may use by the one who made it. */
static pid_t clone_child(void) {
        const bool own = !without[COMMON_CREATOR] && !without[NO_USERNS];
        pid_t pid;

        if (own) {
                MUST(prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP));
                MUST(setresuid((uid_t) -1, base, (uid_t) -1));
        }
        pid = MUST(syscall(SYS_clone, namespaces() | SIGCHLD, NULL, NULL, NULL, NULL));
        if (own && pid != 0) {
                MUST(setresuid((uid_t) -1, 0, (uid_t) -1));
        }
        return pid;
}

static int start(void) {
        int sockets[2], volume, lower = mapped_clone(image, IMAGE_BASE, base, MOUNT_ATTR_RDONLY);
        char byte, text[32];
        pid_t pid;

        volume = open_volume();
        if (!without[HOST_CGROUP]) {
                enter_new_cgroup();
        }
        if (!without[NO_SECCOMP]) {
                MUST(symlink(filter_path, path_of("filter")));
        }
        MUST(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets));
        pid = clone_child();
        if (pid == 0) {
                close(sockets[0]);
                child(sockets[1], volume, lower);
        }
        close(sockets[1]);
        if (!without[NO_USERNS]) {
                write_maps(pid, 0, base, COUNT);
        }
        MUST(send(sockets[0], "g", 1, MSG_NOSIGNAL));
        if (recv(sockets[0], &byte, 1, 0) != 1) {
                fprintf(stderr, "raw: the container ended\n");
                return 125;
        }
        snprintf(text, sizeof(text), "%d", pid);
        put(path_of("init"), text);
        return 0;
}

/* --- enter ------------------------------------------------------------------------------------------------------ */

static void join_cgroup(void) {
        char group[256], path[512];

        if (get(path_of("cgroup"), group, sizeof(group))) {
                snprintf(path, sizeof(path), "%s/cgroup.procs", group);
                put(path, "0");
        }
}

static void join_namespaces(void) {
        static const struct {
                const char *name;
                int flag;
        } kinds[] = { { "user", CLONE_NEWUSER },    { "mnt", CLONE_NEWNS },  { "pid", CLONE_NEWPID },
                      { "net", CLONE_NEWNET },      { "ipc", CLONE_NEWIPC }, { "uts", CLONE_NEWUTS },
                      { "cgroup", CLONE_NEWCGROUP } };
        char text[32], path[64];
        struct stat ours, theirs;
        int flags = 0, pidfd;

        if (!get(path_of("init"), text, sizeof(text))) {
                MUST(-1);
        }
        pidfd = MUST(syscall(SYS_pidfd_open, atoi(text), 0));
        for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
                snprintf(path, sizeof(path), "/proc/self/ns/%s", kinds[i].name);
                MUST(stat(path, &ours));
                snprintf(path, sizeof(path), "/proc/%d/ns/%s", atoi(text), kinds[i].name);
                MUST(stat(path, &theirs));
                flags |= ours.st_ino != theirs.st_ino ? kinds[i].flag : 0;
        }
        MUST(setns(pidfd, flags));
        close(pidfd);
}

static int read_filter(struct sock_filter *program, size_t size) {
        int fd = open(path_of("filter"), O_RDONLY | O_CLOEXEC), n;

        if (fd < 0) {
                return 0;
        }
        n = MUST(read(fd, program, size));
        close(fd);
        return n / (int) sizeof(*program);
}

static int enter(char **command) {
        static struct sock_filter program[BPF_MAXINSNS];
        static char *const environment[] = {
                (char *) "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                (char *) "HOME=/root", (char *) "LANG=C.UTF-8", NULL
        };
        struct sock_fprog filter = { .len = (unsigned short) read_filter(program, sizeof(program)),
                                     .filter = program };
        int status;
        pid_t pid;

        join_cgroup();
        join_namespaces();
        become_root();
        pid = MUST(fork());
        if (pid == 0) {
                MUST(syscall(SYS_close_range, 3, ~0u, CLOSE_RANGE_CLOEXEC));
                if (filter.len > 0) {
                        MUST(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter));
                }
                environ = (char **) environment;
                execvp(command[0], command);
                fprintf(stderr, "raw: %s: %s\n", command[0], strerror(errno));
                _exit(errno == ENOENT ? 127 : 126);
        }
        MUST(waitpid(pid, &status, 0));
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* --- end -------------------------------------------------------------------------------------------------------- */

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *where) {
        if (remove(path) < 0) {
                fprintf(stderr, "raw: %s: %s\n", path, strerror(errno));
        }
        return 0;
}

/* Its files are the kernel's: only the directories can go, and have to go by themselves. */
static int remove_group(const char *path, const struct stat *st, int type, struct FTW *where) {
        if (type == FTW_DP) {
                MUST(rmdir(path));
        }
        return 0;
}

static void wait_until_empty(const char *group) {
        struct pollfd events = { .events = POLLPRI };
        char path[512], text[256];

        snprintf(path, sizeof(path), "%s/cgroup.events", group);
        events.fd = MUST(open(path, O_RDONLY | O_CLOEXEC));
        while (MUST(pread(events.fd, text, sizeof(text) - 1, 0)) > 0 && !strstr(text, "populated 0")) {
                if (MUST(poll(&events, 1, END_MSEC)) == 0) {
                        errno = ETIMEDOUT;
                        MUST(-1);
                }
        }
        close(events.fd);
}

static void end_init(void) {
        struct pollfd gone = { .events = POLLIN };
        char text[32];

        if (!get(path_of("init"), text, sizeof(text))) {
                return;
        }
        gone.fd = (int) syscall(SYS_pidfd_open, atoi(text), 0);
        if (gone.fd >= 0) {
                (void) syscall(SYS_pidfd_send_signal, gone.fd, SIGKILL, NULL, 0);
                (void) poll(&gone, 1, END_MSEC);
                close(gone.fd);
        }
}

static void end(void) {
        char group[256] = "", path[512];

        if (get(path_of("cgroup"), group, sizeof(group))) {
                snprintf(path, sizeof(path), "%s/cgroup.kill", group);
                put(path, "1");
                wait_until_empty(group);
        }
        end_init();
        if (group[0]) {
                nftw(group, remove_group, 16, FTW_DEPTH | FTW_PHYS);
        }
        nftw(directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

static int usage(void) {
        fprintf(stderr, "usage: raw start DIRECTORY IMAGE BASE FILTER [WORD...] | raw enter DIRECTORY "
                        "COMMAND... | raw end "
                        "DIRECTORY...\n");
        return 125;
}

static bool take_word(const char *word) {
        for (size_t i = 0; i < N_WORDS; i++) {
                if (strcmp(word, words[i]) == 0) {
                        return without[i] = true;
                }
        }
        return false;
}

int main(int argc, char **argv) {
        if (argc > 2 && strcmp(argv[1], "end") == 0) {
                for (int i = 2; i < argc; i++) {
                        directory = argv[i];
                        end();
                }
                return 0;
        }
        directory = argc > 3 ? argv[2] : NULL;
        if (directory && strcmp(argv[1], "enter") == 0) {
                return enter(argv + 3);
        }
        if (argc < 6 || strcmp(argv[1], "start") != 0) {
                return usage();
        }
        image = argv[3];
        base = (unsigned) strtoul(argv[4], NULL, 10);
        filter_path = argv[5];
        for (int i = 6; i < argc; i++) {
                if (!take_word(argv[i])) {
                        return usage();
                }
        }
        base = without[NO_USERNS] ? 0 : base;
        return start();
}
