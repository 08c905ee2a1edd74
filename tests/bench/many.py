# SPDX-License-Identifier: LGPL-2.1-or-later
"""Many tenants asked for in one moment: none may fail, and the rate is compared with as many floors at once."""

import os
import subprocess
import time

import stage

COUNT = 100
EMPTY = '/run/systemd/system/bench-many@.service'


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


def tenants():
    return [f'tenant@{name}.service' for name in names()]


def empty_units():
    """As many units of the payload alone: how fast systemd itself is."""
    return [f'bench-many@{i}.service' for i in range(COUNT)]


def start_all(units):
    begun = time.monotonic_ns()
    stage.run('systemctl', 'start', *units, check=False)
    ended = time.monotonic_ns()
    states = stage.run('systemctl', 'is-active', *units, check=False).split()
    return COUNT - states.count('active'), rate_of(COUNT, begun, ended)


def stop_all(units):
    stage.run('systemctl', 'kill', '--signal=KILL', *units, check=False)
    stage.run('systemctl', 'stop', *units, check=False)
    stage.run('systemctl', 'reset-failed', *units, check=False)


def make_empty_units():
    stage.write(EMPTY, f'[Service]\nType=notify\nExecStart={stage.BENCH}/payload\n')
    stage.run('systemctl', 'daemon-reload')


def measure(rounds):
    failures, rates, empty, floors = 0, [], [], []
    for _ in range(rounds):
        floors.append(floors_rate())
        for units, series in ((empty_units(), empty), (tenants(), rates)):
            failed, rate = start_all(units)
            failures += failed
            series.append(rate)
            stop_all(units)
    return failures, rates, empty, floors


def run(report, rounds):
    for name in names():
        stage.create(name)
    make_empty_units()
    try:
        failures, rates, empty, floors = measure(max(1, rounds // 10))
    finally:
        os.unlink(EMPTY)
        for name in names():
            stage.remove(name)
    report.section(f'{COUNT} tenants started at once, {len(rates)} rounds; ratio to the rate of as many floors at once')
    report.value('failures', failures, '', at_most=0)
    report.series('floor', floors, unit='/s')
    report.series('systemctl start of as many empty units', empty, floors, unit='/s')
    report.series('systemctl start of all, until active', rates, floors, at_least=0.7, unit='/s')
    both = [1 / (1 / a + 1 / b) for a, b in zip(floors, empty)]
    report.series('  the same, to floor and empty unit in a row', rates, both, unit='/s')
