# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who starts the payload: the floor, ours, and the peers. Each has prepare(), once() and end().

once(settle) starts the payload in namespaces of its own and ends it by force: milliseconds from the tool's exec to the
payload's first instruction, and those of the end where it is measured. The peers get the same tree as a plain directory
that was given to their ids beforehand: the cheapest root file system they know. Ours and the floor mount the overlay.
"""

import json
import os
import subprocess

import stage

BASE = 1000013824
COUNT = 262144


class Floor:
    """tests/bench/floor as a program; inner: without its own exec, as it measures itself."""

    name = 'floor'
    label = 'floor (bare system calls, as a program)'

    def prepare(self):
        self.volume = stage.PLACE + '/floor'
        os.makedirs(self.volume, exist_ok=True)
        self.cgroup = stage.Cgroup('bench-floor')
        self.inner = []

    def once(self, settle=0):
        self.cgroup.make()
        command = [stage.BENCH + '/floor', stage.IMAGE_ROOT, self.volume, self.cgroup.path]
        stamp = '/run/bench-floor'
        with subprocess.Popen([stage.BENCH + '/launch', stamp, self.cgroup.path, str(settle), *command],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            out, errors = process.communicate(timeout=stage.LIMIT_SECONDS)
        if process.returncode != 0:
            raise stage.Failed('floor: ' + errors)
        inner, end, born = (int(word) for word in out.split())
        self.inner.append(inner / 1e3)
        return (born - int(stage.read(stamp))) / 1e6, end / 1e3

    def end(self):
        self.cgroup.remove()
        stage.remove_tree(self.volume)


class Ours:
    """tenant-run by hand, in a cgroup as the unit's, with one of the network backends."""

    def __init__(self, network):
        self.network = network
        self.name = 'ours-' + network
        self.label = f'tenant-run, network-{network}'

    def prepare(self):
        stage.create(self.name, network=self.network)
        self.cgroup = stage.Cgroup(stage.unit_cgroup(self.name))

    def once(self, settle=0):
        self.cgroup.make()
        launch = stage.Launch(self.name, self.cgroup.path, [stage.RUNNER, self.name],
                              stage.started_file(self.name), settle)
        took = launch.milliseconds()
        # As systemd has it when it releases: the start is over, and the composer with it.
        stage.wait_until(lambda: not self._children(launch.process.pid)[1:], 'end of the composer')
        killed, released = stage.run(stage.BENCH + '/finish', self.cgroup.path, str(launch.process.pid),
                                     stage.RUNNER, '--release', self.name).split()
        self.kill_only = int(killed) / 1e3
        launch.end()
        self.cgroup.remove()
        return took, int(released) / 1e3

    @staticmethod
    def _children(pid):
        return stage.read(f'/proc/{pid}/task/{pid}/children').split()

    def end(self):
        self.cgroup.remove()
        stage.remove(self.name)


class Peer:
    """What the peers share: a tree of their own, a launch, an end that is not measured."""

    def prepare(self):
        self.place = f'{stage.PLACE}/{self.name}'
        self.root = self.place + '/root'
        stage.make_tree(self.root)
        stage.give(self.root, self.owner)
        self.cgroup = stage.Cgroup('system.slice/bench-' + self.name + '.service')
        self.configure()

    owner = BASE

    def configure(self):
        pass

    def kill(self):
        pass

    def once(self, settle=0):
        self.cgroup.make()
        launch = stage.Launch(self.name, self.cgroup.path, self.command(), self.root + '/started', settle)
        try:
            return launch.milliseconds(), None
        finally:
            self.kill()
            self.cgroup.remove()
            launch.end()

    def end(self):
        self.cgroup.remove()


class Lxc(Peer):
    """Unprivileged (id map), nesting as in its nesting.conf. newuidmap wants root's ids in /etc/subuid."""

    def __init__(self, net):
        self.net = net
        self.name = 'lxc-' + net
        self.label = f'lxc-start, id map, nesting, net {net}'

    def configure(self):
        for file in ('/etc/subuid', '/etc/subgid'):
            line = f'root:{BASE}:{COUNT}\n'
            if line not in stage.read(file):
                stage.write(file, stage.read(file) + line)
        stage.write(self.place + '/config', f'''
lxc.uts.name = {self.name}
lxc.rootfs.path = dir:{self.root}
lxc.idmap = u 0 {BASE} {COUNT}
lxc.idmap = g 0 {BASE} {COUNT}
lxc.init.cmd = /init
lxc.autodev = 1
lxc.apparmor.profile = unconfined
lxc.mount.auto = proc:rw sys:rw cgroup:rw
lxc.mount.entry = proc dev/.lxc/proc proc create=dir,optional 0 0
lxc.mount.entry = sys dev/.lxc/sys sysfs create=dir,optional 0 0
lxc.net.0.type = {self.net}
''')

    def command(self):
        return ['lxc-start', '-F', '-n', self.name, '-f', self.place + '/config']

    def kill(self):
        stage.run('lxc-stop', '-k', '-n', self.name, check=False)


class Nspawn(Peer):
    """Without registration, as a provider's unit would have it."""

    owner = 0

    def __init__(self, net):
        self.net = net
        self.name = 'nspawn-' + net
        self.label = f'systemd-nspawn -U, net {net}'

    def command(self):
        network = '--network-veth' if self.net == 'veth' else '--private-network'
        return ['systemd-nspawn', '--quiet', '-U', '--keep-unit', '--register=no', network, '--console=pipe',
                '--settings=no', '--machine=' + self.name, '--directory=' + self.root, '/init']


class Crun(Peer):
    """OCI bundle with a user namespace; runtimes leave the network empty."""

    name = 'crun'
    label = 'crun run, user namespace, net empty'

    def configure(self):
        flags = ['nosuid', 'noexec', 'nodev']
        ids = [{'containerID': 0, 'hostID': BASE, 'size': COUNT}]
        kinds = ('pid', 'network', 'ipc', 'uts', 'mount', 'user', 'cgroup')
        every = ['CAP_SYS_ADMIN', 'CAP_NET_ADMIN', 'CAP_SETUID', 'CAP_SETGID', 'CAP_CHOWN', 'CAP_DAC_OVERRIDE']
        config = {
            'ociVersion': '1.0.0',
            'process': {'user': {'uid': 0, 'gid': 0}, 'args': ['/init'], 'cwd': '/',
                        'env': ['PATH=/usr/bin'],
                        'capabilities': {kind: every for kind in ('bounding', 'effective', 'permitted')}},
            'root': {'path': self.root},
            'hostname': self.name,
            'mounts': [
                {'destination': '/proc', 'type': 'proc', 'source': 'proc'},
                {'destination': '/dev', 'type': 'tmpfs', 'source': 'tmpfs', 'options': ['nosuid', 'mode=755']},
                {'destination': '/dev/pts', 'type': 'devpts', 'source': 'devpts',
                 'options': ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666']},
                {'destination': '/dev/shm', 'type': 'tmpfs', 'source': 'shm', 'options': flags},
                {'destination': '/dev/mqueue', 'type': 'mqueue', 'source': 'mqueue', 'options': flags},
                {'destination': '/sys', 'type': 'sysfs', 'source': 'sysfs', 'options': flags},
                {'destination': '/sys/fs/cgroup', 'type': 'cgroup', 'source': 'cgroup', 'options': flags},
                {'destination': '/run', 'type': 'tmpfs', 'source': 'tmpfs', 'options': ['nosuid', 'nodev']}],
            'linux': {'uidMappings': ids, 'gidMappings': ids, 'cgroupsPath': '/bench-crun',
                      'namespaces': [{'type': kind} for kind in kinds]},
        }
        stage.write(self.place + '/config.json', json.dumps(config))

    def command(self):
        return ['crun', '--root', '/run/bench-crun-state', '--cgroup-manager', 'cgroupfs', 'run', '-b', self.place, self.name]

    def kill(self):
        stage.run('crun', '--root', '/run/bench-crun-state', 'delete', '--force', self.name, check=False)
        stage.Cgroup('bench-crun').remove()
