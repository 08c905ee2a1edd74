# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the walls cost a program inside: a load of short system calls in a tenant, against the same on the test host."""

import shutil

import stage

TENANT = 'walls'


def once(*enter):
    return [float(word) for word in stage.run(*enter).split()]


def run(report, rounds):
    stage.create(TENANT, network='none')
    shutil.copy(stage.BENCH + '/syscalls', f'{stage.STATE}/storage/volumes/{TENANT}/upper/syscalls')
    host, tenant = [], []
    try:
        stage.run('systemctl', 'start', f'tenant@{TENANT}.service')
        for _ in range(rounds):
            host.append(once(stage.BENCH + '/syscalls'))
            tenant.append(once('tenantctl', 'run', TENANT, '--', '/syscalls'))
    finally:
        stage.run('systemctl', 'stop', f'tenant@{TENANT}.service', check=False)
        stage.remove(TENANT)
    report.section(f'System calls in a tenant, {rounds} rounds; ratio to the bare test host')
    for i, (what, aim) in enumerate((('open, fstat, read, close, pipe', 1.02), ('getppid, the cheapest there is', None))):
        bare = [figures[i] / 1e3 for figures in host]
        report.series(what + ', host', bare, unit='us')
        report.series(what + ', tenant', [figures[i] / 1e3 for figures in tenant], bare, at_most=aim, unit='us')
