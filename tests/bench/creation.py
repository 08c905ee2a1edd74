# SPDX-License-Identifier: LGPL-2.1-or-later
"""Creation of a tenant from a small and a large image, against mkdirs, one overlay mount and one fsync'ed file."""

import os

import stage

MEBIBYTE = 1 << 20
SIZES = {'small': (100, 10 * MEBIBYTE), 'large': (20000, 1024 * MEBIBYTE)}  # files, bytes in all


def make_image(name, files, size):
    """Many files with holes: as many inodes and names as the size says, without filling the disk of the machine."""
    root = f'{stage.PLACE}/{name}'
    stage.make_tree(root)
    for i in range(files):
        directory = f'{root}/usr/share/{i // 100}'
        os.makedirs(directory, exist_ok=True)
        with open(f'{directory}/{i}', 'wb') as file:
            file.write(b'bench')
            file.truncate(size // files)
    stage.run('tar', '-C', root, '--sparse', '--format=posix', '-cf', root + '.tar', '.')
    stage.work('import', name, root + '.tar')
    os.unlink(root + '.tar')
    stage.remove_tree(root)


def measure(rounds):
    floor, ours = {name: [] for name in SIZES}, {name: [] for name in SIZES}
    for i in range(rounds):
        for name in SIZES:
            root = f'{stage.STATE}/images/{name}/root'
            floor[name].append(int(stage.work('floor', f'{stage.STATE}/storage/bench-floor', root)) / 1e3)
            tenant = f'{name}{i}'
            ours[name].append(stage.create(tenant, image=name) / 1e3)
            stage.remove(tenant)
    return floor, ours


def run(report, rounds):
    for name, (files, size) in SIZES.items():
        make_image(name, files, size)
    try:
        floor, ours = measure(rounds)
    finally:
        for name in SIZES:
            stage.work('forget', name)
    report.section(f'Creation of a tenant, {rounds} rounds; ratio to mkdirs + overlay mount + one fsync\'ed file')
    for name, (files, size) in SIZES.items():
        what = f'{size // MEBIBYTE} MiB in {files} files'
        report.series('floor, ' + what, floor[name])
        report.series('create, ' + what, ours[name], floor[name], at_most=2.0)
    report.series('create, large / small image', ours['large'], ours['small'], at_most=1.1)
