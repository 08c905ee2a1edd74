#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Images that take a processor's time: tars in every compression, and builds from Debian packages.
# slow: debootstraps a suite
# timeout: 420
# shellcheck source=tests/lib/lib.sh
. /src/tests/lib/lib.sh
# shellcheck source=tests/lib/tenant.sh
. /src/tests/lib/tenant.sh

tar=/srv/images/debian12-minimal.tar
store=/var/lib/tenantd/images

field() { tenantctl --json image list | jq -r --arg name "$1" --arg key "$2" '.[] | select(.Name == $name) | .[$key]'; }
digest() { echo "sha256:$(sha256sum "$1" | cut -d' ' -f1)"; }

needs native

everything() { census; find $store -mindepth 1 -maxdepth 1 ! -name .names; }

tenantctl --quiet list # the first call mounts the store
no_images=$(everything)
for compression in gzip xz zstd; do
        "$compression" -1 -c "$tar" >"/var/tmp/image.$compression"
        ok "import of $compression" tenantctl --quiet image import "$compression" "/var/tmp/image.$compression"
        is "$(field "$compression" Digest)" "$(digest "/var/tmp/image.$compression")" "digest of $compression"
        rm -f "/var/tmp/image.$compression"
done
ok "remove them" tenantctl --quiet image remove gzip xz zstd

ok "build from packages" tenantctl --quiet image build built --suite=bookworm --package=busybox-static
is "$(field built Profile)" plain "plain"
ok "with the package" test -x "$(find $store/built -path '*/bin/busybox')"
ok "a tenant of it" tenantctl --quiet create user Image=built Profile=plain
ok "starts" systemctl start tenant@user
is "$(inside user systemctl is-system-running --wait)" running "and is well"
ok "stop" systemctl stop tenant@user
ok "remove" tenantctl --quiet remove user
not_ok "a suite that there is not" tenantctl --quiet image build odd --suite=hardy
not_ok "a package that there is not" tenantctl --quiet image build odd --suite=bookworm --package=no-such-package
not_ok "an argument for apt instead of a package" tenantctl --quiet image build odd --suite=bookworm --package=-oDebug=1
ok "remove it" tenantctl --quiet image remove built

# What the README begins with, of the suite that has a package more.
ok "build with Docker" tenantctl --quiet image build built --suite=trixie --profile=docker
is "$(field built Profile)" docker "docker"
ok "a tenant of it" tenantctl --quiet create user Image=built
ok "starts" systemctl start tenant@user
ok "credentials" tenantctl --quiet docker-env user --dir=/root/built
answers() { (eval "$(tenantctl docker-env user --dir=/root/built)" && docker version --format '{{.Server.Version}}'); }
ok "its Docker answers over TLS" wait_for 20 answers
ok "stop" systemctl stop tenant@user
ok "remove" tenantctl --quiet remove user
ok "remove it" tenantctl --quiet image remove built

jobs() { tenantctl --json jobs | jq -r '.[] | select(.State == "running") | .Id'; }
ok "a build that nobody waits for" tenantctl --quiet image build odd --suite=bookworm --no-wait
id=$(jobs)
ok "is listed" grep -E "^ *$id +build-image +.*odd" <(tenantctl jobs)
ok "and canceled" tenantctl --quiet cancel "$id"
no_jobs() { [[ -z $(jobs) ]]; }
ok "it ends" wait_for 20 no_jobs
is "$(everything)" "$no_images" "nothing is left"
