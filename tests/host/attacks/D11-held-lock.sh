# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D11: holds the lock of all network settings for ever
# mechanism: the kernel writes a list of links into the caller's memory while it holds that lock; where the memory is a page of a FUSE file
# whose server does not answer, everybody's links, and every start, wait for it
# stopped by: /dev/fuse is given by the operator only (Fuse=yes)
# weakened: Fuse=yes

link=d11-held

attack() {
        local adder
        becomes_plain
        in_place test -c /dev/fuse || stopped "it has no /dev/fuse"
        in_background hang /attacks/fuse /mnt read || broken "no file system"
        in_background holder sh -c 'setsid /attacks/ifconf /mnt/file >/dev/null 2>&1 &' || broken "nobody holds it"
        wait_for 5 pgrep -x ifconf >/dev/null || broken "nobody holds it"
        sleep "$time_scale"
        ip link add "$link" type dummy &
        adder=$!
        sleep "$((5 * time_scale))"
        kill -0 "$adder" 2>/dev/null || broken "a link of the host's comes at once"
        breached "a link of the host's is not there after $((5 * time_scale)) s"
}

weaken() { weak_tenant; }

cleanup() {
        background_end fuse
        wait_for 20 gone ip
        ip link delete "$link" 2>/dev/null
}

gone() { ! pgrep -x "$1" >/dev/null; }
