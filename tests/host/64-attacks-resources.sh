#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The attack suite (tests/host/attacks/README.md): what the host has a number of, or one of. Adds nothing of its own.
# slow: every attack twice
# timeout: 600
exec /src/tests/host/attacks/suite D -D1 -D10 -D11 -D12 D11-held-lock D11-legacy-tables D12-taps
