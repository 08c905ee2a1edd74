# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# X8: stops the runner of its unit for an hour by a socket that it makes it close
# mechanism: SO_LINGER: the last close of a TCP socket waits until its peer has read what was sent; so does FUSE in its own way
# stopped by: descriptors in a notification are looked at in the queue, and let go of by a process that ends with that
# weakened: a runner that takes and closes them

patience=10
probe() {
        in_background linger /attacks/news linger || return 2
        wait_for 10 arrived || { echo "broken: the socket did not come to the runner"; return 2; }
        in_place_sh 'echo "after the socket" >/dev/console'
        if wait_for "$patience" heard; then
                echo "the runner goes on"
                return 1
        fi
        echo "the runner does not read the console; it waits in $(cat "/proc/$(runner_of "$place")/wchan")"
}

attack() { judged_by probe; }

# Passed on as a status, or refused.
arrived() {
        [[ $(systemctl show -P StatusText "tenant@$place") == "and a socket" ]] ||
                journalctl -o cat --since=-1min -u "tenant@$place" | grep -q 'sent descriptors'
}

heard() { journalctl -o cat --since=-5min -u "tenant@$place" | grep -q 'console: .*after the socket'; }

weaken() { patience=3; weak_tenant naive-notify; }

# The runner may not be able to; the peer of the socket ends with the tenant.
cleanup() {
        systemctl kill --signal=KILL "tenant@$place"
        wait_for 20 failed "$place"
        systemctl reset-failed "tenant@$place"
        systemctl start "tenant@$place"
}
