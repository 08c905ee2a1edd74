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
#include <sys/wait.h>

extern char **environ;

typedef struct Credentials {
        char *directory; /* absolute */
        char *endpoint;
} Credentials;

static void credentials_free(Credentials *k) {
        g_free(k->directory);
        g_free(k->endpoint);
}

/*
 * --dir, or tenants/NAME below $XDG_DATA_HOME/docker or ~/.docker. Absolute, so that it holds in every
 * directory.
 */
static int choose_directory(Ctl *c, const char *name, char **ret, TenantError *e) {
        const char *dir = opt_value(c, OPT_DIR), *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");

        if (dir && !*dir) {
                return error_set(e, EINVAL, "Usage", "--dir needs the name of a directory");
        }
        if (dir) {
                *ret = g_canonicalize_filename(dir, NULL);
        } else if (data && g_path_is_absolute(data)) {
                *ret = g_build_filename(data, "docker", "tenants", name, NULL);
        } else if (home && g_path_is_absolute(home)) {
                *ret = g_build_filename(home, ".docker", "tenants", name, NULL);
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

static int print_environment(const Credentials *k, const char *name) {
        _cleanup_gfree_ char *endpoint = g_shell_quote(k->endpoint),
                             *directory = g_shell_quote(k->directory);

        printf("unset DOCKER_CONTEXT\nexport DOCKER_HOST=%s DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH=%s\n",
               endpoint, directory);
        if (isatty(STDOUT_FILENO)) {
                printf("# eval \"$(tenantctl docker-env %s)\"\n", name);
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
        if (choose_directory(c, args[0], &k.directory, &e) < 0 || fetch(c, args[0], &k, &e) < 0) {
                return ctl_fail(c, args[0], args[0], &e);
        }
        if (opt_given(c, OPT_SHELL)) {
                return enter_shell(c, &k);
        }
        return opt_given(c, OPT_JSON) ? print_json(&k) : print_environment(&k, args[0]);
}

/* Runs docker; silent: its output goes nowhere. Exit status of it, or negative errno. */
static int run_docker(char **argv, bool silent) {
        posix_spawn_file_actions_t actions;
        int r = posix_spawn_file_actions_init(&actions), status;
        pid_t pid;

        if (r != 0) {
                return -r;
        }
        if (silent) {
                r = posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
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

/* The client reads its option as comma-separated values. */
static int check_plain(const char *text, TenantError *e) {
        return strpbrk(text, ",\"\r\n") ? error_set(e, EINVAL, E_FAILED,
                                                    "docker cannot read '%s' in a context; give --dir "
                                                    "without commas and quotes",
                                                    text)
                                        : 0;
}

/* create, or update when the context is there already: the command may be repeated. */
static int make_context(const char *name, const Credentials *k, TenantError *e) {
        _cleanup_gfree_ char *docker = NULL;
        char *inspect[] = { (char *) "docker", (char *) "context", (char *) "inspect",
                            (char *) (uintptr_t) name, NULL };
        char *make[] = { (char *) "docker",
                         (char *) "context",
                         (char *) "create",
                         (char *) "--docker",
                         NULL,
                         (char *) (uintptr_t) name,
                         NULL };
        int r;

        docker = g_strdup_printf("host=%s,ca=%s/ca.pem,cert=%s/cert.pem,key=%s/key.pem", k->endpoint,
                                 k->directory, k->directory, k->directory);
        make[4] = docker;
        r = run_docker(inspect, true);
        if (r == 0) {
                make[2] = (char *) "update";
        }
        r = r < 0 ? r : run_docker(make, false);
        if (r == -ENOENT) {
                return error_set(e, r, E_FAILED,
                                 "there is no docker client here; install one (Debian: docker.io), or use "
                                 "docker-env where one is");
        }
        if (r < 0) {
                return error_set_errno(e, r, E_FAILED, "cannot run docker");
        }
        return r > 0 ? error_set(e, EIO, E_FAILED, "docker context %s failed; its own message is above",
                                 make[2])
                     : 0;
}

int verb_docker_context(Ctl *c, char **args, int n_args) {
        _cleanup_(credentials_free) Credentials k = { 0 };
        TenantError e = { 0 };
        int r = choose_directory(c, args[0], &k.directory, &e);

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
                r = make_context(args[0], &k, &e);
        }
        if (r < 0) {
                return ctl_fail(c, args[0], args[0], &e);
        }
        if (opt_given(c, OPT_JSON)) {
                return print_json(&k);
        }
        if (!opt_given(c, OPT_QUIET)) {
                printf("%s: docker --context %s reaches %s\n", args[0], args[0], k.endpoint);
        }
        return CTL_OK;
}
