#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Docker 26.1 of Debian 13 in a tenant, as its customer has it.
# slow: the same as 40-docker with a newer Docker
# timeout: 240
# shellcheck source=tests/lib/lib.sh
. /src/tests/lib/lib.sh
# shellcheck source=tests/lib/tenant.sh
. /src/tests/lib/tenant.sh
# shellcheck source=tests/lib/docker-test.sh
. /src/tests/lib/docker-test.sh

docker_test debian13-docker 26.1
