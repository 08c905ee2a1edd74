#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The guide quotes example-plugin.c; both must be the same text, since only the file is compiled.
# usage: harness-guide.sh EXAMPLE.c GUIDE.md
set -eu
example=$1 guide=$2
quoted=$(sed -n '/^```c example-plugin.c$/,/^```$/p' "$guide" | sed '1d;$d')
[ -n "$quoted" ] || { echo "$guide: no block that begins with \`\`\`c example-plugin.c"; exit 1; }
if [ "$quoted" != "$(cat "$example")" ]; then
        echo "$guide: its example is not $example; copy the file into the block"
        printf '%s\n' "$quoted" | diff - "$example"
        exit 1
fi
