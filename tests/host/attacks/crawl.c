/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * crawl.c: reads all of /proc and /sys that can be read, and looks for what must not be there: words from a file (a line each), and
 * addresses of the kernel. Contents, names and the targets of links all count. One line "WHAT<TAB>PATH" per find.
 *
 *   crawl FILE ROOT...         status 0: something was found, 100: nothing
 *
 * Its own processes' directories of /proc are read, other tenants' do not exist; of threads only the process's. Blocks nowhere for long.
 */
#include "attack.h"
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#define WORDS_MAX 256
#define READ_MAX (512 * 1024)

static char words[WORDS_MAX][128];
static size_t n_words, n_files, n_finds;
static char buffer[READ_MAX + 1];

static void on_alarm(int signo) {
}

/* "ffff" and 12 more digits, of which not all are f or 0: no mask, and not what %pK leaves of it. */
static bool is_kernel_address(const char *text, size_t left) {
        size_t digits = 0, plain = 0;

        for (; digits < left && digits < 17; digits++) {
                const char c = text[digits];

                if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
                        break;
                }
                plain += c == 'f' || c == '0';
        }
        return digits == 16 && strncmp(text, "ffff", 4) == 0 &&
               (text[4] == '8' || text[4] == '9' || text[4] == 'f') && plain < 14;
}

static bool has_kernel_address(const char *text, size_t size) {
        for (size_t i = 0; i + 16 <= size; i++) {
                if (text[i] == 'f' &&
                    (i == 0 || !strchr("0123456789abcdefABCDEF", text[i - 1]) || text[i - 1] == '\0') &&
                    is_kernel_address(text + i, size - i)) {
                        return true;
                }
        }
        return false;
}

/* Masks of signals look like addresses when a process blocks nearly all. */
static bool is_status(const char *path) {
        const char *name = strrchr(path, '/');

        return name && strcmp(name, "/status") == 0;
}

static void look(const char *path, const char *text, size_t size, bool addresses) {
        for (size_t i = 0; i < n_words; i++) {
                if (memmem(text, size, words[i], strlen(words[i]))) {
                        n_finds++;
                        printf("%s\t%s\n", words[i], path);
                }
        }
        if (addresses && !is_status(path) && has_kernel_address(text, size)) {
                n_finds++;
                printf("kernel address\t%s\n", path);
        }
}

static void read_file(const char *path) {
        /* A reader that waits for an event is interrupted. */
        const struct itimerval limit = { .it_value = { .tv_sec = 1 } }, none = { 0 };
        size_t size = 0;
        ssize_t n = 1;
        int fd;

        setitimer(ITIMER_REAL, &limit, NULL);
        fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
        while (fd >= 0 && size < READ_MAX && n > 0) {
                n = read(fd, buffer + size, READ_MAX - size);
                size += n > 0 ? (size_t) n : 0;
        }
        setitimer(ITIMER_REAL, &none, NULL);
        if (fd >= 0) {
                close(fd);
                n_files++;
                look(path, buffer, size, true);
        }
}

static bool is_left_out(const char *path) {
        static const char *const parts[] = {
                "/task/", "/cwd/", "/root/", "/map_files/", "/fd/", "/fdinfo/"
        };

        for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
                const char *at = strstr(path, parts[i]);

                if (at && strncmp(path, "/proc/", 6) == 0 && path[6] >= '0' && path[6] <= '9' &&
                    at[strlen(parts[i])]) {
                        return true;
                }
        }
        /* Memory as such, its own. */
        return strncmp(path, "/proc/", 6) == 0 && (strcmp(path + strlen(path) - 4, "/mem") == 0 ||
                                                   strstr(path, "/pagemap") || strstr(path, "/clear_refs"));
}

static void walk(const char *path, int depth) {
        DIR *d = depth < 24 ? opendir(path) : NULL;
        const struct dirent *e;
        char child[4096], target[4096];
        struct stat st;
        ssize_t n;

        while (d && (e = readdir(d))) {
                if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) {
                        continue;
                }
                snprintf(child, sizeof(child), "%s/%s", path, e->d_name);
                if (is_left_out(child) || lstat(child, &st) < 0) {
                        continue;
                }
                look(child, e->d_name, strlen(e->d_name), false);
                if (S_ISLNK(st.st_mode)) {
                        n = readlink(child, target, sizeof(target));
                        look(child, target, n < 0 ? 0 : (size_t) n, false);
                } else if (S_ISDIR(st.st_mode)) {
                        walk(child, depth + 1);
                } else if (S_ISREG(st.st_mode)) {
                        read_file(child);
                }
        }
        if (d) {
                closedir(d);
        }
}

int main(int argc, char **argv) {
        const struct sigaction interrupt = { .sa_handler = on_alarm };
        FILE *f = argc > 2 ? fopen(argv[1], "re") : NULL;

        if (!f) {
                say("usage: crawl FILE ROOT...");
                return ATTACK_BROKEN;
        }
        while (n_words < WORDS_MAX && fgets(words[n_words], sizeof(words[0]), f)) {
                words[n_words][strcspn(words[n_words], "\n")] = '\0';
                n_words += strlen(words[n_words]) >= 4;
        }
        fclose(f);
        sigaction(SIGALRM, &interrupt, NULL);
        for (int i = 2; i < argc; i++) {
                walk(argv[i], 0);
        }
        fprintf(stderr, "%zu words, %zu files read, %zu finds\n", n_words, n_files, n_finds);
        return n_finds > 0 ? ATTACK_SUCCEEDED : ATTACK_STOPPED;
}
