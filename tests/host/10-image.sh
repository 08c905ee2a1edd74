#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Images: import by file, pipe and path, what is recorded, and that nothing changes them.
# timeout: 240
# container: archives and their errors, by processes that see no other kernel interfaces than a start does
# shellcheck source=tests/lib/lib.sh
. /src/tests/lib/lib.sh
# shellcheck source=tests/lib/tenant.sh
. /src/tests/lib/tenant.sh

tar=/srv/images/debian12-minimal.tar
store=/var/lib/tenantd/images

field() { tenantctl --json image list | jq -r --arg name "$1" --arg key "$2" '.[] | select(.Name == $name) | .[$key]'; }
digest() { echo "sha256:$(sha256sum "$1" | cut -d' ' -f1)"; }
# Names, modes, owners, sizes and contents of an image.
contents() { (cd "$store/$1" && find . -printf '%P %m %U:%G %s %l\n' | LC_ALL=C sort && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum) | sha256sum; }

everything() { census; find $store -mindepth 1 -maxdepth 1 ! -name .names; }

tenantctl --quiet list # the first call mounts the store
no_images=$(everything)
ok "import" tenantctl --quiet image import plain "$tar"
is "$(field plain Digest)" "$(digest "$tar")" "its digest is the file's"
is "$(field plain Profile)" plain "without Docker"
ok "its size is known" test "$(field plain SizeBytes)" -gt 50000000
is "$(tar -tf "$tar" | grep -vc '^\./$')" "$(($(find $store/plain -mindepth 2 -path '*/*/*' | wc -l) + $(tar -tvf "$tar" | grep -c '^[bc]')))" \
        "every name of the tar but devices"
ok "from a pipe" bash -c "tenantctl --quiet image import piped - <$tar"
ok "by its path, as busctl can" busctl call org.tenantd1 /org/tenantd1 org.tenantd1.Manager ImportImage 'sva{sv}' bus s "$tar" 0
ok "(it arrives)" wait_for 30 test -e $store/bus/manifest
import_said() { # BYTES: where it comes from, in a text of that length
        busctl call org.tenantd1 /org/tenantd1 org.tenantd1.Manager ImportImage 'sva{sv}' said s "$tar" 1 Source s "$(printf 'x%.0s' $(seq "$1"))"
}
not_ok "where it comes from in 257 bytes" import_said 257
ok "and in 256" import_said 256
ok "(it arrives)" wait_for 30 test -e $store/said/manifest
ok "remove several" tenantctl --quiet image remove piped bus said

before=$(contents plain)
ok "a tenant of it" tenantctl --quiet create user Image=plain Profile=plain
ok "starts" systemctl start tenant@user
ok "and changes its files" inside user sh -c 'echo changed >/etc/issue; rm -r /usr/share/base-files; chmod 700 /usr/bin; chown 5 /etc/passwd; : >/usr/bin/perl'
is "$(contents plain)" "$before" "the image is as it was"
ok "another tenant" tenantctl --quiet create other Image=plain Profile=plain
ok "has the image's files" bash -c "systemctl start tenant@other && $(declare -f inside init_of); inside other test -x /usr/bin/perl -a -d /usr/share/base-files"
ok "an image in use stays" bash -c '! tenantctl --quiet image remove plain'
ok "stop" systemctl stop tenant@user tenant@other
ok "remove" tenantctl --quiet remove user other

ok "remove the image" tenantctl --quiet image remove plain
is "$(everything)" "$no_images" "nothing is left"
