/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* child.h: from the clone to init, in the tenant's own namespaces. */
#pragma once

#include "guest.h"
#include "run.h"
#include "seccomp.h"

/* What the composer prepared; the child has it by being its copy. Descriptors are the child's own. */
typedef struct ChildPlan {
        const RunOptions *options;
        int composer_fd; /* SOCK_SEQPACKET: 'm' maps are written, 'n' network is there; back: TenantError, or end of file */
        int control_fd; /* to the runner: the console */
        int volume_fd; /* detached mount of the volume */
        int image_fd; /* detached, idmapped mount of the image */
        int dev_fd; /* detached mount: /dev */
        int shim_fd; /* see shim.h */
        const Guest *guest;
        const SeccompFilter *seccomp;
} ChildPlan;

/* Never returns: init, or _exit(1) with the error sent to the composer. */
_Noreturn void child_run(const ChildPlan *plan);
