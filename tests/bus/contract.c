/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* contract.c: see contract.h. By libxml2, so that neither side is read by code of ours. Owned by tests/bus. */
#include "contract.h"
#include "io.h"
#include <fcntl.h>
#include <libxml/parser.h>
#include <stdio.h>

static const char *attribute(xmlNode *node, const char *name) {
        static char buf[4][128];
        static unsigned next;
        xmlChar *value = xmlGetProp(node, (const xmlChar *) name);
        char *to = buf[next++ % 4];

        snprintf(to, sizeof(buf[0]), "%s", value ? (const char *) value : "");
        xmlFree(value);
        return to;
}

static bool is_element(xmlNode *node, const char *name) {
        return node->type == XML_ELEMENT_NODE && strcmp((const char *) node->name, name) == 0;
}

static void append(char *to, size_t size, const char *text) {
        size_t n = strlen(to);

        assert_true((size_t) snprintf(to + n, size - n, "%s", text) < size - n);
}

static void add_argument(Member *m, xmlNode *arg) {
        const char *type = attribute(arg, "type"), *direction = attribute(arg, "direction");
        bool out = strcmp(direction, "out") == 0;
        char text[256];

        if (m->is_method && !out) {
                append(m->in, sizeof(m->in), type);
        }
        snprintf(text, sizeof(text), " %s%s:%s", m->is_method ? (out ? ">" : "<") : "",
                 attribute(arg, "name"), type);
        append(m->text, sizeof(m->text), text);
}

static void add_annotation(Member *m, xmlNode *annotation) {
        const char *name = attribute(annotation, "name"), *value = attribute(annotation, "value");
        char text[256];

        if (strcmp(name, "org.tenantd1.Action") == 0) {
                snprintf(m->action, sizeof(m->action), "%s", value);
                return;
        }
        snprintf(text, sizeof(text), " @%s=%s", name, value);
        append(m->text, sizeof(m->text), text);
}

static void add_member(Contract *c, const char *interface, xmlNode *node) {
        const char *name = attribute(node, "name");
        Member *m = &c->members[c->n++];

        assert_true(c->n <= MEMBERS_MAX);
        *m = (Member){ .is_method = is_element(node, "method"),
                       .is_property = is_element(node, "property") };
        snprintf(m->name, sizeof(m->name), "%s", name);
        snprintf(m->interface, sizeof(m->interface), "%s", interface);
        snprintf(m->text, sizeof(m->text), "%s %s.%s type=%s access=%s", (const char *) node->name,
                 interface, name, attribute(node, "type"), attribute(node, "access"));
        for (xmlNode *i = node->children; i; i = i->next) {
                if (is_element(i, "arg")) {
                        add_argument(m, i);
                } else if (is_element(i, "annotation")) {
                        add_annotation(m, i);
                }
        }
}

static void add_interface(Contract *c, xmlNode *node) {
        char name[64];

        snprintf(name, sizeof(name), "%s", attribute(node, "name"));
        for (xmlNode *i = node->children; i && strncmp(name, "org.tenantd1.", 13) == 0; i = i->next) {
                if (is_element(i, "method") || is_element(i, "signal") || is_element(i, "property")) {
                        add_member(c, name, i);
                }
        }
}

static int compare(const void *a, const void *b) {
        return strcmp(((const Member *) a)->text, ((const Member *) b)->text);
}

void contract_parse(const char *xml, size_t size, Contract *ret) {
        xmlDoc *doc = xmlReadMemory(xml, (int) size, "interface.xml", NULL, XML_PARSE_NONET);

        assert_non_null(doc);
        ret->n = 0;
        for (xmlNode *i = xmlDocGetRootElement(doc)->children; i; i = i->next) {
                if (is_element(i, "interface")) {
                        add_interface(ret, i);
                }
        }
        xmlFreeDoc(doc);
        qsort(ret->members, ret->n, sizeof(Member), compare);
}

void contract_load(const char *name, Contract *ret) {
        _cleanup_free_ char *xml = NULL;
        char path[512];
        size_t size;

        snprintf(path, sizeof(path), "%s/org.tenantd1.%s.xml", getenv("DBUS_DIRECTORY"), name);
        assert_int_equal(file_read(AT_FDCWD, path, 1024 * 1024, &xml, &size), 0);
        contract_parse(xml, size, ret);
        assert_true(ret->n > 0);
}

void contract_filter(const Contract *c, const char *interface, Contract *ret) {
        ret->n = 0;
        for (size_t i = 0; i < c->n; i++) {
                if (strcmp(c->members[i].interface, interface) == 0) {
                        ret->members[ret->n++] = c->members[i];
                }
        }
}
