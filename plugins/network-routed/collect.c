/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* collect.c: see collect.h. Refuses to touch links that bear a tenant's name, but not its number. */
#include "collect.h"
#include "address.h"
#include "filter.h"
#include "link.h"
#include "state.h"
#include "table.h"

struct living {
        const struct tenant_context *contexts;
        size_t n;
        struct filter *filter;
        bool any_attached;
};

static bool is_living_index(const struct living *living, uint32_t index) {
        for (size_t i = 0; i < living->n; i++) {
                if (tenant_context_at(living->contexts, i)->index == index) {
                        return true;
                }
        }
        return false;
}

static bool is_living_address(const struct living *living, uint32_t wanted) {
        for (size_t i = 0; i < living->n; i++) {
                uint32_t a = 0;

                if (address_remembered(tenant_context_at(living->contexts, i), &a) && a == wanted) {
                        return true;
                }
        }
        return false;
}

static int collect_element(const struct filter_element *element, void *userdata) {
        struct living *living = userdata;

        bool has_index = is_living_index(living, element->index);
        bool has_address = is_living_address(living, element->address);

        if (element->kind == FILTER_PORT && !has_address) {
                filter_port(living->filter, FILTER_REMOVE, &element->port, element->address);
        } else if (element->kind == FILTER_SOURCE && !(has_index && has_address)) {
                filter_source(living->filter, FILTER_REMOVE, element->index, element->address);
        } else if (element->kind == FILTER_LIMIT && !has_index) {
                filter_limit(living->filter, FILTER_REMOVE, element->index, element->limit, 0);
        }
        return 0;
}

static int collect_state(int fd, uint32_t index, void *userdata) {
        struct living *living = userdata;

        if (is_living_index(living, index)) {
                living->any_attached = true;
                return 0;
        }
        return state_remove(fd, index);
}

static int collect_elements(struct living *living) {
        _cleanup_(filter_done) struct filter f;
        int r;

        filter_begin(&f, NULL);
        living->filter = &f;
        r = filter_list(collect_element, living);
        return r < 0 ? r : filter_commit(&f, NULL);
}

/* Only interfaces that bear both the name and the number of a tenant's are touched. */
static int collect_links(const struct living *living) {
        _cleanup_closedir_ DIR *d = opendir("/sys/class/net");
        struct dirent *entry;
        int result = 0;

        if (!d) {
                return -errno;
        }
        while ((entry = readdir(d))) {
                unsigned index;
                char end;
                int r;

                if (sscanf(entry->d_name, "tn%8u%c", &index, &end) != 1 || is_living_index(living, index)) {
                        continue;
                }
                r = link_delete(index);
                result = r < 0 ? r : result;
        }
        return result;
}

int collect(const struct tenant_host *host, const struct tenant_context *contexts, size_t n_contexts,
            struct tenant_error *error) {
        struct living living = { .contexts = contexts, .n = n_contexts };
        _cleanup_close_ int state_fd = state_open(true);
        int r = state_fd == -ENOENT ? 0
                : state_fd < 0      ? state_fd
                                    : state_each(state_fd, collect_state, &living),
            r2;

        if (r < 0) {
                return tenant_error_set(error, r, "Failed", "Collecting the network state: %s",
                                        strerror(-r));
        }
        r = collect_elements(&living);
        r2 = collect_links(&living);
        r = r < 0 ? r : r2;
        if (r < 0) {
                return tenant_error_set(error, r, "Failed", "Collecting filters and links: %s",
                                        strerror(-r));
        }
        /* Whoever flushed rules, but not sets, left tenants unguarded without an error anywhere: apply them anyway. */
        return living.any_attached ? table_restore(state_fd, NULL, host, error) : 0;
}
