/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * elfcheck.c: see elfcheck.h. The first page and one window are all that is kept of the file; a small plugin
 * costs two reads. Refuses to guess: a field out of its bounds is a refusal, never a default. Owned by
 * loader.c.
 */
#include "elfcheck.h"
#include "cleanup.h"
#include <elf.h>
#include <link.h>
#include <unistd.h>

typedef ElfW(Ehdr) Header;
typedef ElfW(Phdr) Segment;
typedef ElfW(Dyn) Dynamic;
typedef ElfW(Sym) Symbol;
typedef ElfW(Addr) Address;

#define PAGE 4096u
#define SEGMENTS_MAX 64u
#define DYNAMIC_MAX 512u
#define CHAIN_MAX 65536u
#define NOTES_MAX (64u * 1024u)

struct page {
        uint64_t start;
        size_t have;
        uint8_t data[PAGE];
};

struct image {
        int fd;
        uint64_t size;
        struct page head, window;
        Segment segments[SEGMENTS_MAX];
        size_t n_segments;
};

/* Addresses of the dynamic section that matter here; 0: not there. */
struct dynamic {
        uint64_t gnu_hash, symbols, strings, strings_size;
};

static int page_fill(struct image *image, struct page *page, uint64_t start) {
        ssize_t n = pread(image->fd, page->data, sizeof(page->data), (off_t) start);

        if (n < 0) {
                return -errno;
        }
        page->start = start;
        page->have = (size_t) n;
        return 0;
}

static bool page_get(const struct page *page, uint64_t offset, void *ret, size_t size) {
        if (offset < page->start || offset - page->start > page->have ||
            size > page->have - (offset - page->start)) {
                return false;
        }
        memcpy(ret, page->data + (offset - page->start), size);
        return true;
}

/* Copies size (at most a page) bytes at offset. -EBADMSG: not within the file. */
static int image_get(struct image *image, uint64_t offset, void *ret, size_t size) {
        int r;

        if (size > PAGE || offset > image->size || size > image->size - offset) {
                return -EBADMSG;
        }
        if (page_get(&image->head, offset, ret, size) || page_get(&image->window, offset, ret, size)) {
                return 0;
        }
        r = page_fill(image, &image->window, offset);
        if (r < 0) {
                return r;
        }
        return page_get(&image->window, offset, ret, size) ? 0 : -EBADMSG;
}

/* The same by address, through the loadable segments. */
static int image_get_address(struct image *image, uint64_t address, void *ret, size_t size) {
        for (size_t i = 0; i < image->n_segments; i++) {
                const Segment *s = &image->segments[i];

                if (s->p_type == PT_LOAD && address >= s->p_vaddr && address - s->p_vaddr < s->p_filesz &&
                    size <= s->p_filesz - (address - s->p_vaddr)) {
                        uint64_t offset;

                        return __builtin_add_overflow(s->p_offset, address - s->p_vaddr, &offset)
                                       ? -EBADMSG
                                       : image_get(image, offset, ret, size);
                }
        }
        return -EBADMSG;
}

static bool header_is_ours(const Header *header) {
        const unsigned char class = sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32;
        const unsigned char order = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;

        return memcmp(header->e_ident, ELFMAG, SELFMAG) == 0 && header->e_ident[EI_CLASS] == class &&
               header->e_ident[EI_DATA] == order && header->e_type == ET_DYN &&
               header->e_phentsize == sizeof(Segment) && header->e_phnum > 0 &&
               header->e_phnum <= SEGMENTS_MAX;
}

static int image_open(struct image *image, int fd, uint64_t size) {
        Header header;
        int r;

        image->fd = fd;
        image->size = size;
        image->window.have = 0;
        image->window.start = 0;
        r = page_fill(image, &image->head, 0);
        if (r < 0) {
                return r;
        }
        r = image_get(image, 0, &header, sizeof(header));
        if (r < 0 || !header_is_ours(&header)) {
                return -EBADMSG;
        }
        image->n_segments = header.e_phnum;
        return image_get(image, header.e_phoff, image->segments, image->n_segments * sizeof(Segment));
}

static bool note_is_ours(const struct tenant_note *note) {
        return note->name_size == sizeof(TENANT_NOTE_OWNER) &&
               note->descriptor_size == 2 * sizeof(uint32_t) && note->type == TENANT_NOTE_TYPE &&
               memcmp(note->name, TENANT_NOTE_OWNER, sizeof(TENANT_NOTE_OWNER)) == 0;
}

/* Walks the notes of one segment. 1: found, 0: not here. */
static int find_note_in(struct image *image, const Segment *s, struct tenant_note *ret) {
        const uint64_t align = s->p_align == 8 ? 8 : 4, head = 3 * sizeof(uint32_t);
        uint64_t at = 0, end = s->p_filesz < NOTES_MAX ? s->p_filesz : NOTES_MAX;

        while (end - at >= head) {
                uint64_t offset, length;
                uint32_t sizes[2];
                int r;

                if (__builtin_add_overflow(s->p_offset, at, &offset)) {
                        return -EBADMSG;
                }
                r = image_get(image, offset, sizes, sizeof(sizes));
                if (r < 0) {
                        return r;
                }
                if (sizeof(*ret) <= end - at) {
                        r = image_get(image, offset, ret, sizeof(*ret));
                        if (r < 0) {
                                return r;
                        }
                        if (note_is_ours(ret)) {
                                return 1;
                        }
                }
                length = (head + sizes[0] + align - 1) / align * align;
                length = (length + sizes[1] + align - 1) / align * align;
                if (length > end - at) {
                        return 0;
                }
                at += length;
        }
        return 0;
}

static int find_note(struct image *image, struct tenant_note *ret) {
        for (size_t i = 0; i < image->n_segments; i++) {
                if (image->segments[i].p_type == PT_NOTE) {
                        int r = find_note_in(image, &image->segments[i], ret);

                        if (r != 0) {
                                return r;
                        }
                }
        }
        return 0;
}

/* 0, -EBADMSG, or -EPERM with *reterr_tag: an entry that would let other files in. */
static int read_dynamic(struct image *image, struct dynamic *ret, const char **reterr_tag) {
        const Segment *segment = NULL;
        Dynamic entry = { 0 };

        for (size_t i = 0; i < image->n_segments; i++) {
                if (image->segments[i].p_type == PT_DYNAMIC) {
                        segment = &image->segments[i];
                }
        }
        if (!segment || segment->p_offset > image->size) {
                return -EBADMSG;
        }
        for (size_t i = 0; i < DYNAMIC_MAX && (i + 1) * sizeof(entry) <= segment->p_filesz; i++) {
                int r = image_get(image, segment->p_offset + i * sizeof(entry), &entry, sizeof(entry));

                if (r < 0) {
                        return r;
                }
                switch (entry.d_tag) {
                case DT_NULL:
                        return ret->gnu_hash && ret->symbols && ret->strings ? 0 : -EBADMSG;
                case DT_GNU_HASH:
                        ret->gnu_hash = entry.d_un.d_ptr;
                        break;
                case DT_SYMTAB:
                        ret->symbols = entry.d_un.d_ptr;
                        break;
                case DT_STRTAB:
                        ret->strings = entry.d_un.d_ptr;
                        break;
                case DT_STRSZ:
                        ret->strings_size = entry.d_un.d_val;
                        break;
                case DT_RPATH:
                case DT_RUNPATH:
                        *reterr_tag = "a library search path (RPATH)";
                        return -EPERM;
                case DT_AUDIT:
                case DT_DEPAUDIT:
                case DT_FILTER:
                case DT_AUXILIARY:
                        *reterr_tag = "an audit module or filter (DT_AUDIT, DT_FILTER)";
                        return -EPERM;
                default:
                        break;
                }
        }
        return -EBADMSG;
}

static uint32_t gnu_hash(const char *name) {
        uint32_t h = 5381;

        for (const unsigned char *p = (const unsigned char *) name; *p; p++) {
                h = h * 33 + *p;
        }
        return h;
}

/* 1 when symbol number i is a defined global function of that name. */
static int symbol_matches(struct image *image, const struct dynamic *d, uint32_t i, const char *name) {
        char text[64];
        size_t size = strlen(name) + 1;
        Symbol symbol;
        uint64_t address;
        int r;

        if (__builtin_add_overflow(d->symbols, (uint64_t) i * sizeof(symbol), &address)) {
                return -EBADMSG;
        }
        r = image_get_address(image, address, &symbol, sizeof(symbol));
        if (r < 0) {
                return r;
        }
        if (size > sizeof(text) || symbol.st_name >= d->strings_size ||
            size > d->strings_size - symbol.st_name ||
            __builtin_add_overflow(d->strings, symbol.st_name, &address)) {
                return 0;
        }
        r = image_get_address(image, address, text, size);
        if (r < 0) {
                return r;
        }
        return memcmp(text, name, size) == 0 && symbol.st_shndx != SHN_UNDEF &&
               (symbol.st_info & 0xf) == STT_FUNC && symbol.st_info >> 4 == STB_GLOBAL;
}

/* 1 when the dynamic symbol table defines it. The layout of DT_GNU_HASH: header, bloom words, buckets,
 * chains. */
static int defines_symbol(struct image *image, const struct dynamic *d, const char *name) {
        uint32_t header[4], hash = gnu_hash(name), i, link;
        uint64_t buckets, chains, address;
        int r;

        r = image_get_address(image, d->gnu_hash, header, sizeof(header));
        if (r < 0) {
                return r;
        }
        if (header[0] == 0 ||
            d->gnu_hash > image->size) { /* a symbol table lies at the start of the address range */
                return -EBADMSG;
        }
        buckets = d->gnu_hash + sizeof(header) + (uint64_t) header[2] * sizeof(Address);
        chains = buckets + (uint64_t) header[0] * sizeof(uint32_t);
        r = image_get_address(image, buckets + hash % header[0] * sizeof(uint32_t), &i, sizeof(i));
        if (r < 0) {
                return r;
        }
        for (uint32_t n = 0; n < CHAIN_MAX && i >= header[1]; n++, i++) {
                address = chains + (uint64_t) (i - header[1]) * sizeof(link);
                r = image_get_address(image, address, &link, sizeof(link));
                if (r < 0) {
                        return r;
                }
                if ((link | 1) == (hash | 1)) {
                        r = symbol_matches(image, d, i, name);
                        if (r != 0) {
                                return r;
                        }
                }
                if (link & 1) {
                        return 0;
                }
        }
        return 0;
}

static int check_note(struct image *image, enum tenant_kind kind, const char *what, TenantError *error) {
        struct tenant_note note;
        int r = find_note(image, &note);

        if (r < 0) {
                return error_set(error, -ELIBBAD, E_BAD_BACKEND,
                                 "%s: its ELF notes cannot be read; reinstall it", what);
        }
        if (r == 0) {
                return error_set(
                        error, -ELIBBAD, E_BAD_BACKEND,
                        "%s: no tenantd note; add TENANT_PLUGIN_NOTE() to its source and rebuild it", what);
        }
        if (note.abi != TENANT_PLUGIN_ABI) {
                return error_set(
                        error, -ELIBBAD, E_BAD_BACKEND,
                        "%s: built for plugin ABI %u, this tenantd has %u; install the matching version",
                        what, note.abi, TENANT_PLUGIN_ABI);
        }
        if (note.kind != (uint32_t) kind) {
                return error_set(
                        error, -ELIBBAD, E_BAD_BACKEND,
                        "%s: its note says another kind (%u) than its file name; rename or rebuild it", what,
                        note.kind);
        }
        return 0;
}

int elf_check_plugin(int fd, uint64_t size, enum tenant_kind kind, const char *what, TenantError *error) {
        _cleanup_free_ struct image *image = malloc(sizeof(*image));
        struct dynamic dynamic = { 0 };
        const char *tag = NULL;
        int r;

        if (!image) {
                return -ENOMEM;
        }
        r = image_open(image, fd, size);
        if (r < 0) {
                return error_set(error, -ELIBBAD, E_BAD_BACKEND,
                                 "%s: not a shared object for this machine; reinstall it", what);
        }
        r = check_note(image, kind, what, error);
        if (r < 0) {
                return r;
        }
        r = read_dynamic(image, &dynamic, &tag);
        if (tag) {
                return error_set(error, -ELIBBAD, E_BAD_BACKEND, "%s: has %s; rebuild it without", what,
                                 tag);
        }
        if (r >= 0) {
                r = defines_symbol(image, &dynamic, TENANT_PLUGIN_SYMBOL);
        }
        if (r < 0) {
                return error_set(
                        error, -ELIBBAD, E_BAD_BACKEND,
                        "%s: its dynamic section cannot be read; rebuild it with -Wl,--hash-style=gnu",
                        what);
        }
        return r == 1 ? 0
                      : error_set(error, -ELIBBAD, E_BAD_BACKEND,
                                  "%s: does not export %s; mark it TENANT_PLUGIN_EXPORT", what,
                                  TENANT_PLUGIN_SYMBOL);
}
