# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The part of `host` that both kinds share: one directory and one cgroup per running host, what goes into them, and how
# they end. Refuses to remove across file systems, and to remove before every process of the host is dead.

: "${cache_root:?}" "${lib:?}"
# Settings of `host`, filled in by its parse().
kind=container bind='' limit=900 verb='' command=() build='' checkout='' host_tree='' apt_repo='' host_disk='' images_disk='' emulator=''

# The cgroup2 hierarchy of this machine, which may be the only one or beside v1.
cgroup_root() { findmnt -n -t cgroup2 -o TARGET | head -n 1; }

work_create() {
        local work
        work=$(mktemp -d "$cache_root/run/XXXXXXXX")
        chmod 755 "$work"
        mkdir -p "$work"/{layer,job,images}
        printf '%s\n' "$work"
}

# Takes the lock that says this host is alive, and starts the janitor, who waits for it. Only this process holds it.
work_claim() { # WORK
        exec {work_lock}>"$1/lock.new"
        flock "$work_lock"
        mv "$1/lock.new" "$1/lock"
        setsid "$lib/host-janitor" "$1" {work_lock}>&- </dev/null >/dev/null 2>&1 &
        disown
}

work_end() { # WORK
        trap '' HUP INT TERM
        [[ -z ${child-} ]] || { kill -KILL "$child" && wait "$child"; } 2>/dev/null || true
        "$lib/host-janitor" --now "$1" || true
}

# Hosts that a machine crash left (no process of theirs can be left).
work_sweep() {
        local work
        for work in "$cache_root"/run/*; do
                [[ -e $work/lock ]] && flock -n "$work/lock" true && "$lib/host-janitor" --now "$work"
        done
        return 0
}

# What this run lays over the host tree besides tenantd itself.
work_layer() { # WORK
        local layer=$1/layer units unit
        units=$layer/etc/systemd/system
        mkdir -p "$layer/usr/lib/test-host" "$units/multi-user.target.wants" "$units/sysinit.target.wants"
        cp "$lib"/guest/{setup,job,command} "$layer/usr/lib/test-host/"
        cp "$lib"/guest/*.service "$units/"
        ln -sf ../test-host-setup.service "$units/sysinit.target.wants/"
        tr -d - </proc/sys/kernel/random/uuid >"$layer/etc/machine-id"
        case ${HOST_BUS:-dbus-daemon} in
        dbus-daemon) ;;
        dbus-broker) ln -s /lib/systemd/system/dbus-broker.service "$units/dbus.service" ;;
        *) echo "host: there is no bus $HOST_BUS" >&2; return 1 ;;
        esac
        if [[ $kind == container ]]; then
                for unit in systemd-{modules-load,udev-trigger,binfmt,machine-id-commit}.service; do
                        ln -sf /dev/null "$units/$unit"
                done
                # Of the settings in sysctl.d those of the network are this host's own, all others the machine's.
                mkdir -p "$units/systemd-sysctl.service.d"
                printf '[Service]\nExecStart=\nExecStart=-/lib/systemd/systemd-sysctl --prefix=/net\n' \
                        >"$units/systemd-sysctl.service.d/container.conf"
        else
                ln -sf ../test-host-job.service "$units/multi-user.target.wants/"
                # Emulated, the kernel looks half a second at the signature of each module.
                mkdir -p "$units/systemd-modules-load.service.d"
                printf '[Service]\nTimeoutStartSec=600\n' >"$units/systemd-modules-load.service.d/virtual.conf"
        fi
}

# hold VARIABLE NAME [ARG...]: builds the artefact if needed and keeps it while this process lives.
hold() {
        local -n held=$1
        local tries
        for ((tries = 0; tries < 3; tries++)); do
                held=$("$lib/artefact" "${@:2}") || return 1
                cache_hold "$held" && return 0
        done
        return 1
}

# All that this run is made of: host_tree, images (their names), and by kind apt_repo or emulator, host_disk and images_disk.
hold_artefacts() { # WORK
        local image
        images=(debian12-docker debian13-docker debian12-minimal)
        hold host_tree host-tree
        [[ ${HOST_IMAGES-} != none ]] || images=()
        if [[ $kind == virtual ]]; then
                hold emulator emulator
                hold host_disk host-disk
                # One disk with all: a choice of images would make a disk for each.
                hold images_disk images-disk "${images[@]}"
                return
        fi
        [[ ${HOST_IMAGES:-none} == none ]] || read -ra images <<<"$HOST_IMAGES"
        hold apt_repo apt-repo
        ln "$("$lib/artefact" busybox-image)" "$1/images/busybox.tar"
        for image in "${images[@]}"; do
                ln "$("$lib/artefact" image "$image")" "$1/images/$image.tar"
        done
}

# The command as a script for guest/command: words survive any quoting, variables are those asked for.
work_command() { # WORK
        local name
        {
                echo "limit=$limit"
                echo "kind=$kind"
                printf 'environment=('
                for name in ${HOST_ENV-}; do
                        [[ -z ${!name+x} ]] || printf '%q ' "--setenv=$name=${!name}"
                done
                printf '%q %q)\n' "--setenv=TERM=${TERM:-dumb}" "--setenv=TENANT_HOST_KIND=$kind"
                printf 'command=('
                printf '%q ' "${command[@]}"
                printf ')\n'
                if [[ $verb == shell && -t 0 ]]; then echo terminal=1; else echo terminal=; fi
        } >"$1/job/command"
}

work_config() { # WORK
        declare -p kind bind build checkout limit verb host_tree >"$1/config"
        if [[ $kind == virtual ]]; then
                declare -p host_disk images_disk emulator >>"$1/config"
        else
                declare -p apt_repo >>"$1/config"
        fi
}

# A cgroup of its own, so that two hosts do not both take the machine's root cgroup for theirs.
enter_cgroup() { # WORK
        local root group controller
        root=$(cgroup_root)
        [[ -n $root ]] || return 0
        group=$root/tenantd-test-${1##*/}
        mkdir "$group" || return 0
        echo "$group" >"$1/cgroup"
        for controller in $(<"$root/cgroup.controllers"); do
                echo "+$controller" >"$root/cgroup.subtree_control" || true
        done 2>/dev/null
        echo "$BASHPID" >"$group/cgroup.procs"
}

# Runs the host of this kind in namespaces that end with it; gives its status.
run_kind() { # WORK
        local wrap=() input=/dev/null status=0
        [[ $verb == shell && -t 0 ]] && input=/dev/stdin
        if [[ -d /run/systemd/system ]]; then
                wrap=(systemd-run --scope --quiet --collect -p Delegate=yes --unit="tenantd-test-${1##*/}")
                echo "$(cgroup_root)/system.slice/tenantd-test-${1##*/}.scope" >"$1/cgroup"
        fi
        (
                exec {work_lock}>&-
                [[ ${#wrap[@]} -gt 0 ]] || enter_cgroup "$1"
                exec setpriv --pdeathsig KILL "${wrap[@]}" \
                        unshare --mount --propagation private --pid --fork --kill-child=KILL --mount-proc \
                        "$lib/host-$kind" "$1"
        ) <"$input" &
        child=$!
        wait "$child" || status=$?
        child=
        return "$status"
}
