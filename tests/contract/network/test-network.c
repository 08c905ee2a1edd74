/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test-network.c: network-routed and network-none, by packets. A forbidden packet is followed by an allowed one to the same
 * socket: the first to arrive tells, so nothing waits for silence. Refuses to look at rule texts. Owned by the network
 * backends. Usage: test-network network-routed.so network-none.so tenantd.nft
 */
#include "world.h"
#include <arpa/inet.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define ELEMENTSOF(a) (sizeof(a) / sizeof((a)[0]))
#define SHORT_MS 150 /* a connection that must not come: local, so it would be there at once */

static struct tenant a, b, c;

static const struct tenant_port web = { IPPROTO_TCP, 8080, 80 };
static const struct tenant_port web_and_dns[] = { { IPPROTO_TCP, 8080, 80 }, { IPPROTO_UDP, 5353, 53 } };

static const char *no_nft; /* path of the none plugin */

/* Each test has two tenants, acme with a TCP and a UDP port, and its own filters. */
static int setup(void **state) {
        tenant_spawn(&a, "acme", 0);
        tenant_spawn(&b, "rival", 1);
        tenant_attach(&a, web_and_dns, ELEMENTSOF(web_and_dns));
        tenant_attach(&b, NULL, 0);
        return 0;
}

static int teardown(void **state) {
        struct tenant *all[] = { &a, &b, &c };

        for (size_t i = 0; i < ELEMENTSOF(all); i++) {
                tenant_end(all[i]);
        }
        return 0;
}

static bool reaches_web(int ns, const char *address, uint16_t port, int listener, char *ret_from) {
        int fd = connect_timeout(ns, address, port, 2000);
        bool r = fd >= 0 && accept_from(listener, ret_from);

        if (fd >= 0) {
                close(fd);
        }
        return r;
}

static void test_nat_out(void **state) {
        int server = tcp_listener(outside_ns, OUTSIDE_ADDRESS, 80),
            box = udp_socket(outside_ns, OUTSIDE_ADDRESS, 9000);
        int mine = udp_socket(a.netns_fd, a.address, 1234);
        char from[16];

        assert_true(reaches_web(a.netns_fd, OUTSIDE_ADDRESS, 80, server, from));
        assert_string_equal(from, HOST_ADDRESS);
        udp_send(mine, OUTSIDE_ADDRESS, 9000, "hello");
        assert_true(udp_expect(box, "hello", from));
        assert_string_equal(from, HOST_ADDRESS);
        close(mine);
        close(box);
        close(server);
}

/* `forbidden` goes first; then somebody who may sends to the same socket. */
static void assert_shut(int from_ns, const char *address, uint16_t port, int box, int allowed,
                        const char *to) {
        int sender = udp_socket(from_ns, "0.0.0.0", 0);

        udp_send(sender, address, port, "forbidden");
        udp_send(allowed, to, port, "allowed");
        assert_true(udp_expect(box, "allowed", NULL));
        close(sender);
}

static void test_first_packet_arrives(void **state) {
        int box, host = udp_socket(-1, "0.0.0.0", 0);

        tenant_spawn(&c, "late", 2);
        for (unsigned i = 0; i < 20; i++) {
                assert_ok(ops->attach(&c.context, c.netns_fd, NULL, 0, &error));
                box = udp_socket(c.netns_fd, c.address, 7000);
                udp_send(host, c.address, 7000, "first");
                assert_true(udp_expect(box, "first", NULL));
                close(box);
        }
        close(host);
}

static void test_tenants_apart(void **state) {
        int box = udp_socket(a.netns_fd, a.address, 7000), host = udp_socket(-1, "0.0.0.0", 0);
        int listener = tcp_listener(a.netns_fd, a.address, 7001), fd;
        char from[16];

        assert_shut(b.netns_fd, a.address, 7000, box, host, a.address);
        assert_int_equal(connect_timeout(b.netns_fd, a.address, 7001, SHORT_MS), -ETIMEDOUT);
        /* The host may: the listener is really there. */
        fd = connect_timeout(-1, a.address, 7001, 2000);
        assert_true(fd >= 0 && accept_from(listener, from));
        close(fd);
        close(listener);
        close(host);
        close(box);
}

static void test_host_services_shut(void **state) {
        int box = udp_socket(-1, "0.0.0.0", 7000), outside = udp_socket(outside_ns, "0.0.0.0", 0);
        const char *addresses[] = { GATEWAY_ADDRESS, HOST_ADDRESS };

        for (size_t i = 0; i < ELEMENTSOF(addresses); i++) {
                assert_shut(a.netns_fd, addresses[i], 7000, box, outside, HOST_ADDRESS);
        }
        close(outside);
        close(box);
}

static void test_answers_reach_tenant_and_host(void **state) {
        /* What is shut is only what tenants begin: the host's own questions are answered. */
        int host = udp_socket(-1, "0.0.0.0", 7000), box = udp_socket(a.netns_fd, a.address, 7001);

        udp_send(host, a.address, 7001, "question");
        assert_true(udp_expect(box, "question", NULL));
        udp_send(box, GATEWAY_ADDRESS, 7000, "answer");
        assert_true(udp_expect(host, "answer", NULL));
        close(box);
        close(host);
}

static void test_metadata_shut(void **state) {
        static const char *const addresses[] = { METADATA_ADDRESS, ALIBABA_METADATA_ADDRESS };
        static const uint16_t wire_ports[] = { 80, 32526 };
        int host = udp_socket(-1, "0.0.0.0", 0), fd;
        char from[16];

        for (size_t i = 0; i < ELEMENTSOF(addresses); i++) {
                int box = udp_socket(outside_ns, addresses[i], 80);

                assert_shut(a.netns_fd, addresses[i], 80, box, host, addresses[i]);
                close(box);
        }
        for (size_t i = 0; i < ELEMENTSOF(wire_ports); i++) {
                int listener = tcp_listener(outside_ns, AZURE_WIRE_ADDRESS, wire_ports[i]);

                assert_int_equal(connect_timeout(a.netns_fd, AZURE_WIRE_ADDRESS, wire_ports[i], SHORT_MS),
                                 -ETIMEDOUT);
                fd = connect_timeout(-1, AZURE_WIRE_ADDRESS, wire_ports[i], 2000);
                assert_true(fd >= 0 && accept_from(listener, from));
                close(fd);
                close(listener);
        }
        /* The same address is the cloud's name server. */
        fd = tcp_listener(outside_ns, AZURE_WIRE_ADDRESS, 53);
        assert_true(reaches_web(a.netns_fd, AZURE_WIRE_ADDRESS, 53, fd, from));
        close(fd);
        close(host);
}

/* What is meant for a tenant that stopped goes nowhere: the host's default route would carry it out. */
static void test_stopped_address_shut(void **state) {
        const int senders[] = { a.netns_fd, -1 };
        int box = udp_socket(outside_ns, STOPPED_ADDRESS, 80),
            outside = udp_socket(outside_ns, "0.0.0.0", 0);

        /* Twice each: what was late the first time would come before the second word that is allowed. */
        for (size_t i = 0; i < 2 * ELEMENTSOF(senders); i++) {
                assert_shut(senders[i / 2], STOPPED_ADDRESS, 80, box, outside, STOPPED_ADDRESS);
        }
        close(outside);
        close(box);
}

static void forge_all(int raw, int box, int mine) {
        /* `rival` may never appear as acme, as a stranger, as the host, as the outside itself. */
        const char *sources[] = { a.address,       "203.0.113.9", HOST_ADDRESS,
                                  GATEWAY_ADDRESS, "127.0.0.1",   OUTSIDE_ADDRESS };

        for (size_t i = 0; i < ELEMENTSOF(sources); i++) {
                udp_forge(raw, sources[i], OUTSIDE_ADDRESS, 9000, "forged");
                udp_send(mine, OUTSIDE_ADDRESS, 9000, "genuine");
                assert_true(udp_expect(box, "genuine", NULL));
        }
}

static void test_no_forged_source(void **state) {
        int box = udp_socket(outside_ns, OUTSIDE_ADDRESS, 9000), mine = udp_socket(b.netns_fd, b.address, 0);
        int raw = raw_socket(b.netns_fd);

        forge_all(raw, box, mine);
        /* The filters do it alone, also where an administrator switched the kernel's own check off … */
        run("echo 0 > /proc/sys/net/ipv4/conf/tn1/rp_filter");
        forge_all(raw, box, mine);
        /* … and so does the kernel's check while the filters are flushed (no NAT then: the outside sees the address). */
        run("echo 1 > /proc/sys/net/ipv4/conf/tn1/rp_filter; nft flush ruleset");
        forge_all(raw, box, mine);
        close(raw);
        close(mine);
        close(box);
}

static void test_host_interface_is_guarded(void **state) {
        assert_true(command_says("cat /proc/sys/net/ipv4/conf/tn0/rp_filter", "1"));
        assert_true(command_says("cat /proc/sys/net/ipv4/conf/tn0/forwarding", "1"));
        assert_true(command_says("cat /proc/sys/net/ipv4/conf/tn0/accept_redirects", "0"));
        assert_true(command_says("cat /proc/sys/net/ipv4/conf/tn0/send_redirects", "0"));
        assert_true(command_says("cat /proc/sys/net/ipv4/conf/tn0/route_localnet", "0"));
        assert_true(command_says("cat /proc/sys/net/ipv6/conf/tn0/disable_ipv6", "1"));
        assert_true(command_says("ip link show tn0", "NOARP"));
        assert_true(command_says("ip link show tn0", "LOWER_UP"));
}

static void test_published(void **state) {
        int listener = tcp_listener(a.netns_fd, a.address, 80), box = udp_socket(a.netns_fd, a.address, 53);
        int outside = udp_socket(outside_ns, "0.0.0.0", 0), host = udp_socket(-1, "0.0.0.0", 0);
        int rival = udp_socket(b.netns_fd, "0.0.0.0", 0);
        char from[16];

        assert_true(reaches_web(outside_ns, HOST_ADDRESS, 8080, listener, from));
        assert_string_equal(from, OUTSIDE_ADDRESS); /* the customer's logs tell who came */
        assert_true(reaches_web(-1, HOST_ADDRESS, 8080, listener, from));
        udp_send(outside, HOST_ADDRESS, 5353, "outside");
        assert_true(udp_expect(box, "outside", NULL));
        /* Not for other tenants, by no address of the host; and not by the tenant's own address from elsewhere. */
        udp_send(rival, HOST_ADDRESS, 5353, "rival");
        udp_send(rival, GATEWAY_ADDRESS, 5353, "rival");
        udp_send(outside, a.address, 53, "direct");
        udp_send(host, HOST_ADDRESS, 5353, "host");
        assert_true(udp_expect(box, "host", NULL));
        assert_int_equal(connect_timeout(b.netns_fd, HOST_ADDRESS, 8080, SHORT_MS), -ETIMEDOUT);
        assert_int_equal(connect_timeout(outside_ns, a.address, 80, SHORT_MS), -ETIMEDOUT);
        close(rival);
        close(host);
        close(outside);
        close(box);
        close(listener);
}

/* What a tenant opened to a client of another's port, from that port's number, is not where the client's packets go. */
static void test_published_port_is_not_shadowed(void **state) {
        int client = udp_socket(outside_ns, OUTSIDE_ADDRESS, 5601);
        int rival = udp_socket(b.netns_fd, b.address, 5353), box = udp_socket(a.netns_fd, a.address, 53);

        udp_send(rival, OUTSIDE_ADDRESS, 5601, "rival");
        assert_true(udp_expect(client, "rival", NULL));
        udp_send(client, HOST_ADDRESS, 5353, "question");
        assert_true(udp_expect(box, "question", NULL));
        close(box);
        close(rival);
        close(client);
}

static void test_admins_rules_stand(void **state) {
        int listener = tcp_listener(a.netns_fd, a.address, 80);
        char from[16];

        run("nft 'add table inet admin; add chain inet admin f { type filter hook forward priority 10; }; "
            "add rule inet admin f tcp dport 80 drop'");
        assert_int_equal(connect_timeout(outside_ns, HOST_ADDRESS, 8080, SHORT_MS), -ETIMEDOUT);
        run("nft delete table inet admin");
        assert_true(reaches_web(outside_ns, HOST_ADDRESS, 8080, listener, from));
        close(listener);
}

static void test_port_conflict(void **state) {
        int listener = tcp_listener(a.netns_fd, a.address, 80);
        const struct tenant_port wanted[] = { { IPPROTO_TCP, 8081, 81 }, web };
        char from[16];

        assert_int_equal(ops->publish(&b.context, wanted, 2, &error), -EADDRINUSE);
        assert_string_equal(error.name, "AddressInUse");
        assert_non_null(strstr(error.message, "8080"));
        assert_non_null(strstr(error.message, "acme"));
        assert_false(command_says("nft list map inet tenantd publish_tcp", "8081"));
        /* A start that fails takes nothing from others, nor does its undo. */
        tenant_spawn(&c, "late", 2);
        assert_int_equal(ops->attach(&c.context, c.netns_fd, &web, 1, &error), -EADDRINUSE);
        assert_int_equal(if_nametoindex("tn2"), 0);
        assert_ok(ops->release(&c.context, &error));
        assert_true(reaches_web(outside_ns, HOST_ADDRESS, 8080, listener, from));
        close(listener);
}

static void test_host_service_not_hijacked(void **state) {
        int ssh = tcp_listener(-1, "0.0.0.0", 22), dns = udp_socket(-1, "127.0.0.1", 53), fd;
        const struct tenant_port tcp = { IPPROTO_TCP, 22, 22 }, udp = { IPPROTO_UDP, 53, 53 },
                                 lent = { IPPROTO_TCP, 2222, 22 };

        assert_int_equal(ops->publish(&a.context, &tcp, 1, &error), -EADDRINUSE);
        assert_string_equal(error.name, "AddressInUse");
        assert_int_equal(ops->publish(&a.context, &udp, 1, &error), -EADDRINUSE);
        close(ssh);
        close(dns);
        /* A connection on its way out that was lent the number is no service. */
        ssh = tcp_listener(outside_ns, OUTSIDE_ADDRESS, 99);
        fd = connect_from(2222, OUTSIDE_ADDRESS, 99);
        assert_true(fd >= 0);
        assert_ok(ops->publish(&a.context, &lent, 1, &error));
        close(fd);
        close(ssh);
}

static void test_publish_is_exact(void **state) {
        int listener = tcp_listener(a.netns_fd, a.address, 80);
        const struct tenant_port other[] = { { IPPROTO_TCP, 8081, 80 } }, moved = { IPPROTO_TCP, 8080, 81 };
        int fd;
        char from[16];

        assert_ok(ops->publish(&a.context, other, 1, &error));
        assert_true(reaches_web(outside_ns, HOST_ADDRESS, 8081, listener, from));
        assert_int_equal(connect_timeout(outside_ns, HOST_ADDRESS, 8080, 2000), -ECONNREFUSED);
        assert_false(command_says("nft list map inet tenantd publish_udp", "5353"));
        assert_ok(ops->publish(&a.context, &web, 1, &error));
        assert_ok(ops->publish(&a.context, &moved, 1,
                               &error)); /* same host port, other port inside, one transaction */
        fd = connect_timeout(outside_ns, HOST_ADDRESS, 8080, 2000);
        assert_int_equal(fd, -ECONNREFUSED);
        assert_ok(ops->publish(&a.context, NULL, 0, &error));
        assert_false(command_says("nft list table inet tenantd", "8080"));
        close(listener);
}

static void test_flush_is_mended(void **state) {
        int listener = tcp_listener(a.netns_fd, a.address, 80),
            box = udp_socket(outside_ns, OUTSIDE_ADDRESS, 9000);
        int mine = udp_socket(b.netns_fd, b.address, 0), raw = raw_socket(b.netns_fd);
        char from[16];

        assert_ok(ops->intact(a.context.host, &error));
        run("nft flush ruleset");
        assert_int_equal(ops->intact(a.context.host, &error), -ENOENT);
        tenant_spawn(&c, "late", 2);
        tenant_attach(&c, NULL, 0);
        assert_true(reaches_web(outside_ns, HOST_ADDRESS, 8080, listener, from));
        run("echo 0 > /proc/sys/net/ipv4/conf/tn1/rp_filter");
        forge_all(raw, box, mine);
        /* Somebody else's port is still his, though the kernel had forgotten. */
        run("nft flush ruleset");
        assert_int_equal(ops->publish(&c.context, &web, 1, &error), -EADDRINUSE);
        /* Rules without sets: gc applies them again. */
        run("nft flush table inet tenantd");
        assert_int_equal(ops->intact(a.context.host, &error), -ENOENT);
        assert_ok(plugin->gc(a.context.host, (struct tenant_context[]){ a.context, b.context, c.context }, 3,
                             &error));
        assert_ok(ops->intact(a.context.host, &error));
        forge_all(raw, box, mine);
        assert_true(reaches_web(outside_ns, HOST_ADDRESS, 8080, listener, from));
        /* So does whoever starts. */
        run("nft flush table inet tenantd");
        tenant_attach(&c, NULL, 0);
        forge_all(raw, box, mine);
        assert_true(reaches_web(outside_ns, HOST_ADDRESS, 8080, listener, from));
        close(raw);
        close(mine);
        close(box);
        close(listener);
}

/* Set beside a stop: a tenant that stopped publishes nothing. */
static void test_publish_waits_for_release(void **state) {
        int lock = open(STATE, O_RDONLY | O_DIRECTORY | O_CLOEXEC), status;
        char waits[64];
        pid_t pid;

        assert_int_equal(flock(lock, LOCK_SH), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                close(lock); /* with the parent's, the lock ends */
                _exit(ops->publish(&a.context, &web, 1, &error) == -ENODEV ? 0 : 1);
        }
        snprintf(waits, sizeof(waits), "grep ' -> FLOCK .* %d ' /proc/locks", pid);
        while (!command_says(waits, "FLOCK")) {
                assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
        }
        assert_ok(ops->release(&a.context, &error));
        close(lock);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
        assert_false(command_says("nft list map inet tenantd publish_tcp", "8080"));
}

static void test_attach_after_kill(void **state) {
        char from[16];
        int listener;

        for (unsigned i = 0; i < 3; i++) {
                /* No release between: what the earlier life left is in the way, its link perhaps still dying. */
                tenant_kill(&a);
                tenant_spawn(&a, "acme", 0);
                tenant_attach(&a, &web, 1);
                listener = tcp_listener(a.netns_fd, a.address, 80);
                assert_true(reaches_web(outside_ns, HOST_ADDRESS, 8080, listener, from));
                close(listener);
                assert_false(command_says("nft list map inet tenantd publish_udp", "5353"));
        }
}

static void test_name_taken_by_admin(void **state) {
        run("ip link add tn2 type veth peer name other");
        tenant_spawn(&c, "late", 2);
        assert_int_equal(ops->attach(&c.context, c.netns_fd, NULL, 0, &error), -EBUSY);
        assert_non_null(strstr(error.message, "rename"));
        assert_true(if_nametoindex("tn2") > 0);
        assert_ok(ops->release(&c.context, &error));
        assert_ok(plugin->gc(a.context.host, NULL, 0, &error));
        assert_ok(ops->forget(&c.context, &error));
        assert_true(if_nametoindex("tn2") > 0); /* not ours: gc and forget leave it */
        run("ip link del tn2");
}

static void test_usage(void **state) {
        struct tenant_network_usage before = { .struct_size = sizeof(before) },
                                    after = { .struct_size = sizeof(after) };
        int box = udp_socket(outside_ns, OUTSIDE_ADDRESS, 9000), mine = udp_socket(a.netns_fd, a.address, 0);

        assert_ok(ops->usage(&a.context, &before, &error));
        udp_send(mine, OUTSIDE_ADDRESS, 9000, "twelve bytes");
        assert_true(udp_expect(box, "twelve bytes", NULL));
        assert_ok(ops->usage(&a.context, &after, &error));
        assert_int_equal(after.sent_packets - before.sent_packets, 1);
        assert_int_equal(after.sent_bytes - before.sent_bytes, 14 + 20 + 8 + 12);
        assert_int_equal(after.received_packets, before.received_packets);
        tenant_spawn(&c, "late", 2);
        assert_int_equal(ops->usage(&c.context, &after, &error), -ENODEV);
        close(mine);
        close(box);
}

static void test_release_leaves_nothing(void **state) {
        struct tenant *both[] = { &a, &b };

        for (size_t i = 0; i < 2; i++) {
                tenant_kill(both[i]);
                assert_ok(ops->release(&both[i]->context, &error));
                assert_ok(ops->release(&both[i]->context, &error)); /* again: fine */
        }
        /* (`flows` is the kernel's own: it forgets an address with its last connection.) */
        assert_false(command_says("nft list set inet tenantd source; nft list map inet tenantd publish_tcp; "
                                  "nft list map inet tenantd publish_udp",
                                  "elements"));
        assert_true(link_gone("tn0") && link_gone("tn1"));
        assert_false(command_says("ip route show table all", "100.80."));
        assert_false(command_says("ls -A " STATE, "tn"));
}

/* Whoever has the address next. A port taken back leaves the connection, so the neighbour's shows that only one's were forgotten. */
static void test_connections_are_not_inherited(void **state) {
        int outside = udp_socket(outside_ns, "0.0.0.0", 0),
            answers = udp_socket(outside_ns, OUTSIDE_ADDRESS, 9000);
        int box = udp_socket(a.netns_fd, a.address, 53), rival = udp_socket(b.netns_fd, b.address, 7000);
        const struct tenant_port port = { IPPROTO_UDP, 7100, 7000 };
        struct sockaddr_in from;
        socklen_t size = sizeof(from);
        char word[16];

        assert_ok(ops->publish(&b.context, &port, 1, &error));
        udp_send(outside, HOST_ADDRESS, 5353, "before");
        assert_true(udp_expect(box, "before", NULL));
        udp_send(outside, HOST_ADDRESS, 7100, "before");
        assert_true(udp_expect(rival, "before", NULL));
        assert_ok(ops->publish(&b.context, NULL, 0, &error));
        assert_ok(ops->release(&a.context, &error));
        assert_true(if_nametoindex("tn0") > 0); /* somebody still has the namespace: we do */
        assert_ok(ops->forget(&a.context, &error));
        assert_true(if_nametoindex("tn0") == 0);
        tenant_attach(&a, NULL, 0);
        udp_send(outside, HOST_ADDRESS, 5353, "inherited");
        udp_send(outside, HOST_ADDRESS, 7100, "still");
        assert_true(udp_expect(rival, "still", NULL));
        assert_int_equal(recv(box, word, sizeof(word), MSG_DONTWAIT), -1);
        /* What it opened itself, too. */
        udp_send(box, OUTSIDE_ADDRESS, 9000, "out");
        assert_int_equal(recvfrom(answers, word, sizeof(word), 0, (struct sockaddr *) &from, &size), 3);
        assert_ok(ops->forget(&a.context, &error));
        tenant_attach(&a, NULL, 0);
        assert_int_equal(sendto(answers, "late", 4, 0, (struct sockaddr *) &from, sizeof(from)), 4);
        udp_send(outside, HOST_ADDRESS, 7100, "again");
        assert_true(udp_expect(rival, "again", NULL));
        assert_int_equal(recv(box, word, sizeof(word), MSG_DONTWAIT), -1);
        close(rival);
        close(box);
        close(answers);
        close(outside);
}

static void test_release_without_table(void **state) {
        run("nft flush ruleset");
        assert_ok(ops->release(&a.context, &error));
        assert_true(access(STATE "tn0", F_OK) < 0);
}

static void test_stale_file_harms_nobody(void **state) {
        int listener = tcp_listener(a.netns_fd, a.address, 80);
        char from[16];

        /* As left by a start of rival that was killed before the kernel refused it acme's port. */
        run("echo port=tcp:8080:80 >> " STATE "tn1");
        assert_ok(ops->publish(&b.context, NULL, 0, &error));
        assert_true(reaches_web(outside_ns, HOST_ADDRESS, 8080, listener, from));
        run("echo port=tcp:8080:80 >> " STATE "tn1");
        assert_ok(ops->release(&b.context, &error));
        assert_true(reaches_web(outside_ns, HOST_ADDRESS, 8080, listener, from));
        close(listener);
}

static void test_gc(void **state) {
        /* As an agent of a later version has them, with members that this backend does not know. */
        struct {
                struct tenant_context context;
                uint64_t unknown[3];
        } later[] = { { a.context, { 7, 7, 7 } }, { a.context, { 7, 7, 7 } } };
        struct tenant_value values[16] = {};
        int listener = tcp_listener(a.netns_fd, a.address, 80);
        const struct tenant_port other = { IPPROTO_TCP, 8081, 81 };
        char from[16];

        tenant_set_rate(&b, values, "Egress", 1000000);
        assert_ok(ops->publish(&b.context, &other, 1, &error));
        assert_true(command_says(LIMIT_SETS, "tn1"));
        tenant_forget_rates(&b);
        later[0].context.struct_size = sizeof(later[0]);
        later[0].context.index = 7; /* somebody who does not run */
        assert_ok(plugin->gc(a.context.host, &later[0].context, 2, &error));
        assert_false(command_says("nft list table inet tenantd", "tn1"));
        assert_false(command_says("nft list table inet tenantd", "8081"));
        assert_int_equal(if_nametoindex("tn1"), 0);
        assert_true(access(STATE "tn1", F_OK) < 0);
        assert_true(reaches_web(outside_ns, HOST_ADDRESS, 8080, listener, from));
        close(listener);
}

static void test_allocate(void **state) {
        const struct tenant_fact used[] = { { "Address", "100.80.1.2" },
                                            { "Address", "100.80.1.3" },
                                            { "Other", "100.80.1.4" } };
        struct tenant_value values[3] = {};

        tenant_spawn(&c, "late", 2);
        assert_string_equal(c.address, "100.80.1.2");
        c.context.values = values;
        c.context.n_values = 3;
        assert_ok(ops->allocate(&c.context, used, 3, &error));
        assert_string_equal(c.address, "100.80.1.4");
        values[0] = (struct tenant_value){ true, true, 0xc6336407, "198.51.100.7" };
        assert_ok(ops->allocate(&c.context, used, 3, &error));
        assert_string_equal(c.address, "198.51.100.7");
        assert_ok(plugin->validate(&c.context, &error));
        values[0].u64 = 0x64500102;
        assert_int_equal(ops->allocate(&c.context, used, 3, &error), -EADDRINUSE);
        assert_int_equal(plugin->validate(&c.context, &error), -EINVAL); /* it has another one for life */
        values[0].u64 = 0x7f000001;
        assert_int_equal(plugin->validate(&c.context, &error), -EINVAL);
        values[0] = (struct tenant_value){};
        values[2] = (struct tenant_value){ true, true, 0, "9.9.9.9 dns.example" };
        assert_int_equal(plugin->validate(&c.context, &error), -EINVAL);
        assert_non_null(strstr(error.message, "dns.example"));
        c.context.values = NULL;
        c.context.n_values = 0;
}

static void test_probe(void **state) {
        assert_ok(plugin->probe(a.context.host, &error));
        run("mv /usr/share/tenantd/tenantd.nft /usr/share/tenantd/away");
        assert_int_equal(plugin->probe(a.context.host, &error), -ENOENT);
        assert_string_equal(error.name, "HostNotReady");
        run("mv /usr/share/tenantd/away /usr/share/tenantd/tenantd.nft");
}

static void test_broken_table_file_is_told(void **state) {
        run("cp /usr/share/tenantd/tenantd.nft /run/good; echo nonsense >> /usr/share/tenantd/tenantd.nft; "
            "nft flush ruleset");
        tenant_spawn(&c, "late", 2);
        assert_int_equal(ops->attach(&c.context, c.netns_fd, NULL, 0, &error), -EIO);
        assert_string_equal(error.name, "HostNotReady");
        assert_non_null(strstr(error.message, "nonsense"));
        assert_int_equal(if_nametoindex("tn2"), 0); /* no link without filters */
        run("cp /run/good /usr/share/tenantd/tenantd.nft");
}

static void test_none(void **state) {
        const struct tenant_plugin *(*get)(void) = (const struct tenant_plugin *(*) (void) ) dlsym(
                dlopen(no_nft, RTLD_NOW | RTLD_LOCAL), TENANT_PLUGIN_SYMBOL);
        const struct tenant_network_ops *none;
        int fd, home = udp_socket(-1, "0.0.0.0", 0), box;
        struct ifreq i = { .ifr_name = "lo" };

        assert_non_null(get);
        none = get()->ops;
        assert_true(get()->priority < 0);
        tenant_spawn(&c, "late", 2);
        assert_int_equal(none->attach(&c.context, c.netns_fd, &web, 1, &error), -ENOTSUP);
        assert_int_equal(none->fit(&c.context, &web, 1, &error), -ENOTSUP);
        assert_string_equal(error.name, "NotSupported");
        assert_non_null(strstr(error.message, "Profile=plain"));
        assert_ok(none->fit(&c.context, NULL, 0, &error));
        assert_ok(none->attach(&c.context, c.netns_fd, NULL, 0, &error));
        fd = udp_socket(c.netns_fd, "127.0.0.1", 0);
        assert_int_equal(ioctl(fd, SIOCGIFFLAGS, &i), 0);
        assert_true(i.ifr_flags & IFF_UP);
        box = udp_socket(c.netns_fd, "127.0.0.1", 7000);
        udp_send(fd, "127.0.0.1", 7000, "self");
        assert_true(udp_expect(box, "self", NULL));
        assert_true(connect_timeout(c.netns_fd, OUTSIDE_ADDRESS, 80, SHORT_MS) == -ENETUNREACH);
        /* and the caller is where it was */
        assert_true(if_nametoindex("up0") > 0);
        close(home);
        close(box);
        close(fd);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(int argc, char *argv[]) {
        const struct CMUnitTest tests[] = {
                TEST(test_nat_out),
                TEST(test_first_packet_arrives),
                TEST(test_tenants_apart),
                TEST(test_host_services_shut),
                TEST(test_answers_reach_tenant_and_host),
                TEST(test_metadata_shut),
                TEST(test_stopped_address_shut),
                TEST(test_no_forged_source),
                TEST(test_host_interface_is_guarded),
                TEST(test_published),
                TEST(test_published_port_is_not_shadowed),
                TEST(test_admins_rules_stand),
                TEST(test_port_conflict),
                TEST(test_host_service_not_hijacked),
                TEST(test_publish_is_exact),
                TEST(test_flush_is_mended),
                TEST(test_publish_waits_for_release),
                TEST(test_attach_after_kill),
                TEST(test_name_taken_by_admin),
                TEST(test_usage),
                TEST(test_release_leaves_nothing),
                TEST(test_connections_are_not_inherited),
                TEST(test_release_without_table),
                TEST(test_stale_file_harms_nobody),
                TEST(test_gc),
                TEST(test_allocate),
                TEST(test_probe),
                TEST(test_broken_table_file_is_told),
                TEST(test_none),
        };

        if (argc != 4) {
                fprintf(stderr, "usage: %s network-routed.so network-none.so tenantd.nft\n", argv[0]);
                return 2;
        }
        no_nft = argv[2];
        world_make(argv[1], argv[3]);
        return cmocka_run_group_tests_name("network", tests, NULL, NULL);
}
