/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cleanup.h: destructors by scope, and hand-over. Every destructor takes NULL (or -1) and half-built objects. */
#pragma once

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(f) __attribute__((cleanup(f)))
#define _printf_(a, b) __attribute__((format(printf, a, b)))
#define _must_check_ __attribute__((warn_unused_result))
#define _unused_ __attribute__((unused))

#define ELEMENTSOF(a) (sizeof(a) / sizeof((a)[0]))

#define TAKE_GENERIC(var, null)                                                                             \
        ({                                                                                                  \
                __typeof__(var) *_p_ = &(var);                                                              \
                __typeof__(var) _v_ = *_p_;                                                                 \
                *_p_ = (null);                                                                              \
                _v_;                                                                                        \
        })
#define TAKE_PTR(p) TAKE_GENERIC(p, NULL)
#define TAKE_FD(fd) TAKE_GENERIC(fd, -1)

/* Defines void name_p(T *p), for _cleanup_(name_p), from a destructor that takes T and accepts NULL. */
#define DEFINE_CLEANUP(T, name)                                                                             \
        static inline void name##_p(T *p) {                                                                 \
                (void) name(*p); /* destructors return NULL, which nobody needs here */                     \
        }

static inline void free_p(void *p) {
        free(*(void **) p);
}

/* Closes and keeps errno; returns -1 so that `fd = fd_close(fd)` reads well. */
int fd_close(int fd);

static inline void fd_close_p(int *fd) {
        (void) fd_close(*fd); /* returns -1 always */
}

static inline void file_close_p(FILE **f) {
        if (*f) {
                fclose(*f);
        }
}

static inline void dir_close_p(DIR **d) {
        if (*d) {
                closedir(*d);
        }
}

#define _cleanup_free_ _cleanup_(free_p)
#define _cleanup_close_ _cleanup_(fd_close_p)
#define _cleanup_fclose_ _cleanup_(file_close_p)
#define _cleanup_closedir_ _cleanup_(dir_close_p)
