/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * graft.c: the harness's hand: shows a file or directory of the host in a running place, as a careless bind mount would. Host root
 * only; refuses a target that does not exist.
 *
 *   graft SOURCE PID TARGET    TARGET is a path in the mount namespace of PID
 */
#include "attack.h"
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv) {
        int tree, namespace;
        char path[64];

        if (argc != 4) {
                say("usage: graft SOURCE PID TARGET");
                return ATTACK_BROKEN;
        }
        snprintf(path, sizeof(path), "/proc/%d/ns/mnt", atoi(argv[2]));
        tree = (int) syscall(SYS_open_tree, AT_FDCWD, argv[1], OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
        namespace = open(path, O_RDONLY | O_CLOEXEC);
        if (tree < 0 || namespace < 0) {
                broken(argv[1]);
        }
        if (setns(namespace, CLONE_NEWNS) < 0 ||
            syscall(SYS_move_mount, tree, "", AT_FDCWD, argv[3], MOVE_MOUNT_F_EMPTY_PATH) < 0) {
                broken(argv[3]);
        }
        return 0;
}
