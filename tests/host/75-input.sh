#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Bad input: names, settings, images, and requests at the wrong time. Each has its named error, says what to do, and leaves
# nothing behind.
# timeout: 180
# container: texts and their errors, the same on every kernel
# shellcheck source=tests/lib/lib.sh
. /src/tests/lib/lib.sh
# shellcheck source=tests/lib/tenant.sh
. /src/tests/lib/tenant.sh

work=$(mktemp -d /var/tmp/input.XXXXXX)

# refused ERROR PATTERN VERB ARGUMENT...: by this error, with a text that matches, and nothing was made.
refused() {
        local answer name message
        answer=$(tenantctl --json "${@:3}" 2>&1 >/dev/null </dev/null) && return 1
        { read -r name; read -r message; } < <(jq -r '.error.name, (.error.message | gsub("\n"; " "))' <<<"$answer")
        echo "$name: $message"
        [[ $name =~ ^($1)$ && $message =~ $2 ]] && census_clean
}

create() { refused "$1" "$2" create "${@:3}"; }

bus_create() { # NAME: as somebody who does not use tenantctl
        busctl call org.tenantd1 /org/tenantd1 org.tenantd1.Manager CreateTenant 'sa{sv}' "$1" 1 Image s debian12-minimal
}

# --- names -----------------------------------------------------------------------------------------------------------

name_points() {
        local name long
        long=$(printf 'a%.0s' {1..64})
        for name in Acme 1acme acme- a_b a.b ../x a/b 'a b' ümlaut "$long"; do
                ok "tenant '$name'" create InvalidName 'letter|characters' "$name" Image=debian12-minimal
                ok "... on the bus" bus_refused "$name"
                ok "... image" refused InvalidName 'letter|characters' image import "$name" /srv/images/debian12-minimal.tar
        done
        # The unit's instance is a name too; systemd itself refuses some.
        for name in Acme 1acme acme- a_b a.b "$long"; do
                ok "unit tenant@$name" unit_refused "$name"
        done
        ok "the longest name is fine" tenantctl --quiet create "${long:1}" Image=debian12-minimal Profile=plain
        ok "and the shortest" tenantctl --quiet create a Image=debian12-minimal Profile=plain
        ok "(removed)" tenantctl --quiet remove a "${long:1}"
}

bus_refused() {
        local text
        text=$(bus_create "$1" 2>&1) && return 1
        echo "$text"
        [[ $text == *"name"* || $text == *"Name"* ]] && census_clean
}

unit_refused() {
        local status=0
        systemctl start "tenant@$1" && status=1
        systemctl status --no-pager --lines=5 "tenant@$1"
        journalctl --no-pager --quiet -u "tenant@$1" | grep -qE 'name|Name' || status=1
        [[ ! -e /run/tenantd/$1 ]] || status=1
        systemctl reset-failed "tenant@$1"
        return "$status"
}

# --- settings --------------------------------------------------------------------------------------------------------

setting_points() {
        ok "an unknown key" create InvalidSetting 'MemoryMaxx' x Image=debian12-minimal MemoryMaxx=1G
        ok "... with its section" create InvalidSetting 'MemoryMaxx' x Image=debian12-minimal Cgroup.MemoryMaxx=1G
        ok "an unknown section" create InvalidSetting 'Colour' x Image=debian12-minimal Colour.Red=yes
        ok "a size that is none" create InvalidSetting 'MemoryMax' x Image=debian12-minimal MemoryMax=lots
        ok "a port that is none" create InvalidSetting 'Publish' x Image=debian12-minimal Publish=99999:80
        ok "a number of ids that is not allowed" create InvalidSetting 'Ids.*65536' x Image=debian12-minimal Ids=5
        ok "a word that is not allowed: the text says which are" create InvalidSetting 'docker' x Image=debian12-minimal Profile=gold
        ok "a backend that does not exist" create 'InvalidSetting|NoSuchBackend' 'routed|backends' x Image=debian12-minimal Network.Backend=teleport
        ok "a line break in a value" create InvalidSetting '.' x Image=debian12-minimal "Description=a
[Docker]"
        ok "no image" create InvalidSetting 'Image' x Profile=plain
        ok "an image that is missing" create NoSuchImage 'nothere' x Image=nothere
        ok "an image that is a path" create 'InvalidSetting|InvalidName' '.' x Image=../../etc
        ok "Size= where nothing enforces it, or a size that is none" create 'InvalidSetting|NotSupported|HostNotReady' 'Size|quota' x \
                Image=debian12-minimal Size=much
        ok "Docker without a network" create NotSupported 'Profile=plain.*Backend=routed' x Image=debian12-minimal Network.Backend=none
        ok "a job that failed is in the journal, with its number" wait_for 5 job_in_journal
        ok "(a good tenant)" tenant good
        before=$(</etc/tenantd/tenants/good.conf)
        ok "set: an unknown key" error_is InvalidSetting set good Nonsense=1
        ok "set: all or nothing" error_is InvalidSetting set good Description=new Ids=5
        is "$(</etc/tenantd/tenants/good.conf)" "$before" "the definition is as before"
        ok "(removed)" tenantctl --quiet remove good
}

# Docker's port would be published: what the start would refuse is refused before.
network_none_points() {
        ok "a tenant without a network, and without Docker" tenant lonely Image=debian12-minimal Profile=plain Network.Backend=none
        ok "starts" systemctl start tenant@lonely
        is "$(inside lonely ls /sys/class/net)" lo "and has none"
        ok "Docker cannot be switched on" error_is NotSupported set lonely Docker.Enabled=yes
        ok "nor by the profile" error_is NotSupported set lonely Profile=docker
        ok "other settings can" tenantctl --quiet set lonely Description=alone
        ok "stop" tenantctl --quiet stop lonely
        ok "(one with Docker)" tenant other Image=debian12-minimal Profile=docker
        cp -a /var/lib/tenantd/tenants/{other,lonely}/pki
        printf '[Docker]\nEnabled=yes\nReady=docker\n' >>/etc/tenantd/tenants/lonely.conf
        not_ok "by the file it is, and nobody could hear when it is ready: no start" systemctl start tenant@lonely
        ok "the text says what to write" journal_says lonely 'write Ready=no'
        tenants_end lonely other
        ok "nothing is left" census_clean
}

# Records of the agent's, not lines: a monitor finds the job that failed, and whose it was.
job_in_journal() {
        local job
        job=$(journalctl --no-pager --quiet --output=json TENANT=x MESSAGE_ID=c1d9b4b7f2f84d6f9f0a3be8f43f26d2 | tail -n 1)
        jq -e '.JOB != null and .PRIORITY == "4" and (.MESSAGE | test("create of .x. failed"))' <<<"$job"
}

error_is() { [[ $(error_of "${@:2}") =~ ^($1)$ ]]; }

# A definition that an operator wrote by hand: the file, the line, the key, and what is allowed.
file_points() {
        ok "(a tenant)" tenant byhand
        printf '[Network]\nPublish=80:80\nPublisch=81:81\n' >>/etc/tenantd/tenants/byhand.conf
        line=$(grep -n Publisch /etc/tenantd/tenants/byhand.conf | cut -d: -f1)
        not_ok "a mistake in the file: no start" systemctl start tenant@byhand
        ok "file, line and key" journal_says byhand "/etc/tenantd/tenants/byhand.conf:$line.*Publisch"
        ok "and what is allowed" journal_says byhand "allowed|Publish, |keys"
        systemctl reset-failed tenant@byhand
        ok "the bus lists it, with its error" bash -c 'tenantctl --json list | jq -e ".[] | select(.Name == \"byhand\")"'
        ok "it can be removed all the same" tenantctl --quiet remove byhand
        printf 'not a key file' >/etc/tenantd/tenants/odd.conf
        not_ok "a file that is none" systemctl start tenant@odd
        systemctl reset-failed tenant@odd
        ok "the others are not in its way" tenantctl list
        rm -rf /etc/tenantd/tenants/odd.conf /run/tenantd/odd
        ok "nothing is left" census_clean
}

journal_says() { journalctl --no-pager --quiet -u "tenant@$1" | grep -E "$2"; }

# --- images ----------------------------------------------------------------------------------------------------------

import() { # ERROR PATTERN FILE
        refused "$1" "$2" image import bad "$3" && [[ ! -e /var/lib/tenantd/images/bad ]] &&
                [[ -z $(find /var/lib/tenantd/images -mindepth 1 -maxdepth 1 -name '.?*' -type d) ]]
}

# tar_of MEMBER...: a good little root, and what python is told to add to it.
tar_of() { # FILE PYTHON
        python3 - "$work/$1" "$2" <<'P'
import sys, struct
def header(name, kind=b"0", link="", size=0, mode=0o755, major=0, minor=0, uid=0):
    h = name.encode()[:100].ljust(100, b"\0") + b"%07o\0" % mode + b"%07o\0" % uid + b"%07o\0" % 0 + b"%011o\0" % size
    h += b"%011o\0" % 0 + b" " * 8 + kind + link.encode().ljust(100, b"\0") + b"ustar\0" + b"00" + b"\0" * 64
    h += b"%07o\0" % major + b"%07o\0" % minor
    h = h.ljust(512, b"\0")
    return h[:148] + b"%06o\0 " % sum(h) + h[156:]
def file(name, text=b"#!/bin/sh\n", **more):
    return header(name, size=len(text), **more) + text.ljust(-(-len(text) // 512) * 512, b"\0")
good = header("sbin/", b"5") + file("sbin/init")
end = b"\0" * 1024
bad = eval(sys.argv[2])
open(sys.argv[1], "wb").write(good + bad + end)
P
        echo "$work/$1"
}

image_points() {
        local file
        head -c 3000000 /srv/images/debian12-minimal.tar >"$work/cut.tar"
        ok "a truncated tar" import BadImage '.' "$work/cut.tar"
        head -c $((512 * 4)) "$(tar_of whole.tar 'b""')" | head -c $((512 * 3)) >"$work/edge.tar"
        ok "one cut between two entries" import BadImage 'truncated|end' "$work/edge.tar"
        head -c 100000 /dev/urandom >"$work/noise"
        ok "noise" import BadImage '.' "$work/noise"
        : >"$work/empty"
        ok "nothing" import BadImage '.' "$work/empty"
        gzip -c /srv/images/debian12-minimal.tar | head -c 2000000 >"$work/cut.tar.gz"
        ok "a compressed one, truncated" import BadImage '.' "$work/cut.tar.gz"
        ok "names with .." import BadImage 'leave|\.\.' "$(tar_of up.tar 'file("../../../../../../run/test-host/escaped")')"
        ok "a link out, and a file behind it" import BadImage '.' \
                "$(tar_of link.tar 'header("out", b"2", "/run/test-host") + file("out/escaped")')"
        ok "a link upwards, and a file behind it" import BadImage '.' \
                "$(tar_of link2.tar 'header("out", b"2", "../../../../../../../run/test-host") + file("out/escaped")')"
        ok "a hard link out" import BadImage 'leave|\.\.' "$(tar_of hard.tar 'header("shadow", b"1", "../../../../../../etc/shadow")')"
        ok "a hard link to an absolute name" import BadImage '.' "$(tar_of hard2.tar 'header("shadow", b"1", "/etc/shadow")')"
        ok "an owner beyond the tenant's" import BadImage '65535' "$(tar_of owner.tar 'file("etc", uid=100000)')"
        ok "no init" import BadImage 'init' /srv/images/busybox.tar
        not_ok "nothing escaped" ls /run/test-host/escaped

        # Harmless: devices are left out, absolute names are below the root, set-uid is the image's own affair.
        file=$(tar_of harmless.tar 'header("disk", b"4", major=7) + header("null", b"3", major=1, minor=3) + file("/run/test-host/escaped") + file("suid", mode=0o6755)')
        ok "devices and absolute names" tenantctl --quiet image import harmless "$file"
        is "$(find /var/lib/tenantd/images/harmless -type b -o -type c)" "" "devices are not there"
        not_ok "nothing is out of it" ls /run/test-host/escaped
        ok "but in it" find_one escaped
        is "$(findmnt -n -o OPTIONS -T /var/lib/tenantd/images | tr , '\n' | grep -xE 'nosuid|nodev' | sort | tr '\n' ' ')" \
                "nodev nosuid " "images are nosuid and nodev on the host"
        ok "the same name again" error_is ImageExists image import harmless "$file"
        ok "removed" tenantctl --quiet image remove harmless
        ok "twice" error_is NoSuchImage image remove harmless
        ok "an unreadable file" bash -c '! tenantctl --quiet image import bad /nowhere.tar'
        ok "a fifo that ends at once" import BadImage '.' <(true)
}

find_one() { [[ $(find /var/lib/tenantd/images/harmless -name "$1" | wc -l) -eq 1 ]]; }

# --- at the wrong time -----------------------------------------------------------------------------------------------

time_points() {
        ok "(a tenant)" tenant now
        ok "created twice" error_is TenantExists create now Image=debian12-minimal
        ok "an image in use" error_is ImageInUse image remove debian12-minimal
        ok "stop of a stopped one" error_is NotRunning stop now
        ok "run in a stopped one" error_is NotRunning run now -- true
        ok "start" systemctl start tenant@now
        pid=$(init_of now)
        ok "systemctl start again is nothing" systemctl start tenant@now
        ok "start over the bus says so" error_is Running start now
        is "$(init_of now)" "$pid" "the same init"
        ok "removal while it runs" error_is Running remove now
        ok "stop" tenantctl --quiet stop now
        ok "removed" tenantctl --quiet remove now
        ok "removed twice" error_is NoSuchTenant remove now
        ok "start of nobody" error_is NoSuchTenant start now
        ok "two at once: one wins" race
        ok "(removed)" tenantctl --quiet remove race
        ok "two who publish the same port at once: one wins" port_race
        ok "nothing is left" census_clean
}

# One whose definition somebody moved away: its data stays until somebody asks for its end.
lost_points() {
        local definition=/etc/tenantd/tenants/lost.conf
        ok "(a tenant)" tenant lost
        ok "(its definition is moved away, and tenantd ends as if it was killed)" moved_away
        ok "(tenantd recovers)" wait_for 20 recovered
        ok "its volume is there" test -d /var/lib/tenantd/storage/volumes/lost
        ok "doctor says what to do" bash -c 'tenantctl doctor | grep -F "tenantctl remove lost"'
        ok "its name is not free" error_is TenantExists create lost Image=debian12-minimal
        ok "(put back)" mv "$definition.away" "$definition"
        ok "it starts" systemctl start tenant@lost
        ok "stop" tenantctl --quiet stop lost
        ok "(moved away again)" mv "$definition" "$definition.away"
        ok "removed by name" tenantctl --quiet remove lost
        ok "with its volume" test ! -e /var/lib/tenantd/storage/volumes/lost
        rm -f "$definition.away"
        ok "nothing is left" census_clean
}

moved_away() {
        mv "$definition" "$definition.away" && systemctl stop tenantd && rm -f /run/tenantd/.agent-ended-well && tenantctl --quiet list
}

recovered() { journalctl --no-pager --quiet -u tenantd --since=-60s | grep -F "Tenant lost has no definition"; }

port_race() {
        local i
        for i in 1 2 3 4; do
                error_of create "port$i" Image=debian12-minimal Profile=plain Publish=8091:80 >"$work/port.$i" 2>/dev/null &
        done
        wait
        sort "$work"/port.? | uniq -c
        [[ $(cat "$work"/port.? | grep -cx "done") -eq 1 && $(cat "$work"/port.? | grep -cx AddressInUse) -eq 3 ]] &&
                tenantctl --quiet remove "$(basename "$(grep -lx "done" "$work"/port.?)" | tr -d .)"
}

race() {
        local i results
        for i in 1 2 3 4; do
                error_of create race Image=debian12-minimal Profile=plain >"$work/race.$i" 2>/dev/null &
        done
        wait
        results=$(cat "$work"/race.* | sort | uniq -c)
        echo "$results"
        [[ $(grep -c '1 done' <<<"$results") -eq 1 && $(cat "$work"/race.* | grep -cE '^(TenantExists|Busy)$') -eq 3 ]]
}

# --- what a host runs out of -----------------------------------------------------------------------------------------

resource_points() {
        local server
        busybox httpd -f -p 22123 -h /src/tests &
        server=$!
        ok "(a program listens)" wait_for 5 bash -c 'ss -ltnH "sport = :22123" | grep -q .'
        ok "Docker's port is taken by a program" create AddressInUse 22123 x Image=debian12-minimal Profile=docker Docker.Port=22123
        kill "$server"
        tenant holder Publish=8090:80
        local census_before
        census_start # into the local: what the holder has is there
        ok "a published port is another tenant's" create AddressInUse 8090 x Image=debian12-minimal Profile=plain Publish=8090:80
        ok "one that would be Docker's too" create AddressInUse 8090 x Image=debian12-minimal Profile=docker Docker.Port=8090

        # Tenants that have all there is, as far as their allocations say.
        for ((number = 1; number <= 1216; number++)); do echo "/var/lib/tenantd/tenants/full$number"; done | xargs mkdir
        awk -v all=/var/lib/tenantd/tenants '
                { line[NR] = $0 }
                END {
                        for (base = 603979776; base < 1879048192; base += 1048576) {
                                file = all "/full" ++number "/allocation"
                                for (i = 1; i <= NR; i++) {
                                        sub(/^IdBase=.*/, "IdBase=" (base < 604241920 ? 604241920 : base), line[i])
                                        sub(/^IdCount=.*/, "IdCount=" (base < 604241920 ? 786432 : 1048576), line[i])
                                        sub(/^Index=.*/, "Index=" (number + 100), line[i])
                                        sub(/^ProjectId=.*/, "ProjectId=" (1409286144 + number + 100), line[i])
                                        print line[i] >file
                                }
                                close(file)
                        }
                }' /var/lib/tenantd/tenants/holder/allocation
        census_start
        ok "no range of ids is left" create NoSpace 'id|range' x Image=debian12-minimal Profile=plain
        rm -rf /var/lib/tenantd/tenants/full*
        tenantctl --quiet remove holder
}

# A small file system in the place of a store, with the options that ours has. The agent is one that has not seen another.
small() { # images|storage|tenants OPTIONS
        systemctl stop tenantd
        mount -t tmpfs -o "mode=0700,nosuid,nodev,$2" small "/var/lib/tenantd/$1"
        census_start
}

no_small() { # images|storage|tenants
        systemctl stop tenantd
        umount "/var/lib/tenantd/$1"
        census_start
}

# The census does not look into images.
refused_import() { # PATTERN FILE
        refused NoSpace "$1" image import bad "$2" && [[ -z $(find /var/lib/tenantd/images -mindepth 1 ! -name .names) ]]
}

space_points() {
        local size census_before
        size=$(stat -c %s /srv/images/debian12-minimal.tar)
        small images "size=$((size / 2))"
        ok "an image that is larger than the store" refused_import 'MiB are free' /srv/images/debian12-minimal.tar
        ok "one whose size shows too late" refused_import '.' <(cat /srv/images/debian12-minimal.tar)
        ok "a compressed one" refused_import '.' <(gzip -1 -c /srv/images/debian12-minimal.tar)
        not_ok "nor is one built" tenantctl --quiet image build bad --suite=bookworm
        is "$(error_of image build bad --suite=bookworm 2>/dev/null)" NoSpace "by name"
        ok "nothing of all that is left" bash -c '[[ -z $(find /var/lib/tenantd/images -mindepth 1 ! -name .names) ]]'
        ok "what has room is imported" tenantctl --quiet image import little "$(tar_of little.tar 'b""')"
        ok "(removed)" tenantctl --quiet image remove little
        no_small images
        small images "size=$((size * 2)),nr_inodes=300"
        ok "an image of too many files" refused_import '.' /srv/images/debian12-minimal.tar
        no_small images
        small storage size=8m
        ok "a tenant, without room for it" create NoSpace 'MiB are free in /var/lib/tenantd/storage' x \
                Image=debian12-minimal Profile=plain Storage.Backend=directory
        no_small storage
        small tenants size=8m
        ok "without room for what is known of it" create NoSpace 'MiB are free in /var/lib/tenantd/tenants' x \
                Image=debian12-minimal Profile=docker
        no_small tenants
        small tenants size=64m,nr_inodes=20
        ok "without room for files" create NoSpace 'more files' x Image=debian12-minimal Profile=docker
        no_small tenants
        ok "with room" tenant x
        ok "(removed)" tenantctl --quiet remove x
}

sysctl -qw net.ipv4.ip_forward=1
ok "an image" image debian12-minimal
census_start
name_points
setting_points
network_none_points
file_points
image_points
time_points
lost_points
resource_points
space_points
rm -rf "$work"
ok "nothing is left" census_clean
