/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* audit-rule.h: the rule of the kernel's audit that makes no records of refusals by AppArmor out of what tenants' processes try. */
#pragma once

#include <linux/audit.h>

/* never,exclude: msgtype=AVC, uid in the window of tenants' ids. The kernel finds a rule to delete by comparing all of it. */
void audit_rule_of_tenants(struct audit_rule_data *ret);
