#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The attack suite (tests/host/attacks/README.md): the store, paths, and what crosses the wall. Adds nothing of its own.
# slow: every attack twice
# timeout: 600
exec /src/tests/host/attacks/suite S P X
