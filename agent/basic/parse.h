/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* parse.h: numbers and words as an operator writes them. Strict: no leading blanks, no sign, no trailing text, no overflow. */
#pragma once

#include "cleanup.h"
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

/* Decimal only. 0, -EINVAL or -ERANGE. */
int parse_u64(const char *text, uint64_t *ret) _must_check_;
int parse_u32(const char *text, uint32_t *ret) _must_check_;
int parse_port(const char *text, uint16_t *ret) _must_check_; /* 1..65535 */

/* Bytes: digits with an optional suffix K M G T (1024); "infinity" gives UINT64_MAX. */
int parse_size(const char *text, uint64_t *ret) _must_check_;

/* Bits per second: digits with an optional suffix K M G (1000). */
int parse_rate(const char *text, uint64_t *ret) _must_check_;

/* "150%" gives 150. */
int parse_percent(const char *text, uint64_t *ret) _must_check_;

/* yes no true false on off 1 0. */
int parse_boolean(const char *text, bool *ret) _must_check_;

/* Dotted quad, canonical form only. */
int parse_ipv4(const char *text, struct in_addr *ret) _must_check_;

/* True for bounded printable UTF-8 without control characters. */
bool text_is_safe(const char *text, size_t limit);

/* Formats bytes as people read them ("1.5 G"); buf of 32 bytes; returns buf. */
const char *format_size(uint64_t bytes, char buf[static 32]);
