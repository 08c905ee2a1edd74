/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* control.h: what composer and child tell the runner, over a SOCK_SEQPACKET pair: one message, one packet. */
#pragma once

#include "error.h"
#include <netinet/in.h>
#include <sys/types.h>

enum control_type {
        CONTROL_INIT, /* composer: init was born; pid */
        CONTROL_DOCKER, /* composer: the tenant is ready when Docker answers there, too */
        CONTROL_CONSOLE, /* child: the master of /dev/console comes with it */
        CONTROL_FAILED, /* composer: error */
};

typedef struct ControlMessage {
        enum control_type type;
        pid_t pid;
        struct sockaddr_in ready_docker;
        TenantError error;
} ControlMessage;

/* fd -1: none is sent. 0 or negative errno. */
int control_send(int socket_fd, const ControlMessage *message, int fd) __attribute__((warn_unused_result));

/* 1: a message; 0: the other side is gone; negative errno. *ret_fd: -1 or a descriptor for the caller. */
int control_receive(int socket_fd, ControlMessage *ret, int *ret_fd) __attribute__((warn_unused_result));
