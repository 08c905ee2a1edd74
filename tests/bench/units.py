# SPDX-License-Identifier: LGPL-2.1-or-later
"""systemctl start to active, against the floor plus the start of an empty unit of the same type; memory of the runner."""

import os
import re
import time

import contenders
import stage

UNIT = '/run/systemd/system/bench-empty.service'
TENANT = 'unit'


def systemctl_milliseconds(verb, unit):
    begun = time.monotonic_ns()
    stage.run('systemctl', verb, unit)
    return (time.monotonic_ns() - begun) / 1e6


def make_empty_unit():
    stage.write(UNIT, f'[Service]\nType=notify\nExecStart={stage.BENCH}/payload\n')
    stage.run('systemctl', 'daemon-reload')


def remove_empty_unit():
    os.unlink(UNIT)
    stage.run('systemctl', 'daemon-reload')


def measure(rounds, floor):
    empty, ours, bare = [], [], []
    for _ in range(rounds):
        bare.append(floor.once()[0])
        for unit, times in (('bench-empty.service', empty), (f'tenant@{TENANT}.service', ours)):
            times.append(systemctl_milliseconds('start', unit))
            stage.run('systemctl', 'kill', '--signal=KILL', '--kill-who=all', unit)
            stage.run('systemctl', 'stop', unit)
            stage.run('systemctl', 'reset-failed', unit, check=False)
    return empty, ours, bare


def run(report, rounds):
    floor = contenders.Floor()
    floor.prepare()
    stage.create(TENANT)
    make_empty_unit()
    try:
        stage.run('systemctl', 'start', f'tenant@{TENANT}.service')  # the first one loads the nftables table
        stage.run('systemctl', 'stop', f'tenant@{TENANT}.service')
        empty, ours, bare = measure(rounds, floor)
    finally:
        remove_empty_unit()
        stage.remove(TENANT)
        floor.end()
    both = [a + b for a, b in zip(bare, empty)]
    report.section(f'systemctl start to active, {rounds} rounds; ratio to floor + empty unit')
    report.series('empty unit, Type=notify', empty, both)
    report.series('floor + empty unit', both)
    report.series('tenant@, network-routed', ours, both, at_most=1.25)


def private_kib(pid):
    """Private memory that is the process's own: what it wrote, and what is in no file. Text and untouched data are shared
    as soon as a second runner lives, and are the page cache's in any case."""
    total, anonymous = 0, False
    for line in stage.read(f'/proc/{pid}/smaps').splitlines():
        area = re.match(r'[0-9a-f]+-[0-9a-f]+ \S+ \S+ \S+ (\d+)', line)
        if area:
            anonymous = area[1] == '0'
        elif line.startswith('Private_Dirty:') or (anonymous and line.startswith('Private_Clean:')):
            total += int(line.split()[1])
    return total


def run_memory(report, _rounds):
    names = ('memory1', 'memory2')
    for name in names:
        stage.create(name)
        stage.run('systemctl', 'start', f'tenant@{name}.service')
    sizes = [private_kib(stage.run('systemctl', 'show', '-P', 'MainPID', f'tenant@{name}').strip()) for name in names]
    for name in names:
        stage.run('systemctl', 'stop', f'tenant@{name}.service')
        stage.remove(name)
    report.section('Memory of the runner, two tenants running')
    report.value('private', max(sizes), 'KiB', at_most=150)
