/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * docker.c: docker-env, docker-context: client credentials into a directory of the caller, and what the
 * docker client needs to find them. Keys are written to files of mode 0600 only: never to argv, stdout or
 * JSON. Owned by tenantctl.
 */
#include "ctl.h"
#include "fd.h"
#include "io.h"
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

extern char **environ;

#define CONTEXT_MAX (1024u * 1024)

typedef struct Credentials {
        char *label; /* what directory and context are named: tenants of other hosts may have the same names */
        char *directory; /* absolute */
        char *endpoint;
} Credentials;

static void credentials_free(Credentials *k) {
        g_free(k->label);
        g_free(k->directory);
        g_free(k->endpoint);
}

/* HOST of --host=[USER@]HOST, or NULL. */
static const char *host_alone(const Ctl *c) {
        const char *host = opt_value(c, OPT_HOST), *at = host ? strrchr(host, '@') : NULL;

        return at ? at + 1 : host;
}

/* The tenant's name, with --host "NAME.HOST" in the characters that docker and every file system take. */
static char *make_label(const Ctl *c, const char *name) {
        const char *host = host_alone(c);
        char *label = host ? g_strconcat(name, ".", host, NULL) : g_strdup(name);

        return g_strcanon(label, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_.-", '_');
}

/*
 * --dir, or tenants/LABEL below $XDG_DATA_HOME/docker or ~/.docker. Absolute, so that it holds in every
 * directory.
 */
static int choose_directory(const Ctl *c, const char *label, char **ret, TenantError *e) {
        const char *dir = opt_value(c, OPT_DIR), *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");

        if (dir && !*dir) {
                return error_set(e, EINVAL, "Usage", "--dir needs the name of a directory");
        }
        if (dir) {
                *ret = g_canonicalize_filename(dir, NULL);
        } else if (data && g_path_is_absolute(data)) {
                *ret = g_build_filename(data, "docker", "tenants", label, NULL);
        } else if (home && g_path_is_absolute(home)) {
                *ret = g_build_filename(home, ".docker", "tenants", label, NULL);
        } else {
                return error_set(e, ENOENT, E_FAILED, "$HOME is not set; say where with --dir=DIRECTORY");
        }
        return 0;
}

static int write_files(const char *directory, json_object *credentials, TenantError *e) {
        static const char *const keys[] = { "ca", "cert", "key" };
        _cleanup_close_ int fd = -1;
        int r = mkdir_parents(directory, 0700);

        if (r >= 0) {
                fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                r = fd < 0 ? -errno : 0;
        }
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(keys); i++) {
                _cleanup_gfree_ char *file = g_strconcat(keys[i], ".pem", NULL);
                const char *text = json_text(credentials, keys[i]);

                if (!*text) {
                        return error_set(e, EBADMSG, E_FAILED,
                                         "the service sent no %s; see 'journalctl -u tenantd'", file);
                }
                r = file_replace_atomic(fd, file, 0600, text, strlen(text));
        }
        return r < 0 ? error_set_errno(e, r, E_FAILED,
                                       "cannot write credentials to '%s'; say where with --dir=DIRECTORY",
                                       directory)
                     : 0;
}

static int call_credentials(Ctl *c, const char *name, json_object **ret, TenantError *e) {
        _cleanup_free_ char *path = NULL;
        int r = ctl_tenant_path(c, name, &path, e);

        if (r < 0) {
                return r;
        }
        r = ctl_call(c, path, IFACE_DOCKER, "GetCredentials", ret, e, "a{sv}", 0);
        if (r < 0 && (strcmp(e->name, "UnknownMethod") == 0 || strcmp(e->name, "UnknownInterface") == 0)) {
                return error_set(
                        e, r, E_NOT_SUPPORTED,
                        "this tenant has no Docker; turn it on: tenantctl set %s Docker.Enabled=yes", name);
        }
        return r;
}

static int choose(const Ctl *c, const char *name, Credentials *ret, TenantError *e) {
        ret->label = make_label(c, name);
        return choose_directory(c, ret->label, &ret->directory, e);
}

/* ret->directory is chosen already. */
static int fetch(Ctl *c, const char *name, Credentials *ret, TenantError *e) {
        _cleanup_json_ json_object *reply = NULL;
        json_object *credentials;
        int r = call_credentials(c, name, &reply, e);

        if (r < 0) {
                return r;
        }
        credentials = json_object_array_get_idx(reply, 0);
        ret->endpoint = g_strdup(json_text(credentials, "endpoint"));
        if (!*ret->endpoint) {
                return error_set(e, EBADMSG, E_FAILED,
                                 "the service named no endpoint; see 'journalctl -u tenantd'");
        }
        return write_files(ret->directory, credentials, e);
}

static int print_json(const Credentials *k) {
        static const char *const files[][2] = { { "Ca", "ca.pem" },
                                                { "Cert", "cert.pem" },
                                                { "Key", "key.pem" } };
        _cleanup_json_ json_object *o = json_object_new_object();

        json_set_text(o, "Endpoint", k->endpoint);
        json_set_text(o, "Directory", k->directory);
        for (size_t i = 0; i < ELEMENTSOF(files); i++) {
                _cleanup_gfree_ char *path = g_build_filename(k->directory, files[i][1], NULL);

                json_set_text(o, files[i][0], path);
        }
        return ctl_print_json(o);
}

/* " OPTIONVALUE" as a shell reads it, or nothing. g_free. */
static char *option_again(const Ctl *c, OptionId id, const char *option) {
        const char *value = opt_value(c, id);
        _cleanup_gfree_ char *quoted = value ? g_shell_quote(value) : NULL;

        return quoted ? g_strconcat(" ", option, quoted, NULL) : g_strdup("");
}

static int print_environment(const Ctl *c, const Credentials *k, const char *name) {
        _cleanup_gfree_ char *endpoint = g_shell_quote(k->endpoint),
                             *directory = g_shell_quote(k->directory);

        printf("unset DOCKER_CONTEXT\nexport DOCKER_HOST=%s DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH=%s\n",
               endpoint, directory);
        if (isatty(STDOUT_FILENO)) {
                _cleanup_gfree_ char *host = option_again(c, OPT_HOST, "--host="),
                                     *dir = option_again(c, OPT_DIR, "--dir=");

                printf("# eval \"$(tenantctl%s docker-env%s %s)\"\n", host, dir, name);
        }
        return CTL_OK;
}

static int enter_shell(Ctl *c, const Credentials *k) {
        const char *shell = getenv("SHELL");
        TenantError e = { 0 };

        shell = shell && *shell ? shell : "/bin/sh";
        if (setenv("DOCKER_HOST", k->endpoint, 1) == 0 && setenv("DOCKER_TLS_VERIFY", "1", 1) == 0 &&
            setenv("DOCKER_CERT_PATH", k->directory, 1) == 0 && unsetenv("DOCKER_CONTEXT") == 0) {
                execl(shell, shell, NULL);
        }
        (void) error_set_errno(&e, errno, E_FAILED, "cannot start the shell '%s'", shell);
        return ctl_fail(c, NULL, NULL, &e);
}

int verb_docker_env(Ctl *c, char **args, int n_args) {
        _cleanup_(credentials_free) Credentials k = { 0 };
        TenantError e = { 0 };

        if (opt_given(c, OPT_SHELL) && opt_given(c, OPT_JSON)) {
                return ctl_usage(c, "--shell prints nothing, so --json has no meaning with it");
        }
        if (choose(c, args[0], &k, &e) < 0 || fetch(c, args[0], &k, &e) < 0) {
                return ctl_fail(c, args[0], args[0], &e);
        }
        if (opt_given(c, OPT_SHELL)) {
                return enter_shell(c, &k);
        }
        return opt_given(c, OPT_JSON) ? print_json(&k) : print_environment(c, &k, args[0]);
}

/* Runs docker; with output_fd, its output goes there and its errors nowhere. Exit status of it, or negative errno. */
static int run_docker(char **argv, int output_fd) {
        posix_spawn_file_actions_t actions;
        int r = posix_spawn_file_actions_init(&actions), status;
        pid_t pid;

        if (r != 0) {
                return -r;
        }
        if (output_fd >= 0) {
                r = posix_spawn_file_actions_adddup2(&actions, output_fd, STDOUT_FILENO);
                r = r != 0 ? r
                           : posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY,
                                                              0);
        } else {
                r = posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
        }
        r = r != 0 ? r : posix_spawnp(&pid, "docker", &actions, NULL, argv, environ);
        posix_spawn_file_actions_destroy(&actions);
        if (r != 0) {
                return -r;
        }
        while (waitpid(pid, &status, 0) < 0) {
                if (errno != EINTR) {
                        return -errno;
                }
        }
        return WIFEXITED(status) ? WEXITSTATUS(status) : -EPROTO;
}

/* Returns r; when docker could not be run, *e says why. */
static int error_of_docker(int r, TenantError *e) {
        if (r == -ENOENT) {
                return error_set(e, r, E_FAILED,
                                 "there is no docker client here; install one (Debian: docker.io), or use "
                                 "docker-env where one is");
        }
        return r < 0 ? error_set_errno(e, r, E_FAILED, "cannot run docker") : r;
}

/* The client reads its option as comma-separated values. */
static int check_plain(const char *text, TenantError *e) {
        return strpbrk(text, ",\"\r\n") ? error_set(e, EINVAL, E_FAILED,
                                                    "docker cannot read '%s' in a context; give --dir "
                                                    "without commas and quotes",
                                                    text)
                                        : 0;
}

/* What the context says of itself; NULL: there is none. */
static int read_description(const char *label, char **ret, TenantError *e) {
        char *inspect[] = { (char *) "docker", (char *) "context", (char *) "inspect",
                            (char *) (uintptr_t) label, NULL };
        _cleanup_close_ int fd = memfd_create("context", MFD_CLOEXEC);
        _cleanup_json_ json_object *list = NULL;
        _cleanup_free_ char *text = NULL;
        json_object *description = NULL;
        int r = fd < 0 ? -errno : run_docker(inspect, fd);

        if (r != 0) {
                return r > 0 ? 0 : error_of_docker(r, e);
        }
        r = lseek(fd, 0, SEEK_SET) < 0 ? -errno : fd_read_all(fd, CONTEXT_MAX, &text, NULL);
        if (r < 0) {
                return error_set_errno(e, r, E_FAILED, "cannot read what docker says of context %s", label);
        }
        list = json_tokener_parse(text);
        (void) json_pointer_get(list, "/0/Metadata/Description", &description); /* else it stays NULL */
        *ret = g_strdup(description ? json_object_get_string(description) : "");
        return 0;
}

/* create, or update when we made it before: the command may be repeated, and a context of somebody else stays. */
static int make_context(const Credentials *k, const char *description, TenantError *e) {
        _cleanup_gfree_ char *docker = NULL, *existing = NULL;
        char *make[] = { (char *) "docker",
                         (char *) "context",
                         (char *) "create",
                         (char *) "--description",
                         (char *) (uintptr_t) description,
                         (char *) "--docker",
                         NULL,
                         k->label,
                         NULL };
        int r = read_description(k->label, &existing, e);

        if (r < 0) {
                return r;
        }
        if (existing && strcmp(existing, description) != 0) {
                return error_set(
                        e, EEXIST, E_FAILED,
                        "there is a docker context '%s' that is not this tenant's; 'docker context rm "
                        "%s' makes room, or use docker-env",
                        k->label, k->label);
        }
        docker = g_strdup_printf("host=%s,ca=%s/ca.pem,cert=%s/cert.pem,key=%s/key.pem", k->endpoint,
                                 k->directory, k->directory, k->directory);
        make[2] = (char *) (existing ? "update" : "create");
        make[6] = docker;
        r = error_of_docker(run_docker(make, -1), e);
        return r > 0 ? error_set(e, EIO, E_FAILED, "docker context %s failed; its own message is above",
                                 make[2])
                     : r;
}

/* What tells our contexts from others: "tenantd: NAME", with --host "tenantd: NAME on HOST". */
static char *describe(const Ctl *c, const char *name) {
        const char *host = host_alone(c);

        return g_strconcat("tenantd: ", name, host ? " on " : NULL, host, NULL);
}

int verb_docker_context(Ctl *c, char **args, int n_args) {
        _cleanup_(credentials_free) Credentials k = { 0 };
        _cleanup_gfree_ char *description = NULL;
        TenantError e = { 0 };
        int r = choose(c, args[0], &k, &e);

        if (r >= 0) {
                r = check_plain(k.directory, &e);
        }
        if (r >= 0) {
                r = fetch(c, args[0], &k, &e);
        }
        if (r >= 0) {
                r = check_plain(k.endpoint, &e);
        }
        if (r >= 0) {
                description = describe(c, args[0]);
                r = make_context(&k, description, &e);
        }
        if (r < 0) {
                return ctl_fail(c, args[0], args[0], &e);
        }
        if (opt_given(c, OPT_JSON)) {
                return print_json(&k);
        }
        if (!opt_given(c, OPT_QUIET)) {
                printf("%s: docker --context %s reaches %s\n", args[0], k.label, k.endpoint);
        }
        return CTL_OK;
}
