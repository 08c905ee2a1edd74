/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* image-dbus.c: org.tenantd1.Image. An image never changes, so its manifest is read once. Owned by the agent. */
#include "manager.h"
#include <string.h>

ImageObject *image_object_new(Manager *m, const char *name) {
        ImageObject *o = g_new0(ImageObject, 1);

        o->serial = ++m->last_serial;
        o->name = g_strdup(name);
        o->path = bus_path_encode(BUS_IMAGES, name);
        return o;
}

ImageObject *image_object_free(ImageObject *o) {
        if (o) {
                (void) image_free(o->image); /* returns NULL */
                g_free(o->name);
                g_free(o->path);
                g_free(o);
        }
        return NULL;
}

const Image *image_object_load(ImageObject *o) {
        if (!o->image && image_load(o->name, &o->image, &o->error) < 0) {
                o->image = NULL;
        }
        return o->image;
}

static int get_text(sd_bus *bus, const char *path, const char *interface, const char *property,
                    sd_bus_message *reply, void *userdata, sd_bus_error *reterr_error) {
        ImageObject *o = userdata;
        const Image *i = image_object_load(o);
        const char *text = strcmp(property, "Name") == 0     ? o->name
                           : !i                              ? NULL
                           : strcmp(property, "Digest") == 0 ? i->digest
                           : strcmp(property, "Source") == 0 ? i->source
                                                             : i->profile;

        return sd_bus_message_append(reply, "s", text ? text : "");
}

static int get_number(sd_bus *bus, const char *path, const char *interface, const char *property,
                      sd_bus_message *reply, void *userdata, sd_bus_error *reterr_error) {
        const Image *i = image_object_load(userdata);
        uint64_t n = !i                                   ? 0
                     : strcmp(property, "SizeBytes") == 0 ? i->size_bytes
                     : strcmp(property, "Entries") == 0   ? i->entries
                                                          : i->created_usec;

        return sd_bus_message_append(reply, "t", n);
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Name", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Digest", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Source", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Profile", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("SizeBytes", "t", get_number, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Entries", "t", get_number, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("CreatedUSec", "t", get_number, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_VTABLE_END,
};

static void *find(Manager *m, const char *path) {
        _cleanup_free_ char *name = bus_path_decode(path, BUS_IMAGES);

        return name ? g_hash_table_lookup(m->images, name) : NULL;
}

static void list(Manager *m, GPtrArray *paths) {
        GHashTableIter i;
        gpointer value;

        g_hash_table_iter_init(&i, m->images);
        while (g_hash_table_iter_next(&i, NULL, &value)) {
                g_ptr_array_add(paths, g_strdup(((ImageObject *) value)->path));
        }
}

const BusInterface image_interface = {
        .name = BUS_NAME ".Image", .path = BUS_IMAGES, .vtable = vtable, .find = find, .list = list
};
