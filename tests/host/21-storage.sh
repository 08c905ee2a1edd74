#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The storage backends on the host's own file systems: storage-directory on any, storage-projectquota where ext4 and xfs
# enforce project quotas; where they do not, that it refuses with its reason.
# timeout: 240
# shellcheck source=tests/lib/lib.sh
. /src/tests/lib/lib.sh

program=/build/tests/contract/storage/test-storage

storage() { # NAME limits|unlimited|refusal DIRECTORY
        local store status=0
        store=$(mktemp -d "$3/.test-storage.XXXXXX")
        "$program" "/build/plugins/storage-$1/storage-$1.so" "$2" "$store" || status=$?
        rmdir "$store" && return "$status"
}

ok "volumes without limits" storage directory unlimited /var/lib/tenantd
ok_with quota "limits on ext4" storage projectquota limits /var/lib/tenantd
ok_with quota "limits on xfs" storage projectquota limits /srv/xfs
ok "limits are refused where the file system keeps none" storage projectquota refusal /root
