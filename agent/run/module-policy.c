/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * module-policy.c: see module-policy.h. A list of what is let through, since new kernels have new ways to ask. For each entry the
 * kernel asks for a capability in the first user namespace, or for a device node or file system that no tenant has.
 */
#include "module-policy.h"
#include <stddef.h>
#include <string.h>

static const char *const prefixes[] = {
        "block-major-", /* opening a device node */
        "char-major-",  "dm-", /* device mapper's targets, by its control node */
        "ledtrig:",     "md-", /* RAID personalities */
        "netdev-", /* ioctl(2) for an interface that is not there, with CAP_NET_ADMIN over the host */
        "nfs", /* nfsv4, nfs-layouttype4-1: by a mount of a type that no tenant may mount */
        "nls_", /* character sets of file systems on disks */
        "nvme-",        "quota_", /* quotaon(8) */
        "rpc-auth-", /* NFS again */
        "scsi_dh_",     "snd-",
};

static const char suffix[] = "-iosched"; /* /sys/block/DISK/queue/scheduler */

bool module_request_is_hosts(const char *alias) {
        const size_t size = strlen(alias);

        for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
                if (strncmp(alias, prefixes[i], strlen(prefixes[i])) == 0) {
                        return true;
                }
        }
        /* "bfq-iosched"; a longer one is "rtnl-link-bfq-iosched". */
        return size > strlen(suffix) && strchr(alias, '-') == alias + size - strlen(suffix) &&
               strcmp(strchr(alias, '-'), suffix) == 0;
}
