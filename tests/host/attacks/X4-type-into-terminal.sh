# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# X4: types a command into the terminal of the operator who runs a program in the tenant
# mechanism: ioctl(TIOCSTI) on a terminal that came in with the program (lxc-attach, docker exec and su had it)
# stopped by: no terminal of the host's ever comes in: programs have pipes; and the filter refuses TIOCSTI
# weakened: no user namespace, no seccomp, entered with the operator's terminal

enter_words() { echo "tenantctl run --timeout=$((20 * time_scale)) $place --"; }

probe() {
        local fifo=/run/test-host/terminal.input said=/run/test-host/terminal.output
        mkfifo "$fifo" && exec 8<>"$fifo"
        cat >/run/test-host/terminal.sh <<END
$(enter_words) /attacks/sti typed-by-the-attacker
read -r -t 2 line && echo "the operator's shell read: \$line"
END
        timeout "$((40 * time_scale))" script -qec 'bash /run/test-host/terminal.sh' /dev/null <&8 >"$said" 2>&1
        tr -d '\r' <"$said" | grep -v '^[[:space:]]*$'
        grep -qE '^(/dev/tty|standard (input|output|error)): ' "$said" || return 2 # it was not performed
        grep -q "shell read: typed-by-the-attacker" "$said"
}

attack() { judged_by probe; }

weaken() {
        raw no-userns no-seccomp || return 2
        enter_words() { echo "$attack_programs/raw enter $raw_store/$place"; }
}

cleanup() { rm -f /run/test-host/terminal.{input,output,sh}; }
