/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-shim.c: the program in memory that stands between ours and a tenant's. Owned by tests/unit. */
#include "shim.h"
#include "unit.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

static char output[16384];

/* In a child whose standard output and error are `output`; its exit status, or minus the signal. */
static int run(char *const *argv, char *const *environment) {
        int pair[2], status, fd = shim_open();
        ssize_t n, size = 0;
        pid_t pid;

        assert_true(fd >= 0);
        assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
        pid = fork();
        if (pid == 0) {
                if (dup2(pair[1], STDOUT_FILENO) >= 0 && dup2(pair[1], STDERR_FILENO) >= 0) {
                        _exit(-shim_exec(fd, argv, environment));
                }
                _exit(99);
        }
        close(pair[1]);
        while ((n = read(pair[0], output + size, sizeof(output) - 1 - (size_t) size)) > 0) {
                size += n;
        }
        output[size] = '\0';
        close(pair[0]);
        close(fd);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

#define RUN(path_, ...)                                                                                     \
        ({                                                                                                  \
                char *argv_[] = { __VA_ARGS__, NULL }, *environment_[] = { (char *) "A=b", (path_), NULL }; \
                run(argv_, environment_);                                                                   \
        })
#define S(text_) ((char *) (text_))

static void test_sealed(void **state) {
        const int wanted = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
        _cleanup_close_ int fd = shim_open();
        struct stat st;

        assert_true(fd >= 0);
        assert_int_equal(fcntl(fd, F_GET_SEALS) & wanted, wanted);
        assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
        assert_int_equal(write(fd, "x", 1), -1);
        assert_int_equal(errno, EPERM);
        assert_int_equal(ftruncate(fd, 0), -1);
        assert_int_equal(fstat(fd, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0111);
        assert_int_equal(st.st_uid, geteuid());
        assert_true(st.st_size < 8192);
}

static void test_passes_everything_on(void **state) {
        assert_int_equal(RUN(S("PATH=/usr/bin:/bin"), S("/bin/sh"), S("-c"),
                             S("echo \"$A $PATH $1\"; exit 7"), S("sh"), S("two words")),
                         7);
        assert_string_equal(output, "b /usr/bin:/bin two words\n");
}

static void test_searches_the_path(void **state) {
        assert_int_equal(RUN(S("PATH=/nonexistent:/etc/passwd:/usr/bin:/bin"), S("echo"), S("found")), 0);
        assert_string_equal(output, "found\n");
        assert_int_equal(RUN(S("PATH=/nonexistent"), S("echo")), 127);
        assert_int_equal(RUN(S("NOPATH=1"), S("echo")), 127);
        assert_int_equal(RUN(S("PATH="), S("echo")), 127);
}

static void test_says_what_is_wrong(void **state) {
        unit_write("text", "no program");
        assert_int_equal(chmod(unit_path("text"), 0755), 0);
        assert_int_equal(RUN(S("PATH=/bin"), S("no-such-program")), 127);
        assert_string_equal(output, "tenantd: cannot run no-such-program: No such file or directory\n");
        assert_int_equal(RUN(S("PATH=/etc"), S("passwd")), 126);
        assert_string_equal(output, "tenantd: cannot run passwd: Permission denied\n");
        assert_int_equal(RUN(S("PATH=/bin"), S(unit_path("text"))), 126);
        assert_non_null(strstr(output, ": Exec format error\n"));
        assert_int_equal(RUN(S("PATH=/bin"), S("")), 127);
}

/* Longer than any path can be: passed by, not written past the end. */
static void test_long_paths(void **state) {
        static char path[20000] = "PATH=", name[6000];

        memset(path + 5, 'p', 9000);
        strcat(path, ":/usr/bin:/bin:");
        memset(path + strlen(path), 'q', 5000);
        assert_int_equal(RUN(path, S("echo"), S("found")), 0);
        memset(name, 'n', sizeof(name) - 1);
        assert_int_equal(RUN(path, name), 127);
}

/* A script whose interpreter is what executes it gets the program in memory, and no way to read it. */
static void test_script_of_itself(void **state) {
        char link[64] = "";
        _cleanup_close_ int fd = shim_open();
        int status;
        pid_t pid;

        unit_write("trap", "#!/proc/self/exe\n");
        assert_int_equal(chmod(unit_path("trap"), 0755), 0);
        pid = fork();
        if (pid == 0) {
                char *argv[] = { S(unit_path("trap")), NULL }, *environment[] = { S("PATH=/bin"), NULL };

                _exit(-shim_exec(fd, argv, environment));
        }
        for (unsigned tries = 0; tries < 1000 && !strstr(link, "tenantd-exec"); tries++) {
                char path[64];
                ssize_t n;

                snprintf(path, sizeof(path), "/proc/%d/exe", pid);
                n = readlink(path, link, sizeof(link) - 1);
                link[n > 0 ? n : 0] = '\0';
                usleep(1000);
        }
        assert_string_equal(link, "/memfd:tenantd-exec (deleted)");
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_sealed),
                cmocka_unit_test(test_passes_everything_on),
                cmocka_unit_test(test_searches_the_path),
                cmocka_unit_test(test_says_what_is_wrong),
                cmocka_unit_test(test_long_paths),
                cmocka_unit_test(test_script_of_itself),
        };

        return cmocka_run_group_tests(tests, unit_root_setup, unit_root_teardown);
}
