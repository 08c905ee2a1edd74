/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tree.c: see tree.h. By libxml2, as contract.c. Owned by tests/bus. */
#include "tree.h"
#include <libxml/parser.h>
#include <stdio.h>

#define INTROSPECTABLE "org.freedesktop.DBus.Introspectable"

static bool is_element(xmlNode *node, const char *name) {
        return node->type == XML_ELEMENT_NODE && strcmp((const char *) node->name, name) == 0;
}

static bool has(xmlNode *node, const char *attribute, const char *value) {
        xmlChar *given = xmlGetProp(node, (const xmlChar *) attribute);
        bool same = given && strcmp((const char *) given, value) == 0;

        xmlFree(given);
        return same;
}

/* Appends the attribute's value. */
static void add_text(xmlNode *node, const char *attribute, char *to, size_t size) {
        xmlChar *given = xmlGetProp(node, (const xmlChar *) attribute);
        size_t n = strlen(to);

        assert_non_null(given);
        assert_true((size_t) snprintf(to + n, size - n, "%s", (const char *) given) < size - n);
        xmlFree(given);
}

static unsigned find_member(Tree *t, const TreeMember *m) {
        for (size_t i = 0; i < t->n_members; i++) {
                const TreeMember *known = &t->members[i];

                if (strcmp(known->interface, m->interface) == 0 && strcmp(known->name, m->name) == 0 &&
                    known->is_property == m->is_property) {
                        return (unsigned) i;
                }
        }
        assert_true(t->n_members < TREE_MEMBERS_MAX);
        t->members[t->n_members] = *m;
        return (unsigned) t->n_members++;
}

static void add_spot(Tree *t, const char *path, const char *interface, xmlNode *node) {
        TreeMember m = { .is_property = is_element(node, "property") };

        snprintf(m.interface, sizeof(m.interface), "%s", interface);
        add_text(node, "name", m.name, sizeof(m.name));
        if (m.is_property) {
                add_text(node, "type", m.type, sizeof(m.type));
        }
        for (xmlNode *i = node->children; i && !m.is_property; i = i->next) {
                if (is_element(i, "arg") && !has(i, "direction", "out")) {
                        add_text(i, "type", m.type, sizeof(m.type));
                }
        }
        if (t->n_spots < TREE_SPOTS_MAX) {
                Spot *s = &t->spots[t->n_spots++];

                snprintf(s->path, sizeof(s->path), "%s", path);
                s->member = find_member(t, &m);
        }
}

static void add_interface(Tree *t, const char *path, xmlNode *node) {
        char name[64] = "";

        add_text(node, "name", name, sizeof(name));
        for (xmlNode *i = node->children; i; i = i->next) {
                if (is_element(i, "method") || is_element(i, "property")) {
                        add_spot(t, path, name, i);
                }
        }
}

static void read_object(Client *c, Tree *t, const char *path);

static void read_child(Client *c, Tree *t, const char *path, xmlNode *node) {
        char child[256];

        snprintf(child, sizeof(child), "%s%s", path, strcmp(path, "/") == 0 ? "" : "/");
        add_text(node, "name", child, sizeof(child));
        read_object(c, t, child);
}

static void read_object(Client *c, Tree *t, const char *path) {
        _cleanup_reply_ DBusMessage *reply = client_call(c, path, INTROSPECTABLE, "Introspect", "");
        const char *xml;
        xmlDoc *doc;

        if (!dbus_message_get_args(reply, NULL, DBUS_TYPE_STRING, &xml, DBUS_TYPE_INVALID) ||
            dbus_message_get_type(reply) == DBUS_MESSAGE_TYPE_ERROR) {
                return;
        }
        doc = xmlReadMemory(xml, (int) strlen(xml), "object.xml", NULL, XML_PARSE_NONET);
        assert_non_null(doc);
        for (xmlNode *i = xmlDocGetRootElement(doc)->children; i; i = i->next) {
                if (is_element(i, "interface")) {
                        add_interface(t, path, i);
                } else if (is_element(i, "node")) {
                        read_child(c, t, path, i);
                }
        }
        xmlFreeDoc(doc);
}

void tree_read(Client *c, Tree *t) {
        t->n_spots = 0;
        read_object(c, t, "/");
}
