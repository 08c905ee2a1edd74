/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test-limits.c: rates of network-routed: what is over is gone, and the neighbour does not notice. By packets, as test-network.c.
 * Owned by the network backends. Usage: test-limits network-routed.so tenantd.nft
 */
#include "world.h"
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static struct tenant a, b;

static int setup(void **state) {
        tenant_spawn(&a, "acme", 0);
        tenant_spawn(&b, "rival", 1);
        tenant_attach(&a, NULL, 0);
        tenant_attach(&b, NULL, 0);
        return 0;
}

static int teardown(void **state) {
        tenant_end(&a);
        tenant_end(&b);
        return 0;
}

/* How many of `n` datagrams of `size` bytes come through, sent as fast as it goes. */
static unsigned passed(int from_ns, const char *to, int box, unsigned n, size_t size) {
        static const char data[1400];
        int sender = udp_socket(from_ns, "0.0.0.0", 0);
        char buffer[sizeof(data)];
        unsigned came = 0;

        for (unsigned i = 0; i < n; i++) {
                struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(9000) };

                inet_pton(AF_INET, to, &address.sin_addr);
                (void) sendto(sender, data, size, 0, (struct sockaddr *) &address, sizeof(address));
                while (recv(box, buffer, sizeof(buffer), MSG_DONTWAIT) >= 0) {
                        came++;
                }
        }
        while (recv(box, buffer, sizeof(buffer), MSG_DONTWAIT) >= 0) {
                came++;
        }
        close(sender);
        return came;
}

/* What is over is gone; the neighbour's passes meanwhile. Numbers have room for the tenths of a second that this takes. */
static void test_limits(void **state) {
        int box = udp_socket(outside_ns, OUTSIDE_ADDRESS, 9000),
            inside = udp_socket(a.netns_fd, a.address, 9000);
        const struct tenant_port port = { IPPROTO_UDP, 9000, 9000 };
        struct tenant_value values[16] = {};
        unsigned n;

        assert_int_equal(passed(a.netns_fd, OUTSIDE_ADDRESS, box, 2000, 100), 2000);
        tenant_set_rate(&a, values, "EgressPackets", 500);
        tenant_set_rate(&a, values, "IngressPackets", 1000);
        assert_ok(ops->publish(&a.context, &port, 1, &error));
        n = passed(a.netns_fd, OUTSIDE_ADDRESS, box, 2000, 100);
        assert_in_range(n, 50, 600);
        assert_int_equal(passed(b.netns_fd, OUTSIDE_ADDRESS, box, 2000, 100), 2000);
        n = passed(outside_ns, HOST_ADDRESS, inside, 2000, 100);
        assert_in_range(n, 100, 1200);
        /* Put back with the rest when somebody flushes the ruleset. */
        run("nft flush ruleset");
        tenant_attach(&b, NULL, 0);
        assert_in_range(passed(a.netns_fd, OUTSIDE_ADDRESS, box, 2000, 100), 50, 600);
        /* Bytes: a bucket of a second and 128 KiB, so 256000 for 1 Mbit/s. */
        tenant_set_rate(&a, values, "EgressPackets", 0);
        tenant_set_rate(&a, values, "IngressPackets", UINT64_MAX);
        tenant_set_rate(&a, values, "Egress", 1000000);
        tenant_set_rate(&a, values, "Ingress", 2000000);
        assert_ok(ops->publish(&a.context, &port, 1, &error));
        n = passed(a.netns_fd, OUTSIDE_ADDRESS, box, 1000, 1400);
        assert_in_range(n, 150, 500);
        n = passed(outside_ns, HOST_ADDRESS, inside, 1000, 1400);
        assert_in_range(n, 200, 700);
        assert_false(command_says("nft list set inet tenantd egress_packets", "tn0"));
        assert_true(command_says(LIMIT_SETS, "tn0"));
        /* A start has them from its first packet on. */
        assert_ok(ops->release(&a.context, &error));
        assert_false(command_says(LIMIT_SETS, "tn0"));
        tenant_attach(&a, NULL, 0);
        assert_in_range(passed(a.netns_fd, OUTSIDE_ADDRESS, box, 1000, 1400), 150, 500);
        tenant_forget_rates(&a);
        close(inside);
        close(box);
}

/* What a worker left that was killed between the file and the kernel. */
static void test_limits_are_what_was_set_last(void **state) {
        static const char *const packets = "nft list set inet tenantd egress_packets";
        struct tenant_value values[16] = {};

        tenant_set_rate(&a, values, "EgressPackets", 500);
        assert_ok(ops->publish(&a.context, NULL, 0, &error));
        assert_true(command_says(packets, "500/second"));
        run("sed -i s/egress_packets=500/egress_packets=1000/ " STATE "tn0");
        tenant_set_rate(&a, values, "EgressPackets", 1000);
        assert_ok(ops->publish(&a.context, NULL, 0, &error));
        assert_true(command_says(packets, "1000/second"));
        run("sed -i /egress_packets=/d " STATE "tn0");
        assert_ok(ops->release(&a.context, &error));
        assert_false(command_says(packets, "tn0"));
        tenant_forget_rates(&a);
}

static void test_limits_have_bounds(void **state) {
        struct tenant_value values[16] = {};

        tenant_set_rate(&a, values, "EgressPackets", 10000001);
        assert_int_equal(plugin->validate(&a.context, &error), -EINVAL);
        assert_non_null(strstr(error.message, "10000000"));
        tenant_set_rate(&a, values, "EgressPackets", UINT64_MAX);
        assert_ok(plugin->validate(&a.context, &error));
        tenant_forget_rates(&a);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(int argc, char *argv[]) {
        const struct CMUnitTest tests[] = {
                TEST(test_limits),
                TEST(test_limits_are_what_was_set_last),
                TEST(test_limits_have_bounds),
        };

        if (argc != 3) {
                fprintf(stderr, "usage: %s network-routed.so tenantd.nft\n", argv[0]);
                return 2;
        }
        world_make(argv[1], argv[2]);
        return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
