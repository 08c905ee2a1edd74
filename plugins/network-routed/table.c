/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * table.c: see table.h. The one place of this backend that runs a program: nft, for the first tenant after boot and after an
 * administrator flushed the ruleset; never otherwise. Refuses to build rules itself: tenantd.nft is what an administrator can
 * read. Owned by attach, publish and gc.
 */
#include "table.h"
#include "filter.h"
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#define WORDS_MAX 400

static void attributes_done(posix_spawnattr_t *a) {
        posix_spawnattr_destroy(a);
}

static void actions_done(posix_spawn_file_actions_t *a) {
        posix_spawn_file_actions_destroy(a);
}

/* No signal of ours is blocked or ignored in it; nothing of our environment is seen by it. */
static int spawn_nft(int words_fd, pid_t *ret_pid) {
        static const char *const arguments[] = { NFT_PATH, "-f", TENANTD_NFT_FILE, NULL };
        static const char *const environment[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", NULL };
        _cleanup_(actions_done) posix_spawn_file_actions_t actions;
        _cleanup_(attributes_done) posix_spawnattr_t attributes;
        sigset_t none, all;
        int r;

        sigemptyset(&none);
        sigfillset(&all);
        r = posix_spawn_file_actions_init(&actions);
        r = r ?: posix_spawnattr_init(&attributes);
        r = r ?: posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
        r = r ?: posix_spawnattr_setsigmask(&attributes, &none);
        r = r ?: posix_spawnattr_setsigdefault(&attributes, &all);
        r = r ?: posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        r = r ?: posix_spawn_file_actions_adddup2(&actions, words_fd, STDOUT_FILENO);
        r = r ?: posix_spawn_file_actions_adddup2(&actions, words_fd, STDERR_FILENO);
        r = r
                    ?: posix_spawn(ret_pid, NFT_PATH, &actions, &attributes, (char *const *) arguments,
                                   (char *const *) environment);
        return -r;
}

/* What it said, up to WORDS_MAX - 1 bytes, on one line; reads to the end so that it never blocks on us. */
static void read_words(int fd, char ret_words[static WORDS_MAX]) {
        char rest[256];
        size_t used = 0;
        ssize_t n;

        do {
                n = used < WORDS_MAX - 1 ? read(fd, ret_words + used, WORDS_MAX - 1 - used)
                                         : read(fd, rest, sizeof(rest));
                if (n > 0 && used < WORDS_MAX - 1) {
                        used += (size_t) n;
                }
        } while (n > 0 || (n < 0 && errno == EINTR));
        ret_words[used] = '\0';
        for (size_t i = 0; i < used; i++) {
                if (ret_words[i] < ' ') {
                        ret_words[i] = ' ';
                }
        }
}

static int wait_for(pid_t pid) {
        int status;
        pid_t r;

        do {
                r = waitpid(pid, &status, 0);
        } while (r < 0 && errno == EINTR);
        if (r < 0) {
                return errno == ECHILD ? 0 : -errno; /* reaped by SIGCHLD's default: the retry will tell */
        }
        return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EIO;
}

static int load_table(struct tenant_error *error) {
        _cleanup_close_ int ours = -1, theirs = -1;
        char words[WORDS_MAX];
        int fds[2], r;
        pid_t pid;

        if (pipe2(fds, O_CLOEXEC) < 0) {
                return tenant_error_set(error, -errno, "Failed", "No pipe for nft: %s", strerror(errno));
        }
        ours = fds[0];
        theirs = fds[1];
        r = spawn_nft(theirs, &pid);
        if (r < 0) {
                return tenant_error_set(error, r, "HostNotReady",
                                        "Cannot run %s (%s): install the package nftables", NFT_PATH,
                                        strerror(-r));
        }
        close(theirs);
        theirs = -1;
        read_words(ours, words);
        r = wait_for(pid);
        return r < 0 ? tenant_error_set(
                               error, r, "HostNotReady",
                               "nft refused %s (if the table is an older version's, `nft delete table inet "
                               "tenantd` and start again): %s",
                               TENANTD_NFT_FILE, words)
                     : 0;
}

struct restore {
        const struct state *instead;
        const struct tenant_host *host;
};

static int restore_elements(const struct state *s) {
        _cleanup_(filter_done) struct filter f;

        filter_begin(&f, s->name);
        filter_source(&f, FILTER_ADD, s->index, s->address);
        filter_limits(&f, FILTER_ADD, s->index, s->limits);
        for (size_t i = 0; i < s->n_ports; i++) {
                filter_port(&f, FILTER_ADD, &s->ports[i], s->address);
        }
        return filter_commit(&f, NULL);
}

static int restore_tenant(int fd, uint32_t index, void *userdata) {
        const struct restore *restore = userdata;
        const struct tenant_host *host = restore->host;
        _cleanup_(state_done) struct state s = {};
        char text[160];
        int r;

        if (restore->instead && restore->instead->index == index) {
                r = restore->instead->address ? restore_elements(restore->instead) : 0;
        } else {
                r = state_read(fd, index, &s);
                r = r < 0 ? r : restore_elements(&s);
        }
        if (r < 0 && host && host->log) {
                snprintf(text, sizeof(text), "Filters of tn%u could not be put back, ignoring: %s", index,
                         strerror(-r));
                host->log(host->userdata, 4, text);
        }
        return 0; /* one tenant's bad state is no reason to leave the others without filters */
}

int table_restore(int state_fd, const struct state *instead, const struct tenant_host *host,
                  struct tenant_error *error) {
        struct restore restore = { instead, host };
        int r = state_lock_exclusive(state_fd);

        if (r < 0) {
                return tenant_error_set(error, r, "Failed", "Locking the network state: %s", strerror(-r));
        }
        r = load_table(error);
        if (r < 0) {
                return r;
        }
        r = state_each(state_fd, restore_tenant, &restore);
        return r < 0 ? tenant_error_set(error, r, "Failed", "Listing the network state: %s", strerror(-r))
                     : 0;
}
