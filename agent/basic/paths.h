/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* paths.h: where things are on the host. The one place that spells them. */
#pragma once

/* All are below the root set with paths_set_root() ("" by default; --root= of each program, for tests and other trees). */
enum path_id {
        PATH_DEFINITIONS, /* /etc/tenantd/tenants */
        PATH_CONFIG, /* /etc/tenantd/tenantd.conf */
        PATH_STATE, /* /var/lib/tenantd, 0700 */
        PATH_TENANTS, /* /var/lib/tenantd/tenants, 0700: NAME/allocation, NAME/pki */
        PATH_IMAGES, /* /var/lib/tenantd/images, 0700: NAME/manifest, NAME/root */
        PATH_STORAGE, /* /var/lib/tenantd/storage, 0700, mounted nosuid,nodev: the store that storage backends get */
        PATH_RUNTIME, /* /run/tenantd, 0711: NAME/{lock,journal,notify,root} */
        PATH_MACHINES, /* /run/tenantd/.machines: socket of tenantd-machines.socket */
        PATH_SUBUID, /* /etc/subuid */
        PATH_SUBGID, /* /etc/subgid */
        PATH_ENABLED, /* /etc/systemd/system/tenants.target.wants: links of `systemctl enable tenant@NAME` */
        PATH_COUNT,
};

/* Call once, first in main. `root` is borrowed for the life of the process; at most 256 bytes. */
void paths_set_root(const char *root);

/* The path; valid for the life of the process. */
const char *path_get(enum path_id id);

/* Opens it as O_PATH|O_DIRECTORY|O_CLOEXEC, made first with its mode when missing. Negative errno on failure. */
int path_open(enum path_id id) __attribute__((warn_unused_result));
