/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-contract.c: the live service is what dbus/ says, member by member, and no method can be without an action. */
#include "bus.h"
#include "client.h"
#include "contract.h"
#include "job.h"
#include "manager.h"

static void compare_live(Client *c, const char *path, const char *interface) {
        _cleanup_reply_ DBusMessage *reply =
                client_call(c, path, "org.freedesktop.DBus.Introspectable", "Introspect", "");
        Contract *all = calloc(3, sizeof(*all)), *live = all + 1, *wanted = all + 2;
        const char *xml;
        char name[64];

        assert_non_null(all);
        expect_reply(reply);
        assert_true(dbus_message_get_args(reply, NULL, DBUS_TYPE_STRING, &xml, DBUS_TYPE_INVALID));
        contract_parse(xml, strlen(xml), all);
        snprintf(name, sizeof(name), "org.tenantd1.%s", interface);
        contract_filter(all, name, live);
        contract_load(interface, wanted);
        for (size_t i = 0; i < live->n && i < wanted->n; i++) {
                assert_string_equal(live->members[i].text, wanted->members[i].text);
        }
        assert_int_equal(live->n, wanted->n);
        free(all);
}

static void test_live_is_xml(void **state) {
        World *w = *state;
        _cleanup_client_ Client *c = client_open(w, 0);
        _cleanup_reply_ DBusMessage *reply = NULL;
        const char *job;
        uint32_t id;

        reply = begin_create(c, "acme", "Docker.Enabled", "yes");
        job_of(reply, &id, &job);
        compare_live(c, job, "Job");
        expect_job(c, reply, "done", NULL);
        compare_live(c, MANAGER_PATH, "Manager");
        compare_live(c, ACME, "Tenant");
        compare_live(c, ACME, "Docker");
        compare_live(c, "/org/tenantd1/image/img", "Image");
        compare_live(c, "/org/tenantd1/backend/storage_null", "Backend");
}

static int handler(Call *call, TenantError *error) {
        return 0;
}

static int not_call_entry(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return 1;
}

static const sd_bus_vtable two_methods[] = {
        SD_BUS_VTABLE_START(0),
        BUS_METHOD("One", NULL, BUS_NO_NAMES, NULL, BUS_NO_NAMES),
        BUS_METHOD("Two", NULL, BUS_NO_NAMES, NULL, BUS_NO_NAMES),
        SD_BUS_VTABLE_END,
};

static const sd_bus_vtable unguarded[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("One", NULL, NULL, not_call_entry, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

static const sd_bus_vtable privileged[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("One", NULL, NULL, call_entry, 0),
        SD_BUS_VTABLE_END,
};

static void expect_incomplete(const sd_bus_vtable *vtable, const BusCall *calls, const char *text) {
        BusInterface interface = { .name = "x", .vtable = vtable, .calls = calls };
        TenantError error = { 0 };

        assert_false(bus_interface_is_complete(&interface, &error));
        assert_non_null(strstr(error.message, text));
}

static void test_incomplete_tables_are_refused(void **state) {
        static const BusCall one[] = { { "One", "a", handler }, { NULL } };
        static const BusCall both[] = { { "One", "a", handler }, { "Two", "a", handler }, { NULL } };
        static const BusCall no_action[] = { { "One", NULL, handler }, { "Two", "a", handler }, { NULL } };
        static const BusCall three[] = {
                { "One", "a", handler }, { "Two", "a", handler }, { "Three", "a", handler }, { NULL }
        };
        BusInterface good = { .name = "x", .vtable = two_methods, .calls = both };
        TenantError error = { 0 };

        assert_true(bus_interface_is_complete(&good, &error));
        expect_incomplete(two_methods, one, "x.Two has no action");
        expect_incomplete(two_methods, NULL, "x.One has no action");
        expect_incomplete(two_methods, no_action, "x.One has no action");
        expect_incomplete(two_methods, three, "no method Three");
        expect_incomplete(unguarded, one, "call_entry");
        expect_incomplete(privileged, one, "UNPRIVILEGED");
}

/* The actions of the XML, of the tables and of the policy file are the same ones. */
static void test_actions_agree(void **state) {
        static const BusInterface *const interfaces[] = { &manager_interface, &tenant_interface,
                                                          &docker_interface, &job_interface };
        static const char *const names[] = { "Manager", "Tenant", "Docker", "Job" };
        Contract *c = calloc(1, sizeof(*c));

        assert_non_null(c);
        for (size_t i = 0; i < ELEMENTSOF(interfaces); i++) {
                contract_load(names[i], c);
                for (size_t j = 0; j < c->n; j++) {
                        const BusCall *call = interfaces[i]->calls;

                        while (c->members[j].is_method && call->member &&
                               strcmp(call->member, c->members[j].name) != 0) {
                                call++;
                        }
                        assert_true(!c->members[j].is_method || call->member);
                        assert_string_equal(c->members[j].is_method ? call->action : "",
                                            c->members[j].action);
                }
        }
        free(c);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_live_is_xml, world_set_up, world_tear_down),
                cmocka_unit_test(test_incomplete_tables_are_refused),
                cmocka_unit_test(test_actions_agree),
        };

        return run_world_tests(tests);
}
