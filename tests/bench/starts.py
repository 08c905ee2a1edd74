# SPDX-License-Identifier: LGPL-2.1-or-later
"""Start to the first instruction of init, and forced stop: floor, ours and the peers, interleaved."""

import contenders
import stage
from figures import median

MOVE = 50  # ms between the move into the unit's cgroup and the exec; see launch.c


class Series:
    def __init__(self):
        self.start, self.stop, self.kill = [], [], []


def everybody():
    return [contenders.Floor(), contenders.Ours('none'), contenders.Ours('routed'), contenders.Lxc('empty'),
            contenders.Lxc('veth'), contenders.Nspawn('empty'), contenders.Nspawn('veth'), contenders.Crun()]


def prepared(tools, report):
    """Those that work here. A peer may fail on a host; ours and the floor may not."""
    working = []
    for tool in tools:
        try:
            tool.prepare()
            tool.once()
            working.append(tool)
        except stage.Failed as error:
            if tool.name == 'floor' or tool.name.startswith('ours'):
                raise
            report.note(f'{tool.label}: does not run here: {error}')
    return working


def measure(tools, rounds, settle=0):
    series = {tool.name: Series() for tool in tools}
    for tool in tools:
        tool.inner = []
    for _ in range(rounds):
        for tool in tools:
            start, stop = tool.once(settle)
            series[tool.name].start.append(start)
            series[tool.name].stop.append(stop)
            series[tool.name].kill.append(getattr(tool, 'kill_only', None))
    return series


def report_starts(report, tools, series):
    floor, ours = series['floor'].start, series['ours-routed'].start
    report.section(f'Start: exec of the tool to the first instruction of init, {len(floor)} rounds; ratio to the floor')
    report.series('floor, without its own exec', tools[0].inner, floor)
    for tool in tools:
        aim = 1.25 if tool.name == 'ours-routed' else None
        report.series(tool.label, series[tool.name].start, floor, at_most=aim)
    report.value('what the floor lacks', round(median(ours) - median(floor), 2), 'ms')
    report.section('The same: ours (routed, all features) below every peer')
    for tool in tools:
        if tool.name != 'floor' and not tool.name.startswith('ours'):
            report.series('tenant-run / ' + tool.label, ours, series[tool.name].start, at_most=1.0)


def exec_milliseconds():
    done = stage.run(stage.BENCH + '/finish', '-', '0', stage.BENCH + '/payload', 'exit')
    return int(done.split()[1]) / 1e3


def report_stops(report, series):
    """The release is a program of its own on purpose (it works after kill -9 of the runner): what an exec costs is shown."""
    floor, routed, none = series['floor'], series['ours-routed'], series['ours-none']
    execs = [exec_milliseconds() for _ in floor.stop]
    report.section('Forced stop: kill of all to everything released; ratio to the floor\'s kill and clean-up')
    report.series('floor', floor.stop)
    report.series('floor + exec of an empty static program', [a + b for a, b in zip(floor.stop, execs)], floor.stop)
    report.series('tenant-run, network-none', none.stop, floor.stop)
    report.series('tenant-run, network-routed', routed.stop, floor.stop, at_most=1.5)
    report.series('  of that, until the runner has ended', routed.kill, floor.stop)
    report.series('  with a veth / without (network-none)', routed.stop, none.stop, at_most=1.2)


def run(report, rounds):
    tools = prepared(everybody(), report)
    try:
        series = measure(tools, rounds)
        report_starts(report, tools, series)
        report_stops(report, series)
        rested(report, [tool for tool in tools if tool.name in ('floor', 'ours-routed')], rounds)
    finally:
        for tool in tools:
            tool.end()


def rested(report, tools, rounds):
    """How much of ours hides behind the move that systemd has just made: a second one costs a grace period of RCU."""
    series = measure(tools, rounds, MOVE)
    report.section(f'Start, when the process has been in its cgroup for {MOVE} ms')
    for tool in tools:
        report.series(tool.label, series[tool.name].start, series['floor'].start)
