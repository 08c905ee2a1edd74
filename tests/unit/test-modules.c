/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-modules.c: which requests of the kernel reach modprobe. Owned by tests/unit. */
#include "module-policy.h"
#include "unit.h"

static void test_tenants_requests(void **state) {
        static const char *const refused[] = {
                "net-pf-38",
                "net-pf-2-proto-132",
                "net-pf-16-proto-16-family-nl80211",
                "fs-xfs",
                "fs-dm-x",
                "rtnl-link-wireguard",
                "rtnl-link-dm-crypt",
                "rtnl-lwt-MPLS",
                "nft-expr-2-osf",
                "xt_string",
                "ip_set_hash:ip",
                "sch_cake",
                "act_bpf",
                "cls_flower",
                "tcp_vegas",
                "tcp-ulp-tls",
                "crypto-md4",
                "algif-hash",
                "binfmt-464c",
                "tty-ldisc-13",
                "bond0",
                "",
                "-iosched",
                "rtnl-link-bfq-iosched",
                "dm",
                "xfrm-type-2-51",
                "nf-logger-2-0",
                "nfct-helper-ftp",
                "nfnetlink-subsys-6",
        };

        for (size_t i = 0; i < ELEMENTSOF(refused); i++) {
                if (module_request_is_hosts(refused[i])) {
                        fail_msg("%s goes to modprobe", refused[i]);
                }
        }
}

static void test_hosts_requests(void **state) {
        static const char *const passed[] = { "char-major-10-237", "block-major-7-0", "dm-snapshot",
                                              "md-level-5",        "nls_utf8",        "nfsv4",
                                              "quota_v2",          "netdev-bond0",    "bfq-iosched",
                                              "nfs-layouttype4-1" };

        for (size_t i = 0; i < ELEMENTSOF(passed); i++) {
                if (!module_request_is_hosts(passed[i])) {
                        fail_msg("%s does not go to modprobe", passed[i]);
                }
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_tenants_requests),
                cmocka_unit_test(test_hosts_requests),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
