#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The test host itself: that it has what the tests after this one take for granted. Knows nothing of tenantd.
# timeout: 60
# shellcheck source=tests/lib/lib.sh
. /src/tests/lib/lib.sh

# A container host applies no sysctl.d, a virtual host does as a server would.
forwards_only_if_told() {
        [[ $(</proc/sys/net/ipv4/ip_forward) == 0 ]] ||
                { systemctl is-active systemd-sysctl && grep -rs ip_forward /etc/sysctl.d /usr/lib/sysctl.d; }
}
type_of() { stat -f -c %T "$1"; }
writable() { touch "$1/.probe" && rm "$1/.probe"; }
outside() { ip netns exec internet "$@"; }

# mount(8) of Debian 12 makes no idmapped mounts: the three system calls, open_tree, mount_setattr, move_mount.
idmapped_mount() { # SOURCE TARGET USERNS
        perl -e '
                my ($source, $target, $ns) = @ARGV;
                my $none = "";
                open(my $userns, "<", $ns) or die "$ns: $!";
                my $fd = syscall(428, -100, $source, 1 | 02000000);
                die "open_tree: $!" if $fd < 0;
                my $attr = pack("QQQQ", 0x100000, 0, 0, fileno($userns));
                syscall(442, $fd, $none, 0x1000, $attr, 32) == 0 or die "mount_setattr: $!";
                syscall(429, $fd, $none, -100, $target, 4) == 0 or die "move_mount: $!";
        ' "$@"
}

# An overlay whose lower layer is an idmapped mount, as a tenant's root is: root's file must be the tenant's.
overlay_on_idmapped() {
        local dir=/var/lib/tenantd/.probe base=603979776 holder
        mkdir -p "$dir"/{image,lower,upper,work,root}
        echo hello >"$dir/image/file"
        unshare --user sleep 60 &
        holder=$!
        wait_for 5 test "$(readlink /proc/self/ns/user)" != "$(readlink "/proc/$holder/ns/user")"
        echo "0 $base 65536" >"/proc/$holder/uid_map"
        echo "0 $base 65536" >"/proc/$holder/gid_map"
        idmapped_mount "$dir/image" "$dir/lower" "/proc/$holder/ns/user" &&
                mount -t overlay overlay "$dir/root" \
                        -o "lowerdir=$dir/lower,upperdir=$dir/upper,workdir=$dir/work" &&
                [[ $(stat -c %u "$dir/root/file") == "$base" ]] &&
                (cd "$dir/root" && setpriv --reuid "$base" --regid "$base" --clear-groups sh -c "echo more >>file") &&
                [[ $(stat -c %u "$dir/upper/file") == "$base" && $(stat -c %u "$dir/image/file") == 0 ]]
        local status=$?
        kill "$holder"
        umount "$dir/root"
        umount "$dir/lower"
        rm -rf --one-file-system "$dir"
        return "$status"
}

systemd_is_up() { [[ $(systemctl is-system-running) == running ]] || { systemctl --failed; false; }; }

serve_and_fetch() {
        local status=0
        busybox httpd -f -p 192.0.2.10:8088 -h /src/tests &
        wait_for 5 outside curl -sf http://192.0.2.10:8088/host/00-host.sh || status=1
        kill $!
        return "$status"
}

quota_is_enforced_for_tenants() {
        local dir=/var/lib/tenantd/.quota status=1
        mkdir -m 777 "$dir"
        chattr +P -p 777777 "$dir" && setquota -P 777777 0 1024 0 0 /var/lib/tenantd &&
                ! (cd "$dir" && setpriv --reuid 603979776 --clear-groups dd if=/dev/zero of=f bs=64k count=64) &&
                [[ $(stat -c %s "$dir/f") -le $((1024 * 1024)) ]] && status=0
        rm -rf "$dir"
        setquota -P 777777 0 0 0 0 /var/lib/tenantd
        return "$status"
}

# The program is perl's, not the shell's.
# shellcheck disable=SC2016
memory_limit_works() {
        ! systemd-run --wait --quiet --collect -p MemoryMax=16M -p MemorySwapMax=0 \
                perl -e '$_ = "x" x (64 << 20); exit 0'
}

offline_packages() {
        apt-get -o Dir::Etc::SourceList="$1" -o Dir::Etc::SourceParts=/dev/null -o Dir::State::Lists="$2" update &&
                apt-cache -o Dir::State::Lists="$2" -o Dir::Etc::SourceList="$1" -o Dir::Cache::pkgcache= show docker.io
}

apt_works() { # LIST
        local lists status=0
        lists=$(mktemp -d)
        mkdir "$lists/partial"
        offline_packages "$1" "$lists" || status=1
        rm -rf "$lists"
        return "$status"
}

ok "systemd is up, nothing failed" systemd_is_up
ok "cgroup v2 only" test "$(type_of /sys/fs/cgroup)" = cgroup2fs
ok "the system bus answers" busctl --system call org.freedesktop.DBus /org/freedesktop/DBus org.freedesktop.DBus GetId
ok "machined and polkit can be activated" \
        busctl --system call org.freedesktop.machine1 /org/freedesktop/machine1 org.freedesktop.DBus.Peer Ping
ok "polkit can be activated" busctl --system call org.freedesktop.PolicyKit1 / org.freedesktop.DBus.Peer Ping
ok "/var/lib/tenantd is a real file system" test "$(type_of /var/lib/tenantd)" = ext2/ext3
ok "no tenant of another run is there" test -z "$(ls -A /var/lib/tenantd/tenants 2>/dev/null)"
ok "an overlay on an idmapped lower layer there" overlay_on_idmapped
ok "the host reaches the outside" ping -c1 -W5 192.0.2.1
ok "the outside reaches the host" outside ping -c1 -W5 192.0.2.10
ok "the outside is a client over TCP" serve_and_fetch
ok "the host itself does not forward: whoever needs it has to say so" forwards_only_if_told
ok "/dev/fuse and /dev/net/tun are there" test -c /dev/fuse -a -c /dev/net/tun
ok "/src is the checkout" test -r /src/tests/host/00-host.sh
not_ok "/src is read-only" touch /src/probe
ok "/mnt/bind is writable" writable /mnt/bind
ok "bookworm packages without network" apt_works /etc/apt/sources.list
ok "trixie packages without network" apt_works /etc/apt/trixie.list
ok "docker's client is there, its daemon is not running" \
        bash -c 'docker --version && ! systemctl is-active docker.service containerd.service docker.socket'
ok "a customer's image for docker import" test -r /srv/images/busybox.tar
is "$TENANT_HOST_KIND" "$host_kind" "the kind of host is told"
ok_with controllers "a memory limit is enforced" memory_limit_works
ok_with quota "a project quota stops who is not root" quota_is_enforced_for_tenants
ok_with modules "modules can be loaded" modprobe overlay
ok_with apparmor "AppArmor's parser is there" apparmor_parser --version
