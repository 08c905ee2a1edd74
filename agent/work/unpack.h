/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * unpack.h: the process that reads a hostile archive, and what it tells its parent. Internal to agent/work.
 */
#pragma once

#include "cleanup.h"
#include "error.h"
#include "sandbox.h"

typedef enum UnpackType {
        UNPACK_PROGRESS, /* bytes_read */
        UNPACK_DONE, /* everything but error */
        UNPACK_FAILED, /* error */
} UnpackType;

/*
 * One packet. From a process that may have been taken over: numbers are only shown, type and texts are
 * checked by unpack_receive.
 */
typedef struct UnpackReport {
        UnpackType type;
        uint64_t bytes_read;
        uint64_t entries;
        uint64_t size_bytes;
        uint32_t skipped; /* device nodes */
        uint8_t has_docker; /* not bool, which other bytes than 0 and 1 must not be */
        char digest[72]; /* "sha256:" and 64 digits: of every byte that came from the descriptor */
        TenantError error;
} UnpackReport;

/*
 * Starts the unpacking of the tar at fd into root_fd (a directory of the images' id range). *ret_report_fd
 * is the caller's: a SOCK_SEQPACKET socket that becomes readable with each report and ends with the process.
 */
int unpack_start(int fd, int root_fd, Sandbox *ret, int *ret_report_fd, TenantError *error) _must_check_;

/* 1: a report; 0: the process is gone; negative errno. */
int unpack_receive(int report_fd, UnpackReport *ret) _must_check_;
