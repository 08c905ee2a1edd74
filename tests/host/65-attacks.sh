#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The attack suite: tests/host/attacks/README.md. ATTACKS="K7 S1" chooses some. Adds nothing of its own.
# timeout: 1500
# shellcheck disable=SC2086 # several words are several attacks
exec /src/tests/host/attacks/suite ${ATTACKS-}
