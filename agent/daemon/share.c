/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* share.c: see share.h. Knows a bounded number of users; who has saved all he can is as good as unknown. Owned by the agent. */
#include "share.h"

#define USER_SHARE_PERCENT 5
#define USER_MOST_USEC (500 * INT64_C(1000))
#define ALL_SHARE_PERCENT 25
#define ALL_MOST_USEC (1000 * INT64_C(1000))
#define LEAST_USEC (-500 * INT64_C(1000))
#define USED_MOST_USEC (UINT64_C(3600) * 1000 * 1000)
#define USERS_MAX 1024u

typedef struct Purse {
        int64_t left_usec;
        uint64_t seen_usec; /* left_usec is of then */
} Purse;

struct Shares {
        GHashTable *users; /* uid → Purse */
        Purse all;
};

Shares *shares_new(void) {
        Shares *b = g_new0(Shares, 1);

        b->users = g_hash_table_new_full(NULL, NULL, NULL, g_free);
        b->all.left_usec = ALL_MOST_USEC;
        return b;
}

Shares *shares_free(Shares *b) {
        if (b) {
                g_hash_table_unref(b->users);
                g_free(b);
        }
        return NULL;
}

/* Only whole microseconds are given, and only the time they stand for is gone: asked often, nothing is lost. */
static void refill(Purse *p, uint64_t now_usec, int64_t percent, int64_t most_usec) {
        uint64_t past = now_usec > p->seen_usec ? now_usec - p->seen_usec : 0;
        uint64_t enough = (uint64_t) (most_usec - p->left_usec) * 100 / (uint64_t) percent;
        int64_t given;

        if (past >= enough) {
                *p = (Purse){ .left_usec = most_usec, .seen_usec = now_usec };
                return;
        }
        given = (int64_t) past * percent / 100;
        p->left_usec += given;
        p->seen_usec += (uint64_t) (given * 100 / percent);
}

static gboolean is_full(gpointer uid, gpointer value, gpointer now_usec) {
        Purse *p = value;

        refill(p, *(uint64_t *) now_usec, USER_SHARE_PERCENT, USER_MOST_USEC);
        return p->left_usec == USER_MOST_USEC;
}

/* NULL: too many users have taken something lately; the share of all is then the only bound. */
static Purse *purse_of(Shares *b, uid_t uid, uint64_t now_usec) {
        Purse *p = g_hash_table_lookup(b->users, GUINT_TO_POINTER(uid));

        if (!p && g_hash_table_size(b->users) >= USERS_MAX) {
                (void) g_hash_table_foreach_remove(b->users, is_full, &now_usec); /* how many: no matter */
        }
        if (!p && g_hash_table_size(b->users) < USERS_MAX) {
                p = g_new0(Purse, 1);
                *p = (Purse){ .left_usec = USER_MOST_USEC, .seen_usec = now_usec };
                (void) g_hash_table_insert(b->users, GUINT_TO_POINTER(uid), p); /* was not there */
        }
        if (p) {
                refill(p, now_usec, USER_SHARE_PERCENT, USER_MOST_USEC);
        }
        refill(&b->all, now_usec, ALL_SHARE_PERCENT, ALL_MOST_USEC);
        return p;
}

bool shares_has(Shares *b, uid_t uid, uint64_t now_usec) {
        const Purse *p = purse_of(b, uid, now_usec);

        return b->all.left_usec > 0 && (!p || p->left_usec > 0);
}

static void take(Purse *p, uint64_t used_usec) {
        p->left_usec = MAX(LEAST_USEC, p->left_usec - (int64_t) MIN(used_usec, USED_MOST_USEC));
}

void shares_take(Shares *b, uid_t uid, uint64_t now_usec, uint64_t used_usec) {
        Purse *p = purse_of(b, uid, now_usec);

        if (p) {
                take(p, used_usec);
        }
        take(&b->all, used_usec);
}
