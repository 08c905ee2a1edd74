/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test-console.c: what of a tenant's console comes to the journal. A pair of sockets is the journal's stream, a pipe the pty.
 * Owned by tests/unit.
 */
#include "console.h"
#include "unit.h"
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

typedef struct World {
        Console console;
        int journal, tenant;
        uint64_t now;
        char text[512 * 1024];
} World;

static int setup(void **state) {
        World *w = calloc(1, sizeof(*w));
        int sockets[2], pipes[2];
        const int room = 1 << 20;

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
        assert_int_equal(setsockopt(sockets[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room)), 0);
        assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
        w->console = (Console) CONSOLE_NONE(sockets[0]);
        w->journal = sockets[1];
        w->tenant = pipes[1];
        w->now = 1000000;
        console_open(&w->console, pipes[0]);
        *state = w;
        return 0;
}

static int teardown(void **state) {
        World *w = *state;

        (void) fd_close(w->console.fd);
        (void) fd_close(w->console.journal_fd);
        (void) fd_close(w->journal);
        (void) fd_close(w->tenant);
        free(w);
        return 0;
}

/* The tenant writes; the runner reads when it may. */
static void writes(World *w, const char *text) {
        size_t size = strlen(text);

        while (size > 0) {
                size_t n = size < 2048 ? size : 2048;

                assert_int_equal(write(w->tenant, text, n), n);
                text += n;
                size -= n;
                w->now += (uint64_t) console_wait_msec(&w->console, w->now);
                console_read(&w->console, POLLIN, w->now);
        }
}

static const char *journal(World *w) {
        size_t size = 0;
        ssize_t n;

        while (size < sizeof(w->text) - 1 &&
               (n = recv(w->journal, w->text + size, sizeof(w->text) - 1 - size, MSG_DONTWAIT)) > 0) {
                size += (size_t) n;
        }
        w->text[size] = '\0';
        return w->text;
}

static unsigned count(const char *text, char what) {
        unsigned n = 0;

        for (; *text; text++) {
                n += *text == what;
        }
        return n;
}

static void test_lines(void **state) {
        World *w = *state;

        writes(w, "[  OK  ] Started\r\n\r\n\n");
        assert_string_equal(journal(w), "<6>console: [  OK  ] Started\n");
        writes(w, "two ");
        assert_string_equal(journal(w), "");
        writes(w, "halves\n");
        assert_string_equal(journal(w), "<6>console: two halves\n");
}

static void test_nothing_but_text(void **state) {
        World *w = *state;

        writes(w, "\x1b[1;31mred\x1b[0m \x1b]0;title\a\x90\xff\x80\x01 end\n");
        assert_string_equal(journal(w), "<6>console: red 0;title end\n");
        writes(w, "<0>to every terminal\n");
        assert_string_equal(journal(w), "<6>console: <0>to every terminal\n");
}

static void test_long_line_is_cut(void **state) {
        World *w = *state;
        char line[1000];
        const char *text;

        memset(line, 'x', sizeof(line) - 2);
        strcpy(line + sizeof(line) - 2, "\n");
        writes(w, line);
        text = journal(w);
        assert_int_equal(count(text, '\n'), 4);
        assert_int_equal(count(text, 'x'), 998);
        for (const char *end; *text; text = end + 1) {
                end = strchr(text, '\n');
                assert_true(end - text <= 256 + 12);
                assert_memory_equal(text, "<6>console: ", 12);
        }
}

static void test_flood(void **state) {
        World *w = *state;
        const uint64_t begun = w->now;
        const char *text;
        unsigned lines;
        char chunk[2049];

        for (size_t i = 0; i < 2048; i += 2) {
                memcpy(chunk + i, "y\n", 3);
        }
        while (w->now < begun + 300 * 1000) {
                writes(w, chunk);
        }
        text = journal(w);
        lines = count(text, '\n');
        assert_in_range(lines, CONSOLE_LINES + 200, CONSOLE_LINES + 320);
        assert_non_null(strstr(text, "lines dropped)\n<6>console: y\n"));
        assert_true(strlen(text) < 16 * 1024);
}

static void test_faster_than_that_waits(void **state) {
        World *w = *state;
        const uint64_t begun = w->now;
        char chunk[2049];

        memset(chunk, 'y', sizeof(chunk) - 1);
        chunk[sizeof(chunk) - 1] = '\0';
        for (size_t i = 0; i < 10 * CONSOLE_READ_BYTES / 2048; i++) {
                writes(w, chunk);
        }
        assert_true(w->now - begun >= 8000); /* ten seconds' worth, of which one at once */
        assert_true(w->now - begun <= 10000);
}

static void test_dropped_is_told_at_the_end(void **state) {
        World *w = *state;

        for (unsigned i = 0; i < CONSOLE_LINES + 5; i++) {
                writes(w, "z\n");
        }
        writes(w, "last words");
        console_finish(&w->console, w->now);
        assert_non_null(strstr(journal(w), "<6>console: (6 lines dropped)\n"));
        assert_int_equal(w->console.fd, -1);
}

static void test_last_words(void **state) {
        World *w = *state;

        assert_int_equal(write(w->tenant, "cannot go on", 12), 12);
        console_finish(&w->console, w->now);
        assert_string_equal(journal(w), "<6>console: cannot go on\n");
}

/* Nobody reads the journal: the runner goes on all the same. */
static void test_stuck_journal(void **state) {
        World *w = *state;
        const int room = 4096;
        char line[256];

        assert_int_equal(setsockopt(w->console.journal_fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room)), 0);
        memset(line, 'j', sizeof(line) - 2);
        strcpy(line + sizeof(line) - 2, "\n");
        for (unsigned i = 0; i < CONSOLE_LINES; i++) {
                writes(w, line);
        }
        assert_true(count(journal(w), '\n') < CONSOLE_LINES);
}

static void test_closed_and_gone(void **state) {
        World *w = *state;

        console_read(&w->console, POLLHUP, w->now);
        assert_int_equal(console_wait_msec(&w->console, w->now), 1000);
        assert_int_equal(console_wait_msec(&w->console, w->now + 1000), 0);
        w->tenant = fd_close(w->tenant);
        console_read(&w->console, POLLIN | POLLHUP, w->now + 1000);
        assert_int_equal(w->console.fd, -1);
        assert_int_equal(console_wait_msec(&w->console, w->now + 1000), -1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_lines, setup, teardown),
                cmocka_unit_test_setup_teardown(test_nothing_but_text, setup, teardown),
                cmocka_unit_test_setup_teardown(test_long_line_is_cut, setup, teardown),
                cmocka_unit_test_setup_teardown(test_flood, setup, teardown),
                cmocka_unit_test_setup_teardown(test_faster_than_that_waits, setup, teardown),
                cmocka_unit_test_setup_teardown(test_dropped_is_told_at_the_end, setup, teardown),
                cmocka_unit_test_setup_teardown(test_last_words, setup, teardown),
                cmocka_unit_test_setup_teardown(test_stuck_journal, setup, teardown),
                cmocka_unit_test_setup_teardown(test_closed_and_gone, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
