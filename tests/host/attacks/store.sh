# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# store.sh: for attacks by what a tenant has on the host's disk; an attack sources it itself. What a user of the host gains by a file,
# tenants and images made for one attack, and the agent killed at a chosen moment. Refuses to take "there is no such file" for a wall: who
# asks what a file gives has to have seen it there.

tiny_image=attack-tiny

# The file's own worth, with every door opened for the user: in a mount namespace that ends with it, where all users may go, set-id
# programs and devices count.
doors_open() { # FILE UID
        local door=/run/test-host/door
        mkdir -p "$door"
        unshare --mount --propagation private bash -c "
                mount --bind '$(dirname "$1")' '$door' && mount -o remount,bind,suid,dev '$door' || exit 2
                exec setpriv --reuid $2 --regid $2 --clear-groups --inh-caps=-all sh -c '$door/${1##*/}'"
        set -- $?
        rmdir "$door"
        return "$1"
}

# has_flags FILE FLAG...: of the mount through which the host sees it.
has_flags() {
        local flags flag
        flags=,$(findmnt -n -o VFS-OPTIONS -T "$1"),
        for flag in "${@:2}"; do
                [[ $flags == *,$flag,* ]] || return 1
        done
}

# judge_file FILE: the verdict on a set-id file in the store, tried by its path by a user of the host. Either wall has to do alone.
judge_file() {
        local got
        [[ -u $1 ]] || broken "$1 is not set-uid"
        if got=$(on_host_as 65534 "$1" 2>&1) && [[ ${got%% *} != 65534 ]]; then
                breached "it made uid 65534 of the host to uid ${got%% *}: $1"
        fi
        [[ $got == *"ermission denied"* ]] || broken "$1: $got"
        has_flags "$1" nosuid nodev || broken "$1: the mount is $(findmnt -n -o VFS-OPTIONS -T "$1")"
        echo "$1: ${got##*: }"
}

# What the careless administrator of the weakened run does to a path that has just come to be. In the other run, nothing.
careless() { :; }

open_path() { # FILE
        local directory=$1
        while directory=$(dirname "$directory"); [[ $directory == /var/lib/tenantd* ]]; do
                chmod a+rx "$directory"
        done
}

# --- tenants and images of one attack --------------------------------------------------------------------------------

# An image of nothing but its init, and what is in DIRECTORY.
tiny_tar() { # DIRECTORY
        mkdir -p "$1"/{sbin,dev,proc,sys,run,tmp,etc,srv,attacks,var/lib}
        cp "$attack_programs/tiny" "$1/sbin/init"
        cp "$attack_programs/euid" "$1/attacks/euid"
        tar -C "$1" -c .
}

tiny_image() { # NAME [DIRECTORY]
        local directory=${2:-/run/test-host/tiny} status=0
        mkdir -p "$directory"
        tiny_tar "$directory" | tenantctl --quiet image import "$1" - || status=$?
        rm -rf "$directory"
        return "$status"
}

id_base_of() { sed -n 's/^IdBase=//p' "/var/lib/tenantd/tenants/$1/allocation"; }

# --- the agent's death -----------------------------------------------------------------------------------------------

# From here on, until the suite ends, a dead agent stays dead until somebody asks the bus for it.
agent_mortal() {
        [[ ! -e $agent_drop_in ]] || return 0
        mkdir -p "${agent_drop_in%/*}"
        printf '[Service]\nRestart=no\n' >"$agent_drop_in"
        systemctl daemon-reload
}

# The agent and its workers, which would clean up when only the agent died.
agent_kill() {
        systemctl kill --kill-whom=all --signal=KILL tenantd || broken "no agent"
        wait_for 10 agent_gone || broken "the agent lives"
}

# In the same moment in which something by that name comes to be.
agent_kill_when() { # PATTERN
        perl -e 'my $end = time + 60;
                until (grep { -e } glob($ARGV[0])) { exit 1 if time > $end }
                open(my $kill, ">", "/sys/fs/cgroup/system.slice/tenantd.service/cgroup.kill") or exit 1;
                print $kill 1; close($kill) or exit 1' "$1" || broken "$1 never came to be"
        wait_for 10 agent_gone || broken "the agent lives"
}

agent_gone() { [[ $(systemctl is-active tenantd) == failed ]]; }
