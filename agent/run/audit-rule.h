/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* audit-rule.h: the rules of the kernel's audit by which it makes no records of its own accord out of what tenants' processes do. */
#pragma once

#include <linux/audit.h>

#define AUDIT_RULES_OF_TENANTS 2u

/*
 * Rule i. never,exclude, uid in the window of tenants' ids, and 0: msgtype from 1325 on, which is NETFILTER_CFG, SECCOMP, AVC, ANOM_* and
 * whatever later kernels report by themselves, but for PROCTITLE and OPENAT2; 1: msgtype below 1300, which is LOGIN. Those between, and
 * these two, are what the operator's own rules ask for. The kernel finds a rule to delete by comparing all of it.
 */
void audit_rule_of_tenants(unsigned i, struct audit_rule_data *ret);
