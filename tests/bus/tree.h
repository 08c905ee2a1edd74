/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tree.h: what a live service says of itself: every member of every interface of every object, by Introspect. */
#pragma once

#include "client.h"

#define TREE_SPOTS_MAX 16384
#define TREE_MEMBERS_MAX 256

/* One member at one object. */
typedef struct Spot {
        char path[256];
        unsigned member; /* index of Tree.members */
} Spot;

typedef struct TreeMember {
        char interface[64];
        char name[64];
        char type[64]; /* of a property, or the arguments of a method */
        bool is_property;
        unsigned calls, replies; /* the reader's own to count */
} TreeMember;

typedef struct Tree {
        TreeMember members
                [TREE_MEMBERS_MAX]; /* stay where they are, and keep their numbers, when the tree is read again */
        size_t n_members;
        Spot spots[TREE_SPOTS_MAX];
        size_t n_spots;
} Tree;

/* Reads all from "/" down. Objects that vanish meanwhile are left out. */
void tree_read(Client *c, Tree *t);
