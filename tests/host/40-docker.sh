#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Docker 20.10 of Debian 12 in a tenant, as its customer has it.
# timeout: 240
# shellcheck source=tests/lib/lib.sh
. /src/tests/lib/lib.sh
# shellcheck source=tests/lib/tenant.sh
. /src/tests/lib/tenant.sh
# shellcheck source=tests/lib/docker-test.sh
. /src/tests/lib/docker-test.sh

docker_test debian12-docker 20.10

# A tenant whose Docker comes some seconds after all else, by a timer that its boot does not wait for.
late_docker() {
        inside late systemctl disable --quiet docker.service docker.socket
        printf '%s\n' '[Unit]' DefaultDependencies=no After=multi-user.target '[Timer]' OnActiveSec=3 AccuracySec=100ms Unit=docker.service \
                '[Install]' WantedBy=multi-user.target | inside late tee /etc/systemd/system/late.timer
        inside late systemctl enable --quiet late.timer
}

ready_points() {
        mkdir -p "$certificates"
        census_start
        ok "a tenant that is up when its Docker is" tenantctl --quiet create late Image=debian12-docker Docker.Ready=docker
        ok "credentials" credentials late
        ok "start" systemctl start tenant@late
        ok "(its Docker comes late from now on)" late_docker
        ok "restart" systemctl restart tenant@late
        ok "Docker answers at once" answers late
        ok "stop" systemctl stop tenant@late
        ok "one that does not wait for it" tenantctl --quiet set late Docker.Ready=no
        ok "start" systemctl start tenant@late
        not_ok "is up before" answers late
        ok "Docker comes later" wait_for 20 answers late
        rm -rf "$certificates"
        tenants_end late
        ok "nothing is left" census_clean
}

group native "Ready=docker" ready_points
