# SPDX-License-Identifier: LGPL-2.1-or-later
"""From the exec of dockerd to its first answer to what `docker version` asks (GET /version, by ourselves: the client's own
start is not measured), in a tenant and on the bare test host. Without iptables and bridge, which both would set up alike.

The same dockerd of the image in both: the host runs it from the image's tree bound over its own /usr for that one process.
Each round begins with an empty data root.
"""

import os
import socket
import subprocess
import time

import stage

TENANT = 'docker'
IMAGE = 'debian12-docker'
ROUNDS = 20
SOCKET = '/run/bench-docker.sock'
LIMIT = 120


def command(data):
    return ['dockerd', '--data-root', data, '--exec-root', '/run/bench-docker', '--pidfile', '/run/bench-docker.pid',
            '--host', 'unix://' + SOCKET, '--iptables=false', '--bridge=none']


def ask(path, what):
    """The whole answer to a GET; empty while nobody answers."""
    answer = b''
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(5)
            client.connect(path)
            client.sendall(f'GET {what} HTTP/1.0\r\nHost: docker\r\n\r\n'.encode())
            while part := client.recv(65536):
                answer += part
    except OSError:
        return b''
    return answer if answer.startswith(b'HTTP/1.0 200') else b''


def check_driver(path):
    """With another storage driver in one of the two, the figures would compare nothing."""
    if b'"Driver":"overlay2"' not in ask(path, '/info'):
        raise stage.Failed(f'dockerd at {path} does not use overlay2')


def once(enter, root, data):
    """enter: what runs a command there; root: the place's root as the host sees it."""
    stage.run(*enter, 'rm', '-rf', data)
    log = open('/run/bench-docker.log', 'w+', encoding='utf-8')
    begun = time.monotonic_ns()
    process = subprocess.Popen([*enter, *command(data)], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        stage.wait_until(lambda: ask(root + SOCKET, '/version') or process.poll() is not None, 'dockerd', LIMIT, 0.002)
        if process.poll() is not None:
            raise stage.Failed('dockerd: ' + stage.read('/run/bench-docker.log')[-600:])
        took = (time.monotonic_ns() - begun) / 1e6
        check_driver(root + SOCKET)
        return took
    finally:
        pid = stage.read(root + '/run/bench-docker.pid')
        if pid:
            stage.run(*enter, 'kill', pid, check=False)
        process.wait(LIMIT)
        log.close()


def bare():
    """Root file system of the image for dockerd's binary and libraries, everything else the host's."""
    usr = f'{stage.STATE}/images/{IMAGE}/root/usr'
    return ['unshare', '--mount', '--propagation', 'private', 'sh', '-c',
            f'mount --bind {usr} /usr && exec "$@"', 'sh']


def inside():
    pid = stage.read(f'/run/tenantd/{TENANT}/init')
    for unit in ('docker.socket', 'docker.service', 'containerd.service'):
        stage.run('nsenter', '-t', pid, '-a', 'systemctl', 'stop', unit, check=False)
    return pid, ['nsenter', '-t', pid, '-a', '-r', '-w']


def run(report, _rounds):
    archive = f'/srv/images/{IMAGE}.tar'
    if not os.path.exists(archive):
        report.note(f'docker: {archive} is missing (HOST_IMAGES)')
        return
    stage.work('import', IMAGE, archive)
    # The profile gives it the volume's store: on the overlay of its root, dockerd would fall back to vfs.
    stage.create(TENANT, image=IMAGE, profile='docker')
    host, tenant = [], []
    try:
        stage.run('systemctl', 'start', f'tenant@{TENANT}.service')
        pid, enter = inside()
        for _ in range(ROUNDS + 1):  # the first warms the page cache of both
            host.append(once(bare(), '', stage.PLACE + '/docker'))
            tenant.append(once(enter, f'/proc/{pid}/root', '/var/lib/docker/bench'))
    finally:
        stage.run('systemctl', 'stop', f'tenant@{TENANT}.service', check=False)
        stage.remove(TENANT)
        stage.work('forget', IMAGE)
    report.section(f'dockerd with an empty data root to its first answer, {ROUNDS} rounds; ratio to the bare test host')
    report.series('bare test host', host[1:])
    report.series('in a tenant', tenant[1:], host[1:], at_most=1.15)
