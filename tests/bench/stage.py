# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where benchmarks play: image, volumes, cgroups and tenants in a test host, and how a start is timed there.

The image holds one program, payload: its first act is to write the time, and no tool can make that faster or slower.
Refuses to run outside a test host, since it makes and kills at will.
"""

import os
import shutil
import subprocess
import time

BENCH = '/build/tests/bench'
STATE = '/var/lib/tenantd'
PLACE = STATE + '/bench'
IMAGE = 'bench'
IMAGE_ROOT = f'{STATE}/images/{IMAGE}/root'
RUNNER = '/usr/libexec/tenantd/tenant-run'
LIMIT_SECONDS = 60


class Failed(Exception):
    """A step of a benchmark that did not work; the text says what was said."""


def run(*command, check=True, **more):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, check=False, **more)
    if check and done.returncode != 0:
        raise Failed(f'{" ".join(command)}: status {done.returncode}: {(done.stderr or done.stdout).strip()[-600:]}')
    return done.stdout


def wait_until(condition, what, limit=LIMIT_SECONDS, pause=0.001):
    """What condition returns, as soon as it is true. What is timed writes its time itself, so that waiting costs nothing."""
    end = time.monotonic() + limit
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise Failed(f'{what}: not within {limit} s')
        time.sleep(pause)


def read(path):
    try:
        with open(path, encoding='utf-8') as file:
            return file.read()
    except OSError:
        return ''


def write(path, text):
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)


def ignore_missing(call, path):
    try:
        call(path)
    except FileNotFoundError:
        pass


class Cgroup:
    """A cgroup for one tool: made for each round and removed with all that was put in and below it.

    Never used again after a kill: on Linux 6.18, what a process in a cgroup that was once killed cloned into a new cgroup died
    at birth (seen with crun), and no longer did when the first cgroup was made anew for each round.
    """

    def __init__(self, path):
        self.path = '/sys/fs/cgroup/' + path

    def make(self):
        os.makedirs(self.path, exist_ok=True)
        os.setxattr(self.path, 'user.delegate', b'1')  # as systemd marks what it delegates

    def _empty(self):
        return 'populated 0' in read(self.path + '/cgroup.events')

    def kill(self):
        write(self.path + '/cgroup.kill', '1')

    def remove(self):
        if not os.path.exists(self.path):
            return
        self.kill()
        wait_until(self._empty, f'end of {self.path}')
        for directory, _, _ in os.walk(self.path, topdown=False):
            ignore_missing(os.rmdir, directory)


class Launch:
    """A command under the launcher: when it was exec'ed, and when its payload wrote the time."""

    def __init__(self, name, cgroup, command, started, settle=0):
        self.stamp = f'/run/bench-{name}'
        self.started = started
        self.log = open(self.stamp + '.log', 'w+', encoding='utf-8')
        ignore_missing(os.unlink, self.stamp)
        ignore_missing(os.unlink, started)
        self.process = subprocess.Popen([BENCH + '/launch', self.stamp, cgroup, str(settle), *command],
                                        stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)

    def said(self):
        self.log.flush()
        return read(self.stamp + '.log')[-600:]

    def _born(self):
        text = read(self.started)
        if not text.endswith('\n') and self.process.poll() is not None:
            raise Failed(f'{self.process.args[4:]}: ended early: {self.said()}')
        return text.endswith('\n') and int(text)

    def milliseconds(self):
        born = wait_until(self._born, ' '.join(self.process.args[4:]))
        return (born - int(read(self.stamp))) / 1e6

    def end(self):
        self.process.wait(LIMIT_SECONDS)
        self.log.close()


def make_tree(root):
    for directory in ('proc', 'sys/fs/cgroup', 'dev', 'run', 'tmp', 'etc', 'sbin', 'usr/bin', 'var/lib'):
        os.makedirs(f'{root}/{directory}', exist_ok=True)
    for init in ('init', 'sbin/init'):
        shutil.copy(BENCH + '/payload', f'{root}/{init}')
        os.chmod(f'{root}/{init}', 0o755)
    write(root + '/etc/os-release', 'ID=bench\n')


def give(root, base):
    for directory, directories, files in os.walk(root):
        for name in directories + files:
            os.lchown(f'{directory}/{name}', base, base)
    os.chown(root, base, base)


def work(*arguments):
    return run(BENCH + '/work', *arguments)


def import_tree(name, root):
    archive = f'{PLACE}/{name}.tar'
    run('tar', '-C', root, '--numeric-owner', '--sort=name', '-cf', archive, '.')
    work('import', name, archive)
    os.unlink(archive)


def settings(text):
    path = PLACE + '/settings'
    write(path, text)
    return path


def create(name, image=IMAGE, network='routed', profile='plain'):
    """Microseconds that it took."""
    return int(work('create', name, settings(
        f'[Tenant]\nImage={image}\nProfile={profile}\n[Network]\nBackend={network}\n')))


def remove(name):
    work('remove', name)


def unit_cgroup(tenant):
    return f'tenant.slice/tenant@{tenant}.service'


def started_file(tenant):
    return f'{STATE}/storage/volumes/{tenant}/upper/started'


def take_precedence():
    """Over whatever else the machine does: this process, and by inheritance all that the test host's systemd starts."""
    for pid in (0, 1):
        os.setpriority(os.PRIO_PROCESS, pid, -20)


def prepare():
    if not os.path.exists('/run/test-host/has'):
        raise Failed('not a test host: run tests/bench/start from the checkout, which boots one')
    take_precedence()
    run('systemd-tmpfiles', '--create')
    run('systemctl', 'daemon-reload')
    run('sysctl', '-q', '-p', '/usr/lib/sysctl.d/50-tenantd.conf', check=False)
    run('systemctl', 'start', 'var-lib-tenantd-storage.mount', 'var-lib-tenantd-images.mount')
    os.makedirs(PLACE, exist_ok=True)
    for directory in (STATE, PLACE):
        os.chmod(directory, 0o711)  # roots of user namespaces pass through, by path, in the floor and the peers
    make_tree(PLACE + '/tree')
    import_tree(IMAGE, PLACE + '/tree')


def remove_tree(path):
    shutil.rmtree(path, ignore_errors=True)


def end():
    run('systemctl', 'stop', 'tenant.slice', check=False)
    run(BENCH + '/work', 'forget', IMAGE)
    remove_tree(PLACE)
