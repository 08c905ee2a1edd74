/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * error.h: the one error object of the program, the same that plugins use. Functions return 0 or negative errno; the detail
 * travels in the last argument. `name` is the short bus error name (the table is in agent/daemon/errors.c); the message tells
 * the operator what to do next.
 */
#pragma once

#include "tenant-plugin.h"

typedef struct tenant_error TenantError;

/* Sets *e (which may be NULL) and returns -code. The name is one of the E_* words. */
#define error_set tenant_error_set

/* The same with ": " and strerror(code) appended to the text; ENOSPC is NoSpace where nothing but Failed is said. */
__attribute__((format(printf, 4, 5))) int error_set_errno(TenantError *e, int code, const char *name,
                                                          const char *format, ...);

/* Short bus error names. */
#define E_FAILED "Failed"
#define E_INVALID_NAME "InvalidName"
#define E_INVALID_SETTING "InvalidSetting"
#define E_NO_SUCH_TENANT "NoSuchTenant"
#define E_TENANT_EXISTS "TenantExists"
#define E_NO_SUCH_IMAGE "NoSuchImage"
#define E_IMAGE_EXISTS "ImageExists"
#define E_IMAGE_IN_USE "ImageInUse"
#define E_BAD_IMAGE "BadImage"
#define E_NO_SUCH_JOB "NoSuchJob"
#define E_NO_SUCH_BACKEND "NoSuchBackend"
#define E_BAD_BACKEND "BadBackend"
#define E_NOT_SUPPORTED "NotSupported"
#define E_BUSY "Busy"
#define E_RUNNING "Running"
#define E_NOT_RUNNING "NotRunning"
#define E_QUOTA_EXCEEDED "QuotaExceeded"
#define E_NO_SPACE "NoSpace"
#define E_ADDRESS_IN_USE "AddressInUse"
#define E_HOST_NOT_READY "HostNotReady"
#define E_CANCELED "Canceled"
#define E_TIMEOUT "Timeout"
#define E_DAMAGED "Damaged" /* a file of ours on disk cannot be read back */
