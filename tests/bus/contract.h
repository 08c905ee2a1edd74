/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* contract.h: the members of an interface, from an XML of dbus/ or from a live Introspect. */
#pragma once

#include "world.h"

#define MEMBERS_MAX 64

typedef struct Member {
        char name[64];
        char interface[64];
        bool is_method;
        bool is_property;
        char text[512]; /* kind, arguments, access, annotations: all that must be equal */
        char in[64]; /* signature of a method */
        char action[64]; /* org.tenantd1.Action of the XML */
} Member;

typedef struct Contract {
        Member members[MEMBERS_MAX];
        size_t n;
} Contract;

/* Members of every interface whose name begins with "org.tenantd1.", in order of interface, kind and name. */
void contract_parse(const char *xml, size_t size, Contract *ret);

/* org.tenantd1.NAME.xml of the directory that the environment names. */
void contract_load(const char *name, Contract *ret);

/* The members of one interface of a larger contract. */
void contract_filter(const Contract *c, const char *interface, Contract *ret);
