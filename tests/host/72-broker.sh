#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The same by another bus: 70-agent.sh and 71-polkit.sh on a host whose system bus is dbus-broker.
# bus: dbus-broker
# timeout: 180
# shellcheck source=tests/lib/lib.sh
. /src/tests/lib/lib.sh

bus_program() { basename "$(readlink "/proc/$(systemctl show -P MainPID dbus.service)/exe")"; }

[[ $(systemctl show -P Id dbus.service) == dbus-broker.service ]] || {
        echo "1..0 # SKIP the bus of this host is dbus-daemon; see HOST_BUS of tests/lib/host"
        exit 77
}

is "$(bus_program)" dbus-broker-launch "the system bus is dbus-broker"
own=(org.freedesktop.DBus /org/freedesktop/DBus org.freedesktop.DBus RequestName su org.tenantd1 4)
not_ok "our policy is in force: nobody else has the name" setpriv --reuid 1000 --clear-groups busctl call "${own[@]}"
for test in 70-agent 71-polkit; do
        ok "all of $test.sh" bash "/src/tests/host/$test.sh"
done
is "$(bus_program)" dbus-broker-launch "which it was all the time"
