/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test-ctl-docs.c: the verbs and options that tenantctl knows, its man page and its bash completion say the
 * same, in both directions; the page of the bus says all that the interfaces' files say. The completion is run by a real bash, with names from the fake service.
 */
#include "harness.h"
#include "io.h"
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static inline void json_put_p(json_object **o) {
        json_object_put(*o);
}

static const char *text_of(json_object *o, const char *key) {
        json_object *member = NULL;

        return json_object_object_get_ex(o, key, &member) ? json_object_get_string(member) : "";
}

static json_object *member(json_object *o, const char *key) {
        json_object *value = NULL;

        assert_true(json_object_object_get_ex(o, key, &value));
        return value;
}

static json_object *help_of(World *w) {
        json_object *o;

        assert_int_equal(ctl(w, "help|--json"), 0);
        o = json_tokener_parse(w->out);
        assert_non_null(o);
        assert_true(json_object_array_length(member(o, "Verbs")) > 10);
        return o;
}

/* The page as plain words: hyphens and fonts of troff taken away. */
static char *read_man(void) {
        _cleanup_free_ char *text = NULL;
        char *plain, *to;

        assert_int_equal(file_read(AT_FDCWD, getenv("TENANTCTL_MAN"), 1u << 20, &text, NULL), 0);
        plain = to = calloc(1, strlen(text) + 1);
        assert_non_null(plain);
        for (const char *from = text; *from;) {
                if (strncmp(from, "\\-", 2) == 0) {
                        from++;
                } else if (strncmp(from, "\\f", 2) == 0 && from[2]) {
                        *to++ = '^'; /* a change of font */
                        from += 3;
                } else {
                        *to++ = *from++;
                }
        }
        return plain;
}

/* How many tagged paragraphs begin in bold: each is a verb or an option. */
static size_t count_tags(const char *man, bool options) {
        static const char tag[] = "\n.TP\n^";
        size_t n = 0;

        for (const char *p = strstr(man, tag); p; p = strstr(p + 1, tag)) {
                n += (p[strlen(tag)] == '-') == options;
        }
        return n;
}

/* The paragraph of a verb must name its options, and the tag of each option exists once. */
static size_t check_options(const char *man, json_object *options, const char *paragraph) {
        char wanted[128];

        for (size_t i = 0; i < json_object_array_length(options); i++) {
                json_object *o = json_object_array_get_idx(options, i);
                const char *letter = text_of(o, "Letter"), *argument = text_of(o, "Argument");

                snprintf(wanted, sizeof(wanted), "\n.TP\n%s%s%s^--%s^%s", *letter ? "^-" : "", letter,
                         *letter ? "^, " : "", text_of(o, "Name"), *argument ? "=" : "\n");
                assert_has(man, wanted);
                if (paragraph) {
                        snprintf(wanted, sizeof(wanted), "^--%s^", text_of(o, "Name"));
                        assert_has(paragraph, wanted);
                }
        }
        return json_object_array_length(options);
}

static char *paragraph_of(const char *man, const char *verb) {
        char tag[64];
        const char *begin, *end;

        snprintf(tag, sizeof(tag), "\n.TP\n^%s^", verb);
        assert_has(man, tag);
        begin = strstr(man, tag) + 1;
        end = strstr(begin + 4, "\n.TP\n");
        return end ? strndup(begin, (size_t) (end - begin)) : strdup(begin);
}

static void test_man_page(void **state) {
        World *w = *state;
        _cleanup_(json_put_p) json_object *help = help_of(w);
        _cleanup_free_ char *man = read_man();
        json_object *verbs = member(help, "Verbs");
        size_t n_global = check_options(man, member(help, "Options"), NULL);
        char title[64];

        for (size_t i = 0; i < json_object_array_length(verbs); i++) {
                json_object *verb = json_object_array_get_idx(verbs, i);
                _cleanup_free_ char *paragraph = paragraph_of(man, text_of(verb, "Name"));

                (void) check_options(man, member(verb, "Options"), paragraph); /* counted below */
        }
        assert_int_equal(count_tags(man, false), json_object_array_length(verbs));
        assert_int_equal(n_global, 7);
        snprintf(title, sizeof(title), "\"tenantd %s\"", text_of(help, "Version"));
        assert_has(man, title);
}

/* org.tenantd1(5) has all that is said of each member, and of all of them. */
static void test_bus_page(void **state) {
        _cleanup_free_ char *page = NULL;
        char name[64], wanted[80];
        FILE *f = popen(
                "sed -nE 's/.*<(method|signal|property) name=\"(\\w+)\".*/\\2/p' \"$BUS_INTERFACES\"/*.xml",
                "re");
        size_t n = 0;

        assert_non_null(f);
        assert_int_equal(file_read(AT_FDCWD, getenv("BUS_PAGE"), 1u << 20, &page, NULL), 0);
        for (; fscanf(f, "%63s", name) == 1; n++) {
                snprintf(wanted, sizeof(wanted), ".TP\n\\fB%s\\fR ", name);
                assert_has(page, wanted);
        }
        assert_int_equal(pclose(f), 0);
        assert_true(n > 50);
        assert_has(page, "Signals reach everybody on the bus");
        assert_has(page, "keys that begin with \"x\\-\" are ignored");
        assert_lacks(page, "Each file is one interface");
}

/*
 * Types `keys` after the name of a command and presses Tab in a real bash, in the world's directory; then Return. *ret_offered
 * is what the completion offered, one per line after an empty one; *ret_words what the command got, in the same way. Both are
 * the caller's to free; either may be NULL.
 */
static void type_keys(World *w, const char *keys, char **ret_offered, char **ret_words) {
        static const char typed[] =
                "source \"$TENANTCTL_COMPLETION\"\n"
                "offer() { _tenantctl; printf '\\n%%s' \"${COMPREPLY[@]}\" >offered; echo >>offered; }\n"
                "words() { printf '\\n%%s' \"$@\" >words; echo >>words; }\n"
                "complete -F offer words\n"
                "words %s\t\n";
        _cleanup_free_ char *path = strdup(getenv("PATH")), *dir = strdup(getenv("TENANTCTL"));
        char with[1024], command[256];
        FILE *f = fopen(world_file(w, "keys"), "we");

        assert_non_null(f);
        fprintf(f, typed, keys);
        fclose(f);
        *strrchr(dir, '/') = '\0';
        snprintf(with, sizeof(with), "%s/bin:%s:%s", w->dir, dir, path);
        setenv("PATH", with, 1);
        snprintf(command, sizeof(command),
                 "cd '%s' && INPUTRC=/dev/null setsid -w bash --norc --noprofile -i <keys >shown 2>&1",
                 w->dir);
        assert_int_equal(system(command), 0);
        setenv("PATH", path, 1);
        if (ret_offered) {
                assert_int_equal(file_read(AT_FDCWD, world_file(w, "offered"), 1u << 16, ret_offered, NULL),
                                 0);
        }
        if (ret_words) {
                assert_int_equal(file_read(AT_FDCWD, world_file(w, "words"), 1u << 16, ret_words, NULL), 0);
        }
}

/* What bash offers after `words` (split at '|'). */
static char *complete(World *w, const char *words) {
        _cleanup_free_ char *keys = strdup(words);
        char *offered = NULL;

        for (char *p = keys; *p; p++) {
                *p = *p == '|' ? ' ' : *p;
        }
        type_keys(w, keys, &offered, NULL);
        return offered;
}

static size_t count_lines(const char *text) {
        size_t n = 0;

        for (; *text; text++) {
                n += *text == '\n';
        }
        return n - 1; /* the first is empty */
}

static void assert_line(const char *lines, const char *prefix, const char *word) {
        char line[96];

        snprintf(line, sizeof(line), "\n%s%s\n", prefix, word);
        assert_has(lines, line);
}

static void check_verb_completion(World *w, json_object *help, json_object *verb) {
        json_object *lists[] = { member(help, "Options"), member(verb, "Options") };
        _cleanup_free_ char *offered = NULL;
        char words[96];
        size_t n = 0;

        snprintf(words, sizeof(words), "%s|--", text_of(verb, "Name"));
        for (char *p = words; *p; p++) {
                *p = *p == ' ' ? '|' : *p;
        }
        offered = complete(w, words);
        for (size_t i = 0; i < ELEMENTSOF(lists); i++) {
                for (size_t k = 0; k < json_object_array_length(lists[i]); k++) {
                        assert_line(offered, "--", text_of(json_object_array_get_idx(lists[i], k), "Name"));
                        n++;
                }
        }
        assert_int_equal(count_lines(offered), n);
}

static void test_completion_of_words(void **state) {
        World *w = *state;
        _cleanup_(json_put_p) json_object *help = help_of(w);
        json_object *verbs = member(help, "Verbs");
        _cleanup_free_ char *first = complete(w, ""), *second = complete(w, "image|");
        size_t n_first = 1, n_second = 0; /* "image" once */

        for (size_t i = 0; i < json_object_array_length(verbs); i++) {
                json_object *verb = json_object_array_get_idx(verbs, i);
                const char *name = text_of(verb, "Name"), *blank = strchr(name, ' ');

                if (blank) {
                        assert_line(second, "", blank + 1);
                        n_second++;
                } else {
                        assert_line(first, "", name);
                        n_first++;
                }
                check_verb_completion(w, help, verb);
        }
        assert_line(first, "", "image");
        assert_int_equal(count_lines(first), n_first);
        assert_int_equal(count_lines(second), n_second);
}

/* An option that takes a value must not be counted as the verb. */
static void test_completion_of_valued_options(void **state) {
        World *w = *state;
        _cleanup_(json_put_p) json_object *help = help_of(w);
        json_object *verbs = member(help, "Verbs");

        for (size_t i = 0; i < json_object_array_length(verbs); i++) {
                json_object *verb = json_object_array_get_idx(verbs, i), *options = member(verb, "Options");

                for (size_t k = 0; k < json_object_array_length(options); k++) {
                        json_object *o = json_object_array_get_idx(options, k);
                        _cleanup_free_ char *offered = NULL;
                        char words[96];

                        snprintf(words, sizeof(words), "--%s|start|", text_of(o, "Name"));
                        offered = complete(w, words);
                        if (*text_of(o, "Argument")) {
                                assert_line(offered, "", "doctor"); /* verbs: "start" was the value */
                        } else {
                                assert_line(offered, "", "acme"); /* tenants: "start" was the verb */
                        }
                }
        }
}

static void test_completion_of_names(void **state) {
        World *w = *state;
        static const struct {
                const char *words, *offered;
        } cases[] = {
                { "start|a", "\nacme\n" },
                { "stop|acme|r", "\nrival\n" },
                { "docker-env|", "\nacme\nrival\n" },
                { "image|remove|", "\ndebian\n" },
                { "create|blue|--image|", "\ndebian\n" },
                { "create|blue|--image=d", "\ndebian\n" },
                { "kill|acme|--signal|SIGKI", "\nSIGKILL\n" },
                { "run|acme|--|", "\n\n" },
                { "show|acme|", "\n\n" },
                { "help|doct", "\ndoctor\n" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *offered = complete(w, cases[i].words);

                assert_string_equal(offered, cases[i].offered);
        }
}

/* The words that a command gets after Tab and Return. */
static void assert_typed(World *w, const char *keys, const char *words) {
        _cleanup_free_ char *got = NULL;

        type_keys(w, keys, NULL, &got);
        assert_string_equal(got, words);
}

/* Directories and files of any name come to the command as they are, and run nothing on the way. */
static void test_completion_of_paths(void **state) {
        World *w = *state;

        assert_int_equal(mkdir(world_file(w, "$(touch owned)"), 0700), 0);
        assert_int_equal(mkdir(world_file(w, "a:b=c"), 0700), 0);
        assert_int_equal(mkdir(world_file(w, "my root"), 0700), 0);
        assert_int_equal(mkdir(world_file(w, "my root/it's.tar"), 0700), 0);
        assert_typed(w, "docker-env acme --dir ", "\ndocker-env\nacme\n--dir\n");
        assert_int_not_equal(access(world_file(w, "owned"), F_OK), 0);
        assert_typed(w, "docker-env acme --dir \\$", "\ndocker-env\nacme\n--dir\n$(touch owned)/\n");
        assert_typed(w, "docker-env acme --dir='$", "\ndocker-env\nacme\n--dir=$(touch owned)/\n");
        assert_typed(w, "docker-env acme --dir=a", "\ndocker-env\nacme\n--dir=a:b=c/\n");
        assert_typed(w, "docker-env acme --dir a:b", "\ndocker-env\nacme\n--dir\na:b=c\n");
        assert_typed(w, "image import blue m", "\nimage\nimport\nblue\nmy root/\n");
        assert_typed(w, "image import blue \"my root/i", "\nimage\nimport\nblue\nmy root/it's.tar/\n");
        assert_int_not_equal(access(world_file(w, "owned"), F_OK), 0);
}

/* What readline splits is one word to tenantctl, and to ssh. */
static void test_completion_of_remote_names(void **state) {
        World *w = *state;
        static const char *const lines[][2] = {
                { "-H root@srv start a", "\n-H\nroot@srv\nstart\nacme\n" },
                { "--host=root@srv start a", "\n--host=root@srv\nstart\nacme\n" },
                { "--host root@srv:22 start a", "\n--host\nroot@srv:22\nstart\nacme\n" },
                { "start --host=srv a", "\nstart\n--host=srv\nacme\n" },
        };
        _cleanup_free_ char *asked = NULL;

        write_program(w, "ssh",
                      "echo \"$*\" >>ssh-argv; exec systemd-stdio-bridge -p \"$DBUS_SYSTEM_BUS_ADDRESS\"");
        for (size_t i = 0; i < ELEMENTSOF(lines); i++) {
                assert_typed(w, lines[i][0], lines[i][1]);
        }
        assert_int_equal(file_read(AT_FDCWD, world_file(w, "ssh-argv"), 1u << 16, &asked, NULL), 0);
        assert_string_equal(asked, "-xT -- root@srv systemd-stdio-bridge\n"
                                   "-xT -- root@srv systemd-stdio-bridge\n"
                                   "-xT -p 22 -- root@srv systemd-stdio-bridge\n"
                                   "-xT -- srv systemd-stdio-bridge\n");
}

/* Whose server it is may put nothing but names on the command line. */
static void test_completion_of_hostile_names(void **state) {
        World *w = *state;

        write_program(w, "tenantctl",
                      "printf '%s\\n' '$(touch owned)' 'a$(touch owned)' 'a;id' '`id`' a.b-c");
        assert_typed(w, "-H evil start ", "\n-H\nevil\nstart\na.b-c\n");
        assert_int_not_equal(access(world_file(w, "owned"), F_OK), 0);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, world_set_up, world_tear_down)

int main(void) {
        const struct CMUnitTest tests[] = {
                CASE(test_man_page),
                cmocka_unit_test(test_bus_page),
                CASE(test_completion_of_words),
                CASE(test_completion_of_valued_options),
                CASE(test_completion_of_names),
                CASE(test_completion_of_paths),
                CASE(test_completion_of_remote_names),
                CASE(test_completion_of_hostile_names),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
