# SPDX-License-Identifier: LGPL-2.1-or-later
"""Medians, ratios with their bootstrap interval, and the table. Knows nothing of what was measured."""

import random

RESAMPLES = 1000


def median(values):
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def ratio_interval(values, reference):
    """95 % of the ratios of medians when both series are drawn anew, each from itself."""
    draw = random.Random(1).choices
    ratios = sorted(median(draw(values, k=len(values))) / median(draw(reference, k=len(reference)))
                    for _ in range(RESAMPLES))
    return ratios[RESAMPLES * 25 // 1000], ratios[RESAMPLES * 975 // 1000]


class Report:
    """Prints each line as soon as it is known. At the end, how many aims there were and which were missed."""

    def __init__(self):
        self.aims = 0
        self.missed = []

    def section(self, title):
        print(f'\n{title}\n  {"":<46}{"median":>12}  {"ratio":>6}  {"95 %":>13}  aim', flush=True)

    def note(self, text):
        print(f'  # {text}', flush=True)

    def _judge(self, what, held, aim):
        self.aims += 1
        if not held:
            self.missed.append(what)
        return f'{aim} {"ok" if held else "MISSED"}'

    def series(self, what, values, reference=None, at_most=None, at_least=None, unit='ms'):
        """One line: the median of values, and with a reference the ratio to its median."""
        line = f'  {what:<46}{median(values):>9.2f} {unit:<2}'
        if reference is not None:
            ratio = median(values) / median(reference)
            low, high = ratio_interval(values, reference)
            line += f'  {ratio:>6.2f}  {low:>5.2f} - {high:<5.2f}'
            if at_most is not None:
                line += '  ' + self._judge(what, ratio <= at_most, f'<= {at_most}')
            if at_least is not None:
                line += '  ' + self._judge(what, ratio >= at_least, f'>= {at_least}')
        print(line, flush=True)

    def value(self, what, value, unit, at_most=None):
        line = f'  {what:<46}{value:>9} {unit:<2}'
        if at_most is not None:
            line += f'{"":<24}  ' + self._judge(what, value <= at_most, f'<= {at_most}')
        print(line, flush=True)

    def end(self):
        print(f'\n{self.aims - len(self.missed)} of {self.aims} aims met' +
              ''.join(f'\n  missed: {what}' for what in self.missed), flush=True)
