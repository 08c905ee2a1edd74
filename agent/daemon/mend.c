/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mend.c: see mend.h. The agent does not stay for it: who flushes rulesets by the host's service has the agent called
 * (nftables.service.d), and every other call looks as well. Owned by the agent.
 */
#include "mend.h"
#include "backends.h"
#include "log.h"
#include "task.h"
#include <errno.h>

static void on_mended(void *userdata, int r, const TenantError *error, WorkResult *result, bool died) {
        Manager *m = userdata;

        m->mending = worker_free(m->mending);
        if (r < 0) {
                log_warning("Cannot put back the networks of tenants, ignoring: %s", error->message);
        }
        manager_work_ended(m);
}

void mend_look(Manager *m) {
        static const WorkerEvents events = { .ended = on_mended };
        const WorkOrder order = { task_mend_networks, NULL, -1, &events, m };
        TenantError error = { 0 };
        uint64_t now = 0;

        (void) sd_event_now(m->event, CLOCK_BOOTTIME, &now); /* fails for unknown clocks only */
        if (m->mending || m->stopping || m->terminated || now < m->next_look_usec) {
                return;
        }
        m->next_look_usec = now + USEC_PER_SEC;
        if (backends_intact(&error) != -ENOENT) {
                return; /* what cannot be asked, the next start of a tenant will tell */
        }
        log_event(LOG_WARNING, LOG_ID_NETWORK_MENDED, "%s; putting them back", error.message);
        if (worker_start(m->event, &order, &m->mending, &error) < 0) {
                log_warning("Cannot put back the networks of tenants, ignoring: %s", error.message);
        }
}
