/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * composer.c: a start, as a list of steps. A fork of the runner that loads the plugins, asks each for its part, clones the
 * tenant's init as the runner's child, and ends when init was exec'ed. It executes no program of the host's and talks to no bus. It undoes
 * nothing: what a step is about to do is in the run journal first, and the release undoes from there, whoever died.
 */
#include "child.h"
#include "control.h"
#include "docker-layout.h"
#include "fd.h"
#include "idmap.h"
#include "image.h"
#include "io.h"
#include "journal.h"
#include "log.h"
#include "mounts.h"
#include "paths.h"
#include "shim.h"
#include "usermap.h"
#include <fcntl.h>
#include <linux/sched.h>
#include <linux/securebits.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>

typedef struct Composer {
        const RunOptions *options;
        pid_t runner;
        int runtime_fd, control_fd, journal_fd;
        Definition *definition;
        Allocation *allocation;
        struct tenant_host host;
        Backends *backends;
        enum tenant_kind acting; /* whose remember() it is */
        struct tenant_namespace_plan plan;
        SeccompFilter seccomp;
        Guest guest;
        int volume_fd, image_fd, dev_fd, payload_fd, shim_fd, child_fd;
        pid_t init, killed; /* killed: to be reaped */
} Composer;

void fault_point(const RunOptions *options, const char *step) {
        const size_t length = strlen(step);

        if (!options->fault || strncmp(options->fault, step, length) != 0) {
                return;
        }
        if (options->fault[length] == '\0') {
                raise(SIGKILL);
                _exit(EXIT_FAILURE); /* the child is pid 1 of its namespace, which cannot kill itself */
        }
        while (strcmp(options->fault + length, ":wait") == 0) {
                (void) pause(); /* until a signal ends us */
        }
}

static int remember(void *userdata, const char *key, const char *value) {
        Composer *c = userdata;
        int r = journal_fact(c->journal_fd, c->acting, key, value);

        return r < 0 ? r : backend_add_fact(&c->backends->kind[c->acting], key, value);
}

static int journal(Composer *c, enum tenant_kind kind, TenantError *error) {
        int r = release_owed(&c->backends->kind[kind], kind) ? journal_step(c->journal_fd, kind) : 0;

        c->acting = kind;
        return r < 0 ? error_set_errno(error, r, E_FAILED, "Cannot write the run journal in %s",
                                       path_get(PATH_RUNTIME))
                     : 0;
}

static int step_journal(Composer *c, TenantError *error) {
        int r;

        c->journal_fd = journal_begin(c->runtime_fd);
        if (c->journal_fd == -EEXIST) { /* an earlier release failed, or was killed */
                r = release_undo(c->options->name, c->runtime_fd, error);
                if (r < 0) {
                        return r;
                }
                c->journal_fd = journal_begin(c->runtime_fd);
        }
        return c->journal_fd < 0 ? error_set_errno(error, c->journal_fd, E_FAILED,
                                                   "Cannot begin the run journal in %s/%s",
                                                   path_get(PATH_RUNTIME), c->options->name)
                                 : 0;
}

static int step_definition(Composer *c, TenantError *error) {
        int r = definition_load(c->options->name, &c->definition, error);

        return r < 0 ? r : allocation_load(c->options->name, &c->allocation, error);
}

static int step_backends(Composer *c, TenantError *error) {
        /* The network's comes beside the child's mounts. */
        int r = backends_load(c->definition, c->allocation, &c->host,
                              KINDS_ALL & ~KIND_BIT(TENANT_KIND_NETWORK), &c->backends, error);

        return r < 0 ? r : seccomp_read(c->definition->packet_sockets, &c->seccomp, error);
}

static int step_guest(Composer *c, TenantError *error) {
        c->shim_fd = shim_open();
        if (c->shim_fd < 0) {
                return error_set_errno(error, c->shim_fd, E_FAILED, "Cannot make a program in memory");
        }
        return guest_collect(c->definition, c->allocation, &c->guest, error);
}

static int step_storage(Composer *c, TenantError *error) {
        Backend *b = &c->backends->kind[TENANT_KIND_STORAGE];
        _cleanup_close_ int store = path_open(PATH_STORAGE);
        int r;

        if (store < 0) {
                return error_set_errno(error, store, E_FAILED, "Cannot open %s", path_get(PATH_STORAGE));
        }
        r = journal(c, TENANT_KIND_STORAGE, error);
        if (r < 0) {
                return r;
        }
        r = b->plugin->ops.storage.attach(&b->context, store, &c->volume_fd, error);
        return plugin_result(b->plugin, "attach", r, error);
}

static int step_image(Composer *c, TenantError *error) {
        const IdRange ids = c->allocation->ids;
        const uint32_t count = ids.count < IMAGE_ID_COUNT ? ids.count : IMAGE_ID_COUNT;
        _cleanup_close_ int root = image_open_root(c->definition->image, error);

        if (root < 0) {
                return root;
        }
        c->image_fd = idmap_mount(root, IMAGE_ID_BASE, ids.base, count, &c->killed, error);
        return c->image_fd < 0 ? c->image_fd : 0;
}

static int step_dev(Composer *c, TenantError *error) {
        c->dev_fd = mounts_dev_create(c->allocation->ids.base, c->definition->fuse, error);
        return c->dev_fd < 0 ? c->dev_fd : 0;
}

static int step_namespace(Composer *c, TenantError *error) {
        const Backend *b = &c->backends->kind[TENANT_KIND_NAMESPACE];

        c->plan = (struct tenant_namespace_plan){ .struct_size = sizeof(c->plan) };
        return plugin_result(b->plugin, "describe",
                             b->plugin->ops.namespace.describe(&b->context, &c->plan, error), error);
}

/* By systemd's own mark: of a cgroup without it, it takes away from below what it did not put there, the limits of tenants too. */
static bool is_delegated(int fd) {
        static const char *const names[] = { "user.delegate",
                                             "trusted.delegate" }; /* systemd 251; before that */

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                char value;

                if (fgetxattr(fd, names[i], &value, 1) == 1 && value == '1') {
                        return true;
                }
        }
        return false;
}

static int unit_open(const char *name, TenantError *error) {
        _cleanup_close_ int fd = -1;
        char path[300];

        snprintf(path, sizeof(path), "/sys/fs/cgroup/tenant.slice/tenant@%s.service", name);
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0) {
                return error_set_errno(
                        error, errno, E_HOST_NOT_READY,
                        "No cgroup %s (unified hierarchy?): start tenants with "
                        "\"systemctl start tenant@%s\" and leave Slice= of the unit as it is, "
                        "see systemctl cat tenant@%s",
                        path, name, name);
        }
        return is_delegated(fd) ? TAKE_FD(fd)
                                : error_set(error, EPERM, E_HOST_NOT_READY,
                                            "The cgroup of tenant@%s.service is not delegated: leave "
                                            "Delegate=yes of the unit as it is, see systemctl cat tenant@%s",
                                            name, name);
}

static int step_cgroup(Composer *c, TenantError *error) {
        const Backend *b = &c->backends->kind[TENANT_KIND_CGROUP];
        _cleanup_close_ int unit = unit_open(c->options->name, error);
        int r;

        if (unit < 0) {
                return unit;
        }
        r = journal(c, TENANT_KIND_CGROUP, error);
        if (r < 0) {
                return r;
        }
        r = b->plugin->ops.cgroup.prepare(&b->context, unit, c->runner, &c->payload_fd, error);
        return plugin_result(b->plugin, "prepare", r, error);
}

static int end_with_runner(pid_t runner) {
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) {
                return -errno;
        }
        return getppid() == runner ? 0 : -ESRCH;
}

/*
 * The effective uid of the creator is what inotify, namespace and pending-signal counts are charged to; without the securebit
 * the change would cost the capabilities that CLONE_INTO_CGROUP asks for.
 */
static int as_creator(uid_t uid) {
        if (prctl(PR_SET_SECUREBITS, uid == 0 ? 0 : SECBIT_NO_SETUID_FIXUP) < 0 && uid != 0) {
                return -errno;
        }
        return syscall(SYS_setresuid, -1, uid, -1) < 0 ? -errno : 0;
}

static int step_clone(Composer *c, TenantError *error) {
        int pair[2], r;
        struct clone_args args = {
                .flags = c->plan.clone_flags | CLONE_PARENT | CLONE_INTO_CGROUP,
                .cgroup = (uint64_t) c->payload_fd,
        };
        ChildPlan plan = {
                .options = c->options,
                .control_fd = c->control_fd,
                .volume_fd = c->volume_fd,
                .image_fd = c->image_fd,
                .dev_fd = c->dev_fd,
                .shim_fd = c->shim_fd,
                .guest = &c->guest,
                .seccomp = &c->seccomp,
        };
        long pid;

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
                return error_set_errno(error, errno, E_FAILED, "Cannot make a socket pair");
        }
        c->child_fd = pair[0];
        plan.composer_fd = pair[1];
        r = as_creator(c->plan.creator_uid);
        if (r < 0) {
                return error_set_errno(error, r, E_FAILED, "Cannot take the tenant's uid");
        }
        pid = syscall(SYS_clone3, &args, sizeof(args));
        if (pid == 0) {
                (void) fd_close(pair[0]);
                child_run(&plan);
        }
        r = pid < 0 ? -errno : 0;
        (void) fd_close(pair[1]);
        c->init = (pid_t) pid;
        if (as_creator(0) < 0) {
                return error_set_errno(error, errno, E_FAILED, "Cannot take back uid 0");
        }
        if (end_with_runner(c->runner) < 0) { /* the kernel forgets it when the uid changes */
                return error_set(error, EPIPE, E_FAILED, "The runner is gone");
        }
        return r < 0 ? error_set_errno(error, r, E_HOST_NOT_READY,
                                       "Cannot make the tenant's namespaces (see user.max_*_namespaces, and "
                                       "cgroup v2 "
                                       "delegation)")
                     : 0;
}

static int step_maps(Composer *c, TenantError *error) {
        const uid_t owner = c->allocation->ids.base;
        ControlMessage born = { .type = CONTROL_INIT, .pid = c->init };
        int r;

        r = control_send(c->control_fd, &born, -1);
        if (r >= 0 && fchownat(c->runtime_fd, "notify", owner, owner, AT_SYMLINK_NOFOLLOW) < 0) {
                r = -errno;
        }
        if (r >= 0) {
                r = usermap_write(c->init, &c->plan);
        }
        if (r >= 0 && send(c->child_fd, "m", 1, MSG_NOSIGNAL) < 0) {
                r = -errno;
        }
        return r < 0 ? error_set_errno(error, r, E_FAILED, "Cannot write the tenant's id maps") : 0;
}

/*
 * 1: the child said why it failed, in *error; 0: it closed its socket (init was exec'ed) or, with MSG_DONTWAIT, said nothing. Of a child
 * that ended before it read our last word the kernel says so first, once (ECONNRESET), and only then what the child had said.
 */
static int child_failed(const Composer *c, int flags, TenantError *error) {
        TenantError said;
        ssize_t n;

        do {
                n = recv(c->child_fd, &said, sizeof(said), flags);
        } while (n < 0 && (errno == ECONNRESET || errno == EINTR));
        if (n == (ssize_t) sizeof(said)) {
                *error = said;
                error->name[sizeof(error->name) - 1] = '\0';
                error->message[sizeof(error->message) - 1] = '\0';
        }
        return n == (ssize_t) sizeof(said);
}

/* Without an address nobody could ever hear that Docker is ready. */
static int docker_address(const Composer *c, struct in_addr *ret, TenantError *error) {
        const Backend *b = &c->backends->kind[TENANT_KIND_NETWORK];
        int r = b->plugin->ops.network.address ? b->plugin->ops.network.address(&b->context, ret, error)
                                               : -ENODATA;

        return r == -ENODATA ? error_set(error, -ENOTSUP, E_NOT_SUPPORTED,
                                         "[Docker] Ready=docker needs a network with an address, which "
                                         "backend %s does not give; write Ready=no",
                                         b->label)
                             : plugin_result(b->plugin, "address", r, error);
}

/* Before init is there: it cannot be ready too early. */
static int announce_docker(const Composer *c, TenantError *error) {
        ControlMessage docker = {
                .type = CONTROL_DOCKER,
                .ready_docker = { .sin_family = AF_INET, .sin_port = htons(DOCKER_TLS_PORT) },
        };
        int r;

        if (!c->definition->docker_enabled || c->definition->ready != READY_DOCKER) {
                return 0;
        }
        r = docker_address(c, &docker.ready_docker.sin_addr, error);
        if (r < 0) {
                return r;
        }
        r = control_send(c->control_fd, &docker, -1);
        return r < 0 ? error_set_errno(error, r, E_FAILED, "Cannot say where Docker will be") : 0;
}

static int attach_network(Composer *c, TenantError *error) {
        const Backend *b = &c->backends->kind[TENANT_KIND_NETWORK];
        DefinitionPorts ports;
        _cleanup_close_ int netns = -1;
        char path[64];
        int r = backends_load_more(c->backends, c->definition, c->allocation, &c->host,
                                   KIND_BIT(TENANT_KIND_NETWORK), error);

        r = r < 0 ? r : journal(c, TENANT_KIND_NETWORK, error);
        if (r < 0) {
                return r;
        }
        snprintf(path, sizeof(path), "/proc/%d/ns/net", c->init);
        netns = open(path, O_RDONLY | O_CLOEXEC);
        if (netns < 0) {
                return error_set_errno(error, errno, E_FAILED, "Cannot open the tenant's network namespace");
        }
        definition_ports(c->definition, c->definition->docker_enabled ? c->allocation->docker_port : 0,
                         &ports);
        r = b->plugin->ops.network.attach(&b->context, netns, ports.list, ports.n, error);
        r = plugin_result(b->plugin, "attach", r, error);
        return r < 0 ? r : announce_docker(c, error);
}

/* Runs beside the child's mounts. */
static int step_network(Composer *c, TenantError *error) {
        int r = attach_network(c, error);

        if (r < 0) {
                (void) child_failed(c, MSG_DONTWAIT, error); /* then that is the cause */
                return r;
        }
        /* A child that failed meanwhile does not hear it; the next step hears why. */
        (void) !send(c->child_fd, "n", 1, MSG_NOSIGNAL);
        return 0;
}

static int write_init_file(Composer *c) {
        _cleanup_close_ int fd =
                open_beneath(c->runtime_fd, "init", O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK, 0600);
        char text[16];

        if (fd < 0) {
                return fd;
        }
        snprintf(text, sizeof(text), "%d", c->init);
        return fd_write_all(fd, text, strlen(text));
}

static int step_exec(Composer *c, TenantError *error) {
        bool failed = child_failed(c, 0, error);
        int r;

        if (c->killed > 0) {
                (void) waitpid(c->killed, NULL, 0);
        }
        if (failed) {
                return error->code;
        }
        /* Who finds the pid there enters: not before the host's root is out of sight, and our descriptors with the program. */
        r = write_init_file(c);
        return r < 0 ? error_set_errno(error, r, E_FAILED, "Cannot write %s/%s/init", path_get(PATH_RUNTIME),
                                       c->options->name)
                     : 0;
}

/* The cgroup comes before what forks: a child that was killed but is not dead yet would be in the unit's own, which has to
 * be empty. */
static const struct {
        const char *name;
        int (*run)(Composer *c, TenantError *error);
} steps[] = {
        { "journal", step_journal },     { "definition", step_definition },
        { "backends", step_backends },   { "guest", step_guest },
        { "storage", step_storage },     { "cgroup", step_cgroup },
        { "image", step_image },         { "dev", step_dev },
        { "namespace", step_namespace }, { "clone", step_clone },
        { "maps", step_maps },           { "network", step_network },
        { "exec", step_exec },
};

static void host_log(void *userdata, int level, const char *message) {
        log_line(level, "%s", message);
}

static bool host_cancelled(void *userdata) {
        return false; /* a start is stopped by killing the composer */
}

static void host_progress(void *userdata, double fraction, const char *stage) {
}

int composer_run(const RunOptions *options, pid_t runner, int runtime_fd, int control_fd) {
        Composer c = {
                .options = options,
                .runner = runner,
                .runtime_fd = runtime_fd,
                .control_fd = control_fd,
                .journal_fd = -1,
                .volume_fd = -1,
                .image_fd = -1,
                .dev_fd = -1,
                .payload_fd = -1,
                .shim_fd = -1,
                .child_fd = -1,
        };
        ControlMessage message = { .type = CONTROL_FAILED };

        /* Nobody would be the parent of init, and the cgroup step would move whoever inherited us. */
        if (end_with_runner(runner) < 0) {
                return EXIT_FAILURE;
        }
        c.host = (struct tenant_host){
                .struct_size = sizeof(c.host),
                .userdata = &c,
                .log = host_log,
                .cancelled = host_cancelled,
                .remember = remember,
                .progress = host_progress,
        };
        for (size_t i = 0; i < ELEMENTSOF(steps); i++) {
                fault_point(options, steps[i].name);
                if (steps[i].run(&c, &message.error) < 0) {
                        /* When the runner is gone nobody hears it, and systemd cleans up. */
                        (void) !control_send(control_fd, &message, -1);
                        return EXIT_FAILURE;
                }
        }
        /* No destructors: the process ends now, and closing is the kernel's. */
        return EXIT_SUCCESS;
}
