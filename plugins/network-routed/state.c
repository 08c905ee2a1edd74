/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * state.c: see state.h. Files of a few lines in /run, root's alone; gone with the host's boot, as the links are. Refuses to
 * be the truth about tenants: that is the definition and the allocation. Owned by attach, publish, release and gc.
 */
#include "state.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/file.h>
#include <sys/stat.h>

#define RUNTIME_PATH "/run/tenantd"
/* Hidden: without the dot it could be the directory of a tenant of that name. */
#define STATE_PATH RUNTIME_PATH "/.network-routed"
#define LINE_MAX_BYTES 128

void state_done(struct state *s) {
        free(s->ports);
        s->ports = NULL;
        s->n_ports = 0;
}

static void file_close_p(FILE **f) {
        if (*f) {
                fclose(*f);
        }
}

static int open_directory(void) {
        int fd = open(STATE_PATH, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

        return fd < 0 ? -errno : fd;
}

static int lock(int fd, int how) {
        int r;

        do {
                r = flock(fd, how);
        } while (r < 0 && errno == EINTR);
        return r < 0 ? -errno : 0;
}

static int open_locked(int how) {
        int fd = open_directory();
        int r = fd < 0 ? fd : lock(fd, how);

        if (r < 0) {
                fd_close_p(&fd);
                return r;
        }
        return fd;
}

int state_open_unlocked(void) {
        return open_directory();
}

int state_open(bool exclusive) {
        return open_locked(exclusive ? LOCK_EX : LOCK_SH);
}

int state_open_or_make(bool *ret_made) {
        int fd = open_locked(LOCK_SH);

        *ret_made = false;
        if (fd != -ENOENT) {
                return fd;
        }
        if (mkdir(RUNTIME_PATH, 0711) < 0 && errno != EEXIST) {
                return -errno;
        }
        *ret_made = mkdir(STATE_PATH, 0700) == 0;
        if (!*ret_made && errno != EEXIST) {
                return -errno;
        }
        return open_locked(*ret_made ? LOCK_EX : LOCK_SH);
}

int state_lock_exclusive(int fd) {
        return lock(fd, LOCK_EX);
}

static bool read_limit(const char *line, struct state *s) {
        for (enum limit i = 0; i < LIMIT_COUNT; i++) {
                size_t length = strlen(limit_name(i));

                if (strncmp(line, limit_name(i), length) == 0 && line[length] == '=') {
                        s->limits[i] = strtoull(line + length + 1, NULL, 10);
                        return true;
                }
        }
        return false;
}

static int read_line(const char *line, struct state *s) {
        char text[ADDRESS_TEXT], protocol[4];
        struct tenant_port port, *ports;
        struct in_addr address;

        if (sscanf(line, "name=%63s", s->name) == 1) {
                return 0;
        }
        if (sscanf(line, "address=%15s", text) == 1) {
                if (inet_pton(AF_INET, text, &address) != 1) {
                        return -EBADMSG;
                }
                s->address = ntohl(address.s_addr);
                return 0;
        }
        if (read_limit(line, s)) {
                return 0;
        }
        if (sscanf(line, "port=%3[a-z]:%5hu:%5hu", protocol, &port.host_port, &port.tenant_port) != 3 ||
            s->n_ports >= PORTS_MAX) {
                return -EBADMSG;
        }
        ports = reallocarray(s->ports, s->n_ports + 1, sizeof(*ports));
        if (!ports) {
                return -ENOMEM;
        }
        port.protocol = strcmp(protocol, "udp") == 0 ? IPPROTO_UDP : IPPROTO_TCP;
        s->ports = ports;
        s->ports[s->n_ports++] = port;
        return 0;
}

int state_read(int fd, uint32_t index, struct state *ret) {
        _cleanup_(file_close_p) FILE *f = NULL;
        char name[IFNAMSIZ], line[LINE_MAX_BYTES];
        struct state s = { .index = index };
        int file, r = 0;

        interface_name(index, name);
        file = openat(fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        f = file < 0 ? NULL : fdopen(file, "re");
        if (!f) {
                r = -errno;
                fd_close_p(&file);
                return r;
        }
        while (r == 0 && fgets(line, sizeof(line), f)) {
                r = read_line(line, &s);
        }
        if (r == 0 && s.address == 0) {
                r = -EBADMSG;
        }
        if (r < 0) {
                state_done(&s);
                return r;
        }
        *ret = s;
        return 0;
}

static int format(const struct state *s, char **ret_text, size_t *ret_size) {
        FILE *f = open_memstream(ret_text, ret_size);
        char address[ADDRESS_TEXT];
        bool failed;

        if (!f) {
                return -ENOMEM;
        }
        address_text(s->address, address);
        fprintf(f, "name=%s\naddress=%s\n", s->name, address);
        for (enum limit i = 0; i < LIMIT_COUNT; i++) {
                if (s->limits[i] > 0) {
                        fprintf(f, "%s=%" PRIu64 "\n", limit_name(i), s->limits[i]);
                }
        }
        for (size_t i = 0; i < s->n_ports; i++) {
                fprintf(f, "port=%s:%u:%u\n", protocol_name(s->ports[i].protocol), s->ports[i].host_port,
                        s->ports[i].tenant_port);
        }
        failed = ferror(f) != 0;
        return fclose(f) != 0 || failed ? -ENOMEM : 0;
}

static int write_file(int fd, const char *name, const char *text, size_t size) {
        _cleanup_close_ int file =
                openat(fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
        ssize_t n;

        if (file < 0) {
                return -errno;
        }
        n = write(file, text, size);
        return n < 0 ? -errno : (size_t) n == size ? 0 : -ENOSPC;
}

int state_write(int fd, const struct state *s) {
        _cleanup_free_ char *text = NULL;
        char name[IFNAMSIZ], temporary[IFNAMSIZ + 1];
        size_t size;
        int r = format(s, &text, &size);

        if (r < 0) {
                return r;
        }
        interface_name(s->index, name);
        snprintf(temporary, sizeof(temporary), ".%s", name);
        r = write_file(fd, temporary, text, size);
        if (r == 0 && renameat(fd, temporary, fd, name) < 0) {
                r = -errno;
        }
        if (r < 0) {
                (void) unlinkat(fd, temporary, 0); /* the write's error is the one to tell */
        }
        return r;
}

int state_remove(int fd, uint32_t index) {
        char name[IFNAMSIZ];

        interface_name(index, name);
        return unlinkat(fd, name, 0) < 0 && errno != ENOENT ? -errno : 0;
}

int state_each(int fd, int (*callback)(int fd, uint32_t index, void *userdata), void *userdata) {
        _cleanup_closedir_ DIR *d = NULL;
        int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct dirent *entry;

        d = copy < 0 ? NULL : fdopendir(copy);
        if (!d) {
                int r = -errno;

                fd_close_p(&copy);
                return r;
        }
        for (errno = 0; (entry = readdir(d)); errno = 0) {
                unsigned index;
                char end;
                int r;

                if (sscanf(entry->d_name, "tn%8u%c", &index, &end) != 1) {
                        continue;
                }
                r = callback(fd, index, userdata);
                if (r < 0) {
                        return r;
                }
        }
        return -errno;
}
