# SPDX-License-Identifier: LGPL-2.1-or-later
"""Many tenants asked for in one moment: none may fail, and the rate is compared with as many floors at once."""

import os
import subprocess
import time

import stage

COUNT = 100


def rate_of(count, begun_ns, ended_ns):
    return count * 1e9 / (ended_ns - begun_ns)


def floors_rate():
    """All at once as well; each stays until its input ends, so that no clean-up is in the way of a start."""
    stage.Cgroup('bench-many').make()
    processes = []
    begun = time.monotonic_ns()
    for i in range(COUNT):
        volume, cgroup = f'{stage.PLACE}/many/{i}', stage.Cgroup(f'bench-many/{i}')
        os.makedirs(volume, exist_ok=True)
        cgroup.make()
        processes.append(subprocess.Popen([stage.BENCH + '/floor', stage.IMAGE_ROOT, volume, cgroup.path, '0', str(i)],
                                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
    born = [process.stdout.readline() for process in processes]
    failures = sum(not line for line in born)
    for process in processes:
        process.stdin.close()
    for process in processes:
        process.wait(stage.LIMIT_SECONDS)
        process.stdout.close()
    stage.Cgroup('bench-many').remove()
    if failures:
        raise stage.Failed(f'{failures} of {COUNT} floors did not start')
    return rate_of(COUNT, begun, max(int(line) for line in born))


def names():
    return [f'many{i}' for i in range(COUNT)]


def start_all():
    units = [f'tenant@{name}.service' for name in names()]
    begun = time.monotonic_ns()
    stage.run('systemctl', 'start', *units, check=False)
    ended = time.monotonic_ns()
    states = stage.run('systemctl', 'is-active', *units, check=False).split()
    return COUNT - states.count('active'), rate_of(COUNT, begun, ended)


def stop_all():
    units = [f'tenant@{name}.service' for name in names()]
    stage.run('systemctl', 'kill', '--signal=KILL', *units, check=False)
    stage.run('systemctl', 'stop', *units, check=False)
    stage.run('systemctl', 'reset-failed', *units, check=False)


def run(report, rounds):
    for name in names():
        stage.create(name)
    failures, rates, floors = 0, [], []
    try:
        for _ in range(max(1, rounds // 10)):
            floors.append(floors_rate())
            failed, rate = start_all()
            failures += failed
            rates.append(rate)
            stop_all()
    finally:
        for name in names():
            stage.remove(name)
    report.section(f'{COUNT} tenants started at once, {len(rates)} rounds; ratio to the rate of as many floors at once')
    report.value('failures', failures, '', at_most=0)
    report.series('floor', floors, unit='/s')
    report.series('systemctl start of all, until active', rates, floors, at_least=0.7, unit='/s')
