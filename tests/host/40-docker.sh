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
