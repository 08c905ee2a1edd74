/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * loader.h: backends from shared objects. A plugin is KIND-NAME.so in the plugin directory. It is refused, before any of its
 * code runs, unless directory and file are owned by root and writable by nobody else, the file is regular, not set-id, has one
 * link, its ELF note says this ABI and this kind, and it exports the one symbol and has no RPATH; then loaded by the descriptor
 * that was checked (RTLD_NOW|RTLD_LOCAL), which stays open (CLOEXEC), and never unloaded. No environment variable and no path
 * from a definition has any influence on which file is loaded.
 */
#pragma once

#include "error.h"
#include "tenant-cgroup.h"
#include "tenant-namespace.h"
#include "tenant-network.h"
#include "tenant-storage.h"

/* Copies of the plugin's structs, as far as this host knows them, the rest zero. Valid for the life of the process. */
typedef struct Plugin {
        struct tenant_plugin descriptor;
        union {
                struct tenant_namespace_ops namespace;
                struct tenant_cgroup_ops cgroup;
                struct tenant_storage_ops storage;
                struct tenant_network_ops network;
        } ops;
} Plugin;

/* "namespace", "cgroup", "storage", "network". */
extern const char *const plugin_kind_name[TENANT_KIND_COUNT];

/* The directory to load from; the compiled-in one unless a program's --plugin-dir= (root's command line) said otherwise. */
void plugin_set_directory(const char *directory);
const char *plugin_get_directory(void);

/*
 * Loads once; later calls return the same object. -EINVAL InvalidName, -ENOENT NoSuchBackend (message lists what there is),
 * -EPERM BadBackend (owner, mode, type: says which), -ELIBBAD BadBackend (ABI, size, missing symbol or mandatory operation:
 * says which).
 */
int plugin_load(enum tenant_kind kind, const char *name, const Plugin **ret, TenantError *error)
        __attribute__((warn_unused_result));

/*
 * Asks the plugin whether it can work on this host; a yes is remembered for the life of the process. The error's message
 * begins with the backend's name.
 */
int plugin_probe(const Plugin *plugin, const struct tenant_host *host, TenantError *error)
        __attribute__((warn_unused_result));

/*
 * Puts an operation's result in order for an operator: on failure *error has a name and a message that begins with
 * "backend KIND-NAME: ", also when the plugin left it empty. Returns r, made a negative errno.
 */
int plugin_result(const Plugin *plugin, const char *operation, int r, TenantError *error);

/* Names of one kind by file name, sorted, NULL-terminated; free with strv_free. Nothing is loaded. */
int plugin_list(enum tenant_kind kind, char ***ret, TenantError *error) __attribute__((warn_unused_result));
