/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* world.c: see world.h. Touches no bus of the machine and no file outside its directory. Owned by tests/bus. */
#include "world.h"
#include "image.h"
#include "paths.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

const char *world_directory = "/tmp";
unsigned world_limit_sec = 40;
static time_t deadline;

static const char *env(const char *name) {
        const char *value = getenv(name);

        if (!value) {
                fail_msg("%s is not set; run this by meson test", name);
        }
        return value;
}

bool world_can_run(void) {
        setvbuf(stdout, NULL, _IOLBF, 0);
        if (geteuid() != 0) {
                puts("1..0 # SKIP needs root: to be several users, and since the agent loads only root's "
                     "plugins");
        }
        return geteuid() == 0;
}

/* Lines at the end of a file of /etc, in this mount namespace. */
static bool add_lines(const char *file, const char *lines) {
        char path[] = "/tmp/tenantd-lines-XXXXXX";
        int fd = mkostemp(path, O_CLOEXEC), from = open(file, O_RDONLY | O_CLOEXEC);
        bool well = fd >= 0 && from >= 0 && fchmod(fd, 0644) == 0 && sendfile(fd, from, NULL, 1 << 20) > 0 &&
                    write(fd, lines, strlen(lines)) == (ssize_t) strlen(lines) &&
                    mount(path, file, NULL, MS_BIND, NULL) == 0;

        if (fd >= 0) {
                close(fd);
                unlink(path);
        }
        close(from);
        return well;
}

bool world_add_users(void) {
        char users[160], groups[64];
        bool well;

        snprintf(groups, sizeof(groups), "tenantd:x:%u:operator\n", WORLD_GROUP);

        snprintf(users, sizeof(users), "operator:x:%u:%u::/:/bin/sh\ntenant:x:%u:%u::/:/bin/sh\n",
                 WORLD_OPERATOR, WORLD_OPERATOR, WORLD_TENANT, WORLD_TENANT);
        well = geteuid() == 0 && unshare(CLONE_NEWNS) == 0 &&
               mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 && add_lines("/etc/passwd", users) &&
               add_lines("/etc/group", groups);
        if (!well) {
                puts("1..0 # SKIP needs root, to be several users, and a mount namespace for a private "
                     "/etc/passwd and /etc/group");
        }
        return well;
}

void world_renew_time(void) {
        deadline = time(NULL) + world_limit_sec;
}

void check_time(void) {
        if (time(NULL) > deadline) {
                fail_msg("the time limit of %u s is over", world_limit_sec);
        }
}

void nap(void) {
        check_time();
        (void) poll(NULL, 0, 10); /* nothing to wait on: a process or a file of somebody else */
}

static void log_to_file(World *w) {
        char path[128];
        int fd;

        snprintf(path, sizeof(path), "%s/bus.log", w->dir);
        fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (fd >= 0) {
                dup2(fd, STDERR_FILENO);
        }
}

static pid_t start(World *w, char *const *argv, int keep_fd) {
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0) {
                char socket_path[128], address[128];
                sigset_t none;

                prctl(PR_SET_PDEATHSIG, SIGKILL);
                sigemptyset(&none);
                sigprocmask(SIG_SETMASK, &none, NULL);
                snprintf(socket_path, sizeof(socket_path), "%s/notify", w->dir);
                snprintf(address, sizeof(address), "unix:path=%s/bus", w->dir);
                if (w->bus > 0) { /* the bus itself would say READY=1 too */
                        setenv("NOTIFY_SOCKET", socket_path, 1);
                }
                setenv("DBUS_SYSTEM_BUS_ADDRESS", address, 1);
                if (keep_fd >= 0) { /* the bus, which tells each message that it rejects */
                        fcntl(keep_fd, F_SETFD, 0);
                        log_to_file(w);
                }
                execvp(argv[0], argv);
                _exit(127);
        }
        return pid;
}

int end_process(pid_t *pid, int signo) {
        int status = 0;

        if (*pid <= 0) {
                return -1;
        }
        if (signo) {
                kill(*pid, signo);
        }
        wait_until(waitpid(*pid, &status, WNOHANG) == *pid);
        *pid = 0;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void expect_notification(World *w, const char *text) {
        char buf[512] = "";

        while (strncmp(buf, text, strlen(text)) != 0) {
                ssize_t n = recv(w->notify_fd, buf, sizeof(buf) - 1, MSG_DONTWAIT);

                if (n < 0) {
                        nap();
                }
                buf[n > 0 ? n : 0] = '\0';
        }
}

static void open_notify(World *w) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };

        snprintf(address.sun_path, sizeof(address.sun_path), "%s/notify", w->dir);
        w->notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        assert_int_equal(bind(w->notify_fd, (struct sockaddr *) &address, sizeof(address)), 0);
}

/* As the system bus: nothing may be owned or called but by permission, and ours comes from the file that is shipped. */
static void write_bus_config(World *w) {
        char path[128];
        FILE *f;

        snprintf(path, sizeof(path), "%s/bus.conf", w->dir);
        f = fopen(path, "we");
        assert_non_null(f);
        fprintf(f,
                "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\"\n"
                " \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n"
                "<busconfig><type>system</type><listen>unix:path=%s/bus</listen><auth>EXTERNAL</auth>"
                "<policy context=\"default\"><allow user=\"*\"/><deny own=\"*\"/><deny "
                "send_type=\"method_call\"/>"
                "<allow send_type=\"signal\"/><allow send_requested_reply=\"true\" "
                "send_type=\"method_return\"/>"
                "<allow send_requested_reply=\"true\" send_type=\"error\"/><allow "
                "receive_type=\"method_call\"/>"
                "<allow receive_type=\"method_return\"/><allow receive_type=\"error\"/>"
                "<allow receive_type=\"signal\"/><allow send_destination=\"org.freedesktop.DBus\"/></policy>"
                "<policy user=\"root\"><allow own_prefix=\"org.freedesktop\"/>"
                "<allow send_destination=\"org.freedesktop.systemd1\"/>"
                "<allow send_destination=\"org.freedesktop.PolicyKit1\"/>"
                "<allow send_destination=\"org.freedesktop.DBus\" "
                "send_interface=\"org.freedesktop.DBus.Monitoring\"/></policy>"
                "<include>%s/org.tenantd1.conf</include></busconfig>\n",
                w->dir, env("DBUS_DIRECTORY"));
        fclose(f);
}

static void start_bus(World *w) {
        char config[128], print[32], byte;
        char *argv[] = {
                (char *) "dbus-daemon", (char *) "--nofork", (char *) "--nopidfile", config, print, NULL
        };
        int ends[2];

        write_bus_config(w);
        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
        snprintf(config, sizeof(config), "--config-file=%s/bus.conf", w->dir);
        snprintf(print, sizeof(print), "--print-address=%d", ends[1]);
        w->bus = start(w, argv, ends[1]);
        close(ends[1]);
        assert_int_equal(read(ends[0], &byte, 1), 1); /* it listens now */
        close(ends[0]);
}

/* As systemd does: 1024 but for what the unit says. Its children here inherit it, which changes nothing for them. */
static void limit_descriptors(void) {
        struct rlimit limit;
        unsigned long long soft = 1024;
        char path[512], line[256];
        FILE *f;

        snprintf(path, sizeof(path), "%s/tenantd.service", env("UNITS_DIRECTORY"));
        f = fopen(path, "re");
        assert_non_null(f);
        while (fgets(line, sizeof(line), f)) {
                (void) sscanf(line, "LimitNOFILE=%llu", &soft); /* other lines: no match */
        }
        fclose(f);
        assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
        assert_true(soft <= limit.rlim_max);
        limit.rlim_cur = soft;
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

void start_agent(World *w, const char *idle_sec) {
        char root[128], plugins[512], idle[64], linger[64];
        char *argv[] = { (char *) env("TENANTD"), root, plugins, idle, linger, NULL };

        snprintf(root, sizeof(root), "--root=%s", w->root);
        snprintf(plugins, sizeof(plugins), "--plugin-dir=%s", env("PLUGIN_DIRECTORY"));
        snprintf(idle, sizeof(idle), "--idle-sec=%s", idle_sec ? idle_sec : "0");
        limit_descriptors();
        snprintf(linger, sizeof(linger), "--linger-sec=%s", w->linger_sec ? w->linger_sec : "1");
        w->agent = start(w, argv, -1);
        expect_notification(w, "READY=1");
}

void start_polkit(World *w) {
        char *argv[] = { (char *) env("FAKE_POLKIT"), NULL };

        w->polkit = start(w, argv, -1);
        expect_notification(w, "READY=1");
}

static void start_systemd(World *w) {
        char *argv[] = { (char *) env("FAKE_SYSTEMD"), w->root, NULL };

        w->systemd = start(w, argv, -1);
        expect_notification(w, "READY=1");
}

void world_make_image(void) {
        static const char digest[] =
                "sha256:0000000000000000000000000000000000000000000000000000000000000000";
        Image image = { .name = (char *) "img",
                        .digest = (char *) digest,
                        .source = (char *) "test",
                        .profile = (char *) "plain",
                        .entries = 1,
                        .created_usec = 1 };
        TenantError error = { 0 };
        int fd;

        fd = image_begin("img", &error);
        assert_true(fd >= 0);
        close(fd);
        assert_int_equal(image_commit(&image, &error), 0);
}

int world_set_up(void **state) {
        World *w = calloc(1, sizeof(*w));

        assert_non_null(w);
        world_renew_time();
        snprintf(w->dir, sizeof(w->dir), "%s/tenantd-bus-XXXXXX", world_directory);
        assert_non_null(mkdtemp(w->dir));
        assert_int_equal(chmod(w->dir, 0755), 0);
        snprintf(w->root, sizeof(w->root), "%s/root", w->dir);
        *state = w;
        paths_set_root(w->root);
        assert_int_equal(mkdir(w->root, 0755), 0);
        world_make_image();
        open_notify(w);
        start_bus(w);
        start_systemd(w);
        start_agent(w, NULL);
        return 0;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw) {
        return remove(path);
}

int world_tear_down(void **state) {
        World *w = *state;
        int status = end_process(&w->agent, SIGTERM); /* -1: the test has ended it, and judged that */

        (void) end_process(&w->systemd, SIGKILL); /* doubles, and the bus */
        (void) end_process(&w->polkit, SIGKILL);
        (void) end_process(&w->bus, SIGKILL);
        close(w->notify_fd);
        nftw(w->dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
        free(w);
        if (status > 0) { /* a sanitizer looks for leaks at the end */
                print_error("the agent ended with status %d\n", status);
        }
        return status > 0;
}

unsigned world_descriptors(World *w) {
        char path[64];
        unsigned n = 0;
        DIR *dir;

        snprintf(path, sizeof(path), "/proc/%d/fd", w->agent);
        dir = opendir(path);
        while (dir && readdir(dir)) {
                n++;
        }
        if (dir) {
                closedir(dir);
        }
        return n;
}

static uint64_t digest;

static void add_to_digest(const void *data, size_t size) {
        for (size_t i = 0; i < size; i++) {
                digest = (digest ^ ((const uint8_t *) data)[i]) * UINT64_C(1099511628211);
        }
}

static int add_entry(const char *path, const struct stat *st, int type, struct FTW *ftw) {
        if (strstr(path, "/images/.")) {
                return 0; /* an image that is being made */
        }
        add_to_digest(path, strlen(path));
        add_to_digest(&st->st_mode, sizeof(st->st_mode));
        add_to_digest(&st->st_size, sizeof(st->st_size));
        add_to_digest(&st->st_mtim, sizeof(st->st_mtim));
        return 0;
}

uint64_t world_digest(World *w) {
        digest = UINT64_C(14695981039346656037);
        nftw(w->root, add_entry, 16, FTW_PHYS);
        return digest;
}

const char *world_path(World *w, const char *path) {
        static char buf[256];

        snprintf(buf, sizeof(buf), "%s/%s", w->root, path);
        return buf;
}

bool world_has(World *w, const char *path) {
        return access(world_path(w, path), F_OK) == 0;
}

/* One that is not `other`; 0: none. Zombies are gone as far as work goes. */
static pid_t find_worker(pid_t agent, pid_t other) {
        char path[64];
        int pid = 0;
        FILE *f;

        snprintf(path, sizeof(path), "/proc/%d/task/%d/children", agent, agent);
        f = fopen(path, "re");
        if (f) {
                do {
                        pid = fscanf(f, "%d", &pid) == 1 ? pid : 0;
                } while (pid > 0 && pid == other);
                fclose(f);
        }
        return pid;
}

pid_t worker_beside(const World *w, pid_t other) {
        return find_worker(w->agent, other);
}

pid_t wait_for_worker(World *w) {
        pid_t pid;

        wait_until((pid = find_worker(w->agent, 0)) > 0);
        return pid;
}

int watch_worker(World *w) {
        int fd = (int) syscall(SYS_pidfd_open, wait_for_worker(w), 0);

        assert_true(fd >= 0);
        return fd;
}

unsigned memory_kib(pid_t pid) {
        char path[64], line[128];
        unsigned kib = 0;
        FILE *f;

        snprintf(path, sizeof(path), "/proc/%d/status", pid);
        f = fopen(path, "re");
        while (f && fgets(line, sizeof(line), f) && sscanf(line, "VmRSS: %u kB", &kib) != 1) {
        }
        if (f) {
                fclose(f);
        }
        return kib;
}

void wait_for_no_worker(pid_t agent) {
        wait_until(find_worker(agent, 0) == 0);
}
