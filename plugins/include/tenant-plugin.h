/* SPDX-License-Identifier: MIT */
/*
 * tenant-plugin.h: what every tenantd backend shares. libc types only, so that a plugin needs nothing of tenantd but these headers.
 *
 * A backend is one shared object, installed as KIND-NAME.so in the plugin directory, owned by root and writable by nobody else.
 * It exports exactly one symbol, tenant_plugin_get_v0(), which returns a constant descriptor. Every struct that crosses the
 * boundary begins with its own size; members are only ever appended. The reader copies min(its size, the given size) bytes into
 * a zeroed struct of its own (or asks TENANT_HAS before it uses a member), so that old plugins run in newer hosts and new
 * plugins in older ones. Structs without a size (setting, value, fact, idmap, port) travel in arrays and are fixed for an ABI.
 *
 * The host reads an ELF note (TENANT_PLUGIN_NOTE) and the dynamic symbol table before it loads the file, and refuses a plugin
 * of another ABI or kind, one with an RPATH, and one without the symbol, before any of its code has run.
 *
 * Rules for a plugin: no mutable globals (one process may serve several tenants), no threads, no signal handlers, every file
 * descriptor close-on-exec, no exec on the start path, nothing printed (use host->log). It is never unloaded.
 *
 * Each operation's comment block has fixed fields:
 *   When        the moment in a tenant's life
 *   Context     agent (must not block), worker (a process of its own, may block), composer (the start path; host root), release
 *   Ownership   who frees or closes what
 *   Units       of every number
 *   Errors      negative errno, with detail in *error; names that have a meaning for callers
 *   Idempotent  what a second call does
 *   If NULL     what the host does when the plugin leaves the operation out
 */
#pragma once

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TENANT_PLUGIN_ABI 0u
#define TENANT_PLUGIN_SYMBOL "tenant_plugin_get_v0"
#define TENANT_PLUGIN_EXPORT __attribute__((visibility("default")))

/* True when the struct that p points to is long enough to have the member: it may come from an older header. */
#define TENANT_HAS(p, member) ((p)->struct_size >= offsetof(__typeof__(*(p)), member) + sizeof((p)->member))

/* What TENANT_PLUGIN_NOTE writes; see elf(5), "Notes". */
#define TENANT_NOTE_SECTION ".note.tenantd"
#define TENANT_NOTE_OWNER "tenantd"
#define TENANT_NOTE_TYPE 1u

struct tenant_note {
        uint32_t name_size;
        uint32_t descriptor_size;
        uint32_t type;
        char name[8];
        uint32_t abi; /* the descriptor: two words in the machine's byte order */
        uint32_t kind;
};

/* Once per plugin, at file scope, without a semicolon: TENANT_PLUGIN_NOTE(TENANT_KIND_CGROUP) */
#define TENANT_PLUGIN_NOTE(kind_)                                                                           \
        __attribute__((used, aligned(4), section(TENANT_NOTE_SECTION))) static const struct tenant_note     \
                tenant_plugin_note = { sizeof(TENANT_NOTE_OWNER), 2 * sizeof(uint32_t), TENANT_NOTE_TYPE,   \
                                       TENANT_NOTE_OWNER,         TENANT_PLUGIN_ABI,    kind_ };

enum tenant_kind {
        TENANT_KIND_NAMESPACE,
        TENANT_KIND_CGROUP,
        TENANT_KIND_STORAGE,
        TENANT_KIND_NETWORK,
        TENANT_KIND_COUNT,
};

/*
 * An error with a text for an operator: what is wrong and what to do next. `name` is one of the short names of the bus interface
 * (InvalidSetting, NotSupported, HostNotReady, QuotaExceeded, Busy, NoSpace, Failed …); empty means Failed.
 */
struct tenant_error {
        int32_t code; /* negative errno; 0: no error */
        char name[44];
        char message[720];
};

__attribute__((format(printf, 4, 5))) static inline int
tenant_error_set(struct tenant_error *error, int code, const char *name, const char *format, ...) {
        code = code > 0 ? -code : code;
        if (error) {
                va_list ap;

                error->code = code;
                snprintf(error->name, sizeof(error->name), "%s", name);
                va_start(ap, format);
                vsnprintf(error->message, sizeof(error->message), format, ap);
                va_end(ap);
        }
        return code;
}

enum tenant_setting_type {
        TENANT_TYPE_STRING, /* text; bounded by the host to 4096 bytes, no control characters */
        TENANT_TYPE_BOOLEAN, /* yes/no/true/false/1/0/on/off → u64 0 or 1 */
        TENANT_TYPE_SIZE, /* bytes, suffixes K M G T (1024), or "infinity" → UINT64_MAX */
        TENANT_TYPE_COUNT, /* a plain number, or "infinity" → UINT64_MAX */
        TENANT_TYPE_PERCENT, /* "150%" → 150 */
        TENANT_TYPE_RATE, /* bits per second, suffixes K M G (1000) */
        TENANT_TYPE_LIST, /* words separated by blanks or commas; text is the words joined by one blank */
        TENANT_TYPE_IPV4, /* dotted quad, or "auto" (is_set false) → u64 in host byte order */
        TENANT_TYPE_CPUSET, /* "0-3,5" */
};

enum tenant_setting_flags {
        TENANT_SETTING_LIVE = 1u << 0, /* may change while the tenant runs */
};

/* One key that the backend understands in its section of the definition. Field's words first: systemd's where it has one. */
struct tenant_setting {
        const char *key;
        enum tenant_setting_type type;
        uint32_t flags;
        uint64_t minimum; /* for numbers; both 0: no bounds */
        uint64_t maximum;
        const char *unit; /* "bytes", "percent of one processor"; NULL: none */
        const char *default_value; /* as written in a definition; NULL: not set */
        const char *help; /* one line */
};

/* A setting as the host parsed it; the host passes one per entry of the backend's table, in the table's order. */
struct tenant_value {
        bool is_set; /* the operator wrote it (or a default exists) */
        bool is_explicit; /* the operator wrote it: what cannot be done must then be refused, never skipped */
        uint64_t u64;
        const char *text; /* normalised text; never NULL when is_set */
};

/* A word that the backend asked the host to remember: in the allocation (network.allocate) or in the run journal. */
struct tenant_fact {
        const char *key;
        const char *value;
};

/* What the host offers. All functions may be called from any operation that got the struct. */
struct tenant_host {
        uint32_t struct_size;
        void *userdata;
        /* Log one line at a syslog level (3 error … 7 debug). No secrets. */
        void (*log)(void *userdata, int level, const char *message);
        /* True when the job was cancelled: stop at the next safe point and return -ECANCELED. */
        bool (*cancelled)(void *userdata);
        /* Remember key=value: in the run journal during composer operations (given back as context->facts to the undo), in
         * the allocation during allocate. Durable when it returns 0. */
        int (*remember)(void *userdata, const char *key, const char *value);
        /* Report progress of a long operation, 0.0 to 1.0, -1.0 unknown; stage is a short lower-case word. */
        void (*progress)(void *userdata, double fraction, const char *stage);
};

/* Who the operation is for. Borrowed for the length of the call. */
struct tenant_context {
        uint32_t struct_size;
        const char *name; /* [a-z]([a-z0-9-]{0,61}[a-z0-9])? */
        uint32_t index; /* small, unique on this host while the tenant exists; starts at 0 */
        uint32_t id_base; /* first host id of the tenant's range, 65536-aligned */
        uint32_t id_count; /* ids in the range */
        uint32_t project_id; /* project quota id reserved for the tenant */
        const struct tenant_value *values; /* by the order of the backend's settings table */
        size_t n_values;
        const struct tenant_fact
                *facts; /* what this backend remembered: allocation first, then run journal */
        size_t n_facts;
        const struct tenant_host *host;
};

/*
 * What the backend remembered as `key` (host->remember); NULL: nothing. Borrowed, as the context is. In an undo after a crash anything
 * may be missing.
 */
static inline const char *tenant_context_fact(const struct tenant_context *context, const char *key) {
        /* The newest wins. */
        for (size_t i = context->n_facts; i > 0; i--) {
                if (strcmp(context->facts[i - 1].key, key) == 0) {
                        return context->facts[i - 1].value;
                }
        }
        return NULL;
}

/* The i-th of an array of contexts, whose stride is the host's. */
static inline const struct tenant_context *tenant_context_at(const struct tenant_context *first, size_t i) {
        return i == 0 ? first
                      : (const struct tenant_context *) ((const char *) first + i * first->struct_size);
}

struct tenant_plugin {
        uint32_t struct_size;
        uint32_t abi; /* TENANT_PLUGIN_ABI */
        uint32_t kind;
        int32_t priority; /* for Backend=auto: the highest that probes well wins; below 0: never chosen by auto */
        const char *name; /* same shape as a tenant's name */
        const char *version;
        const char *summary; /* one line */
        const struct tenant_setting *settings;
        size_t n_settings;

        /*
         * probe: can this backend work on this host, now?
         *   When        when a backend is chosen (creation, Backend=auto) and for CheckHost. Not before a start: each operation
         *               reports itself what the host lacks by then
         *   Context     agent, worker: must not block, must not change anything
         *   Ownership   nothing passes
         *   Errors      -ENOTSUP, -ENOENT …: it cannot; error->message says what the operator should do (package, module, mount option)
         *   Idempotent  yes
         *   If NULL     it can
         */
        int (*probe)(const struct tenant_host *host, struct tenant_error *error);

        /*
         * validate: are these settings possible, together?
         *   When        before a tenant is created, changed or started
         *   Context     agent, worker, composer: must not block, must not change anything
         *   Ownership   nothing passes
         *   Errors      -EINVAL InvalidSetting, -ENOTSUP NotSupported; the message names the key and what is allowed
         *   Idempotent  yes
         *   If NULL     the host's own check of types and bounds is enough
         */
        int (*validate)(const struct tenant_context *context, struct tenant_error *error);

        /*
         * gc: drop what belongs to no tenant of the list.
         *   When        when tenantd begins after a boot or after an end that was not clean, after a worker of its died, and (network)
         *               when `intact` misses something
         *   Context     worker
         *   Ownership   names are borrowed; step through living with tenant_context_at()
         *   Errors      logged by the host, never fatal
         *   Idempotent  yes
         *   If NULL     nothing to collect
         */
        int (*gc)(const struct tenant_host *host, const struct tenant_context *living, size_t n_living,
                  struct tenant_error *error);

        /* The kind's operations: struct tenant_namespace_ops, tenant_cgroup_ops, tenant_storage_ops or tenant_network_ops. */
        const void *ops;
};

/* The one exported symbol. */
TENANT_PLUGIN_EXPORT const struct tenant_plugin *tenant_plugin_get_v0(void);

#ifdef __cplusplus
}
#endif
