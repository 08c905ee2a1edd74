/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * guest.c: see guest.h. The image stays as it is: Docker's TLS endpoint comes by a drop-in in the tenant's /run, so that any
 * image with dockerd and docker.service works. Nothing here is trusted by the host later.
 */
#include "guest.h"
#include "docker-layout.h"
#include "fd.h"
#include "io.h"
#include "mounts.h"
#include "name.h"
#include "paths.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>

#define PEM_MAX (64 * 1024)

void guest_done(Guest *g) {
        free(g->docker_ca);
        free(g->docker_cert);
        if (g->docker_key) {
                explicit_bzero(g->docker_key, strlen(g->docker_key));
        }
        free(g->docker_key);
        free(g->resolv_conf);
        *g = (Guest){ 0 };
}

static int read_certificates(const char *name, Guest *g, TenantError *error) {
        _cleanup_close_ int tenants = path_open(PATH_TENANTS), pki = -1;
        char path[TENANT_NAME_MAX + 8];
        int r;

        snprintf(path, sizeof(path), "%s/pki", name);
        pki = tenants < 0 ? tenants : open_beneath(tenants, path, O_PATH | O_DIRECTORY, 0);
        r = pki < 0 ? pki : file_read(pki, "ca.crt", PEM_MAX, &g->docker_ca, NULL);
        if (r >= 0) {
                r = file_read(pki, "server.crt", PEM_MAX, &g->docker_cert, NULL);
        }
        if (r >= 0) {
                r = file_read(pki, "server.key", PEM_MAX, &g->docker_key, NULL);
        }
        if (r < 0) {
                return error_set_errno(
                        error, r, E_HOST_NOT_READY,
                        "Cannot read the certificates of tenant '%s'; make new ones with: tenantctl "
                        "docker-rotate %s",
                        name, name);
        }
        return 0;
}

/* The host's servers, but for those that only the host itself can reach. */
static char *host_resolv_conf(void) {
        _cleanup_free_ char *text = NULL, *result = NULL;
        char *save = NULL;
        size_t size = 0;

        if (file_read(AT_FDCWD, "/etc/resolv.conf", 64 * 1024, &text, NULL) < 0) {
                return NULL;
        }
        result = malloc(strlen(text) + 2);
        if (!result) {
                return NULL;
        }
        for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
                if (strncmp(line, "nameserver 127.", 15) != 0 && strncmp(line, "nameserver ::1", 14) != 0) {
                        size += (size_t) sprintf(result + size, "%s\n", line);
                }
        }
        return memmem(result, size, "nameserver ", 11) ? TAKE_PTR(result) : NULL;
}

static char *own_resolv_conf(const Definition *d) {
        char *text = malloc(d->n_dns * 32 + 1);
        size_t size = 0;

        for (size_t i = 0; text && i < d->n_dns; i++) {
                char address[INET_ADDRSTRLEN];

                inet_ntop(AF_INET, &d->dns[i], address, sizeof(address));
                size += (size_t) sprintf(text + size, "nameserver %s\n", address);
        }
        return text;
}

int guest_collect(const Definition *d, const Allocation *a, Guest *ret, TenantError *error) {
        *ret = (Guest){ .name = d->name, .uuid = a->uuid, .docker = d->docker_enabled };
        ret->resolv_conf = d->n_dns > 0 ? own_resolv_conf(d) : host_resolv_conf();
        return d->docker_enabled ? read_certificates(d->name, ret, error) : 0;
}

/* Directory below root, made with its parents, which are all on a fresh tmpfs. */
static int directory(int root_fd, const char *path) {
        _cleanup_free_ char *copy = strdup(path);
        int fd = -1;

        if (!copy) {
                return -ENOMEM;
        }
        for (char *p = copy;; p++) {
                if (*p == '/' || *p == '\0') {
                        const char saved = *p;

                        *p = '\0';
                        fd = fd_close(fd);
                        fd = mkdir_open_beneath(root_fd, copy, 0755);
                        *p = saved;
                        if (fd < 0 || saved == '\0') {
                                return fd;
                        }
                }
        }
}

/* Not blocked by a FIFO that an image has in the place of a file. */
static int write_new(int dir_fd, const char *name, mode_t mode, const char *text) {
        _cleanup_close_ int fd =
                open_beneath(dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK | O_NOCTTY, mode);

        return fd < 0 ? fd : fd_write_all(fd, text, strlen(text));
}

static int write_interface(const Guest *g, int root_fd) {
        _cleanup_close_ int host = directory(root_fd, "run/host");
        int r;

        if (host < 0) {
                return host;
        }
        r = write_new(host, "container-manager", 0444, "tenantd\n");
        return r < 0 ? r : write_new(host, "container-uuid", 0444, g->uuid);
}

/*
 * The TLS port and the certificates come in one command line, so that whoever overrides it inside loses the port too: there is
 * no setting in which 2376 answers without asking for a certificate. Ours stand last, where they win over $DOCKER_OPTS. (dockerd
 * ignores DOCKER_TLS_VERIFY for its own listeners unless an option is given as well, seen with 20.10.)
 */
static int write_docker_dropin(int root_fd) {
        static const char *const programs[] = { "usr/sbin/dockerd", "usr/bin/dockerd",
                                                "usr/local/bin/dockerd" };
        _cleanup_close_ int service = directory(root_fd, "run/systemd/system/docker.service.d");
        char text[512];

        if (service < 0) {
                return service;
        }
        for (size_t i = 0; i < ELEMENTSOF(programs); i++) {
                _cleanup_close_ int program = open_beneath(root_fd, programs[i], O_PATH, 0);

                if (program >= 0) {
                        snprintf(text, sizeof(text),
                                 "[Service]\nExecStart=\n"
                                 "ExecStart=/%s -H fd:// -H tcp://0.0.0.0:%u "
                                 "--containerd=/run/containerd/containerd.sock $DOCKER_OPTS "
                                 "--tlsverify --tlscacert=/" DOCKER_DIRECTORY "/" DOCKER_CA
                                 " --tlscert=/" DOCKER_DIRECTORY "/" DOCKER_CERT
                                 " --tlskey=/" DOCKER_DIRECTORY "/" DOCKER_KEY "\n",
                                 programs[i], DOCKER_TLS_PORT);
                        return write_new(service, "50-tenantd.conf", 0644, text);
                }
        }
        return 0; /* no Docker in the image (yet): nothing listens */
}

/*
 * Units that a tenant's systemd would try, because it has every capability in its own user namespace, and that must fail: they
 * concern the kernel. What the tenant's own /etc says still wins.
 */
static int mask_units(int root_fd) {
        static const char *const units[] = { "modprobe@.service", "sys-kernel-debug.mount",
                                             "sys-kernel-tracing.mount", "sys-kernel-config.mount" };
        _cleanup_close_ int system = directory(root_fd, "run/systemd/system");

        if (system < 0) {
                return system;
        }
        for (size_t i = 0; i < ELEMENTSOF(units); i++) {
                if (symlinkat("/dev/null", system, units[i]) < 0) {
                        return -errno;
                }
        }
        return 0;
}

static int write_certificates(const Guest *g, int root_fd) {
        _cleanup_close_ int tmpfs = fsopen("tmpfs", FSOPEN_CLOEXEC), mount = -1, place = -1;
        struct mount_attr readonly = { .attr_set = MOUNT_ATTR_RDONLY };
        int r;

        if (tmpfs < 0 || fsconfig(tmpfs, FSCONFIG_SET_STRING, "mode", "700", 0) < 0 ||
            fsconfig(tmpfs, FSCONFIG_SET_STRING, "size", "1m", 0) < 0 ||
            fsconfig(tmpfs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0) {
                return -errno;
        }
        mount = fsmount(tmpfs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
        if (mount < 0) {
                return -errno;
        }
        r = write_new(mount, DOCKER_CA, DOCKER_PUBLIC_MODE, g->docker_ca);
        if (r >= 0) {
                r = write_new(mount, DOCKER_CERT, DOCKER_PUBLIC_MODE, g->docker_cert);
        }
        if (r >= 0) {
                r = write_new(mount, DOCKER_KEY, DOCKER_KEY_MODE, g->docker_key);
        }
        if (r < 0) {
                return r;
        }
        if (mount_setattr(mount, "", AT_EMPTY_PATH, &readonly, sizeof(readonly)) < 0) {
                return -errno;
        }
        place = directory(root_fd, DOCKER_DIRECTORY);
        if (place < 0) {
                return place;
        }
        return move_mount(mount, "", place, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0
                       ? -errno
                       : 0;
}

/* Over a plain file only: a tenant that manages DNS itself has a link or nothing there, and keeps it. */
static int place_resolv_conf(const Guest *g, int root_fd, TenantError *error) {
        _cleanup_close_ int target = open_beneath(root_fd, "etc/resolv.conf", O_PATH, 0), file = -1,
                            source = -1;
        struct stat st;
        int r;

        if (target < 0 || fstat(target, &st) < 0 || !S_ISREG(st.st_mode)) {
                return 0;
        }
        r = write_new(root_fd, "run/host/resolv.conf", 0644, g->resolv_conf);
        if (r < 0) {
                return error_set_errno(error, r, E_FAILED,
                                       "Cannot write /run/host/resolv.conf in the tenant");
        }
        file = open_beneath(root_fd, "run/host/resolv.conf", O_PATH, 0);
        source = file < 0 ? file : open_tree(file, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
        if (source < 0) {
                return error_set_errno(error, file < 0 ? file : errno, E_FAILED,
                                       "Cannot clone /run/host/resolv.conf in the tenant");
        }
        return mounts_place(source, root_fd, "etc/resolv.conf", error);
}

int guest_write(const Guest *g, int root_fd, TenantError *error) {
        int r = write_interface(g, root_fd);

        if (r >= 0) {
                r = mask_units(root_fd);
        }
        if (r >= 0 && g->docker) {
                r = write_docker_dropin(root_fd);
        }
        if (r >= 0 && g->docker) {
                r = write_certificates(g, root_fd);
        }
        if (r < 0) {
                return error_set_errno(error, r, E_FAILED, "Cannot write below /run of the tenant");
        }
        return g->resolv_conf ? place_resolv_conf(g, root_fd, error) : 0;
}

/* A link there is the image's own way to keep the file elsewhere. */
static int write_first(int etc_fd, const char *name, mode_t mode, const char *text, TenantError *error) {
        int r = write_new(etc_fd, name, mode, text);

        return r < 0 && r != -ELOOP
                       ? error_set_errno(error, r, E_FAILED,
                                         "Cannot write /etc/%s of the tenant (not a plain file?); remove it "
                                         "in the volume's upper layer",
                                         name)
                       : 0;
}

/*
 * hostname is the last to be written, and a first start that was cut short there, by a signal or for want of room, leaves it empty. (To
 * remove it then would leave overlayfs's mark that it was removed.)
 */
static bool is_first_start(int volume_fd) {
        _cleanup_close_ int hostname = open_beneath(volume_fd, "upper/etc/hostname", O_PATH, 0);
        struct stat st;

        return hostname < 0 ? hostname == -ENOENT
                            : fstat(hostname, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 0;
}

int guest_first_start(const Guest *g, int volume_fd, int root_fd, TenantError *error) {
        _cleanup_close_ int etc = -1;
        char machine_id[34], *p = machine_id;
        int r;

        if (!is_first_start(volume_fd)) {
                return 0;
        }
        etc = open_beneath(root_fd, "etc", O_PATH | O_DIRECTORY, 0);
        if (etc < 0) {
                return error_set_errno(error, etc, E_BAD_IMAGE, "Cannot open /etc of the tenant");
        }
        for (const char *u = g->uuid; *u; u++) {
                if (*u != '-') {
                        *p++ = *u;
                }
        }
        strcpy(p, "\n");
        r = write_first(etc, "machine-id", 0444, machine_id, error);
        return r < 0 ? r : write_first(etc, "hostname", 0644, g->name, error);
}
