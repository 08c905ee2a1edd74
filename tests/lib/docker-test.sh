# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The customer's side of the story, with whatever Docker his image has: docker_test IMAGE VERSION. Everything a customer does
# comes from his own machine (the netns "internet") with the plain docker client over TLS; nothing is prepared in the tenant.
# Needs lib.sh and tenant.sh. Refuses to look at Docker from the inside where a customer could not.

laptop() { ip netns exec internet "$@"; }

certificates=/run/test-host/certificates

# as NAME ARGUMENT...: docker, with the certificate and at the endpoint of NAME.
as() {
        laptop env DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH="$certificates/$1" DOCKER_HOST="$(<"$certificates/$1/endpoint")" \
                docker "${@:2}"
}

# with DIRECTORY ARGUMENT...: docker at acme's endpoint with other credentials.
with() {
        laptop env DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH="$1" DOCKER_HOST="$(<"$certificates/acme/endpoint")" docker "${@:2}"
}

credentials() { # NAME
        tenantctl docker-env "$1" --dir="$certificates/$1" >"$certificates/$1.env" &&
                sed -n "s/^export DOCKER_HOST='\([^']*\)'.*/\1/p" "$certificates/$1.env" >"$certificates/$1/endpoint"
}

answers() { as "$1" version --format '{{.Server.Version}}'; }

prints() { # TEXT COMMAND...
        local got
        got=$("${@:2}" </dev/null) || return
        [[ $got == *"$1"* ]] || { echo "no '$1' in: $got"; return 1; }
}

# --- the daemon ------------------------------------------------------------------------------------------------------

info() { as acme info --format "$1"; }

# Without controllers on the host Docker says so, and rightly.
curable_warnings() {
        as acme info 2>&1 | grep WARNING |
                if has controllers; then cat; else grep -vE 'No (memory|swap|kernel|oom|cpu|cpuset|io|pids|blkio)'; fi
}

daemon_points() { # VERSION
        is "$(answers acme | cut -d. -f1,2)" "$1" "docker $1 answers over TLS"
        is "$(info '{{.Driver}}')" overlay2 "storage driver"
        is "$(info '{{.CgroupVersion}} {{.CgroupDriver}}')" "2 systemd" "cgroups"
        is "$(curable_warnings)" "" "no warning that has a cure"
        ok "the host itself has the plain client too" bash -c "eval \"\$(tenantctl docker-env acme --dir=$certificates/host)\" && docker ps"
        ok "a docker context" tenantctl --quiet docker-context acme --dir="$certificates/context"
        ok "is brought up to date" tenantctl --quiet docker-context acme --dir="$certificates/context"
        ok "works" docker --context acme ps
        ok "keys are for their owner only" test "$(stat -c %a "$certificates/acme/key.pem")" = 600
}

# --- what customers do -----------------------------------------------------------------------------------------------

write_context() {
        mkdir -p /run/test-host/context
        cp /bin/dash /run/test-host/context/shell
        printf '%s\n' 'FROM busybox' 'COPY shell /shell' 'RUN echo built >/built' 'CMD ["cat", "/built"]' \
                >/run/test-host/context/Dockerfile
}

container_points() {
        ok "import" as acme import /srv/images/busybox.tar busybox
        ok "run" prints "hello from pid 1" as acme run --rm busybox sh -c 'echo hello from pid $$'
        not_ok "an exit status comes back" as acme run --rm busybox false
        write_context
        ok "build" as acme build -q -t built /run/test-host/context
        ok "and run it" prints built as acme run --rm built
        ok "in the background" as acme run -d --name box busybox sh -c 'echo first line; exec sleep 3600'
        ok "exec" prints "sleep 3600" as acme exec box ps
        ok "logs" wait_for 5 prints "first line" as acme logs box
        ok "copy out of it" bash -c "$(declare -f as laptop); certificates=$certificates; as acme cp box:/etc/passwd - | grep -q root"
        ok "stop and remove it" as acme rm -f box
        ok "a volume" as acme volume create data
        ok "is written" as acme run --rm -v data:/data busybox sh -c 'echo kept >/data/file'
        ok "and read by another" prints kept as acme run --rm -v data:/data busybox cat /data/file
        ok "another user" prints 1000 as acme run --rm -u 1000 busybox id -u
}

serve='echo "served by $(hostname)" >/www/index.html; exec httpd -f -h /www'

network_points() {
        ok "a bridge network" as acme network create lan
        ok "a server in it" as acme run -d --name web --hostname web --network lan busybox sh -c "$serve"
        ok "is found by its name" wait_for 10 as acme run --rm --network lan busybox wget -q -O- http://web/
        ok "and says so" prints "served by web" as acme run --rm --network lan busybox wget -q -O- http://web/
        ok "published in the tenant" as acme run -d --name shop --hostname shop --restart always -p 80:80 busybox sh -c "$serve"
        ok "and by the tenant, fetched from outside" wait_for 10 prints "served by shop" laptop curl -sf --max-time 5 http://192.0.2.10:8080/
        ok "out of a container to the outside" wait_for 5 outside_from_container
}

outside_from_container() {
        local server status=0
        laptop busybox httpd -f -p 192.0.2.1:8070 -h /src/tests/host &
        server=$!
        wait_for 5 as acme run --rm busybox wget -q -O /dev/null http://192.0.2.1:8070/10-image.sh || status=1
        pkill -P "$server"
        return "$status"
}

limit_points() {
        is "$(as acme run --rm --memory 32m busybox cat /sys/fs/cgroup/memory.max)" 33554432 "--memory is set"
        as acme run --rm --memory 32m --memory-swap 32m busybox dd if=/dev/zero of=/dev/null bs=96M count=1 >/dev/null 2>&1
        is "$?" 137 "and kills"
        is "$(as acme run --rm --pids-limit 20 busybox cat /sys/fs/cgroup/pids.max)" 20 "--pids-limit is set"
        ok "and stops a fork bomb" prints "can't fork" as acme run --rm --pids-limit 20 busybox sh -c 'sh -c "for i in \$(seq 40); do sleep 60 & done" 2>&1; true'
        is "$(as acme run --rm --cpus 0.5 busybox cat /sys/fs/cgroup/cpu.max)" "50000 100000" "--cpus is set"
}

# --- the wall --------------------------------------------------------------------------------------------------------

privileged() { as acme run --rm --privileged "$@"; }

privileged_points() {
        local pattern major
        pattern=$(</proc/sys/kernel/core_pattern)
        ok "--privileged works" privileged busybox sh -c 'mount -t tmpfs none /tmp && ip link add dummy9 type bridge && echo 1 >/proc/sys/net/ipv4/ip_forward'
        not_ok "no setting of the host's kernel can be written" privileged busybox sh -c 'echo "|/evil" >/proc/sys/kernel/core_pattern'
        is "$(</proc/sys/kernel/core_pattern)" "$pattern" "and none was"
        is "$(privileged busybox sh -c 'find /dev -type b | wc -l')" 0 "no block device"
        major=$(awk '$1 ~ /^[0-9]+$/ && $4 !~ /^(ram|loop)/ { print $1, $2; exit }' /proc/partitions)
        not_ok "none can be made and read" privileged busybox sh -c "mknod /tmp/disk b ${major:-7 0} && head -c 1 /tmp/disk"
        # Refused as such, by right or by the filter: who may load modules is told that this is none ("invalid module format").
        ok "no module can be loaded" privileged busybox sh -c 'head -c 4096 /dev/zero >/tmp/x.ko; said=$(insmod /tmp/x.ko 2>&1)
                echo "$said"; echo "$said" | grep -E "not permitted|does not support requested operation"'
        not_ok "the host's processes are not there" privileged --pid host busybox sh -c 'ps -o args | grep -q "[t]enant-run"'
        not_ok "nor its files, by the tenant's whole root" as acme run --rm -v /:/all busybox ls /all/var/lib/tenantd/tenants
        is "$(privileged --pid host busybox cat /proc/1/uid_map | awk '{ print ($2 >= 603979776) }')" 1 "its root is nobody on the host"
}

# The mission's sentence: one bind mount and a set-uid copy of a shell.
setuid_points() {
        local file directory nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups)
        local euid='read -r x r e rest <<X
$(grep ^Uid: /proc/self/status)
X
echo $e'
        ok "the trick" as acme run --rm -v /srv:/host built sh -c 'cp /shell /host/shell && chown 0:0 /host/shell && chmod 6755 /host/shell'
        is "$(inside acme setpriv --reuid 65534 --clear-groups /srv/shell -p -c "$euid")" 0 "makes root, of the tenant"
        file=$(find /var/lib/tenantd/storage -name shell -perm /4000 -path '*/srv/*')
        ok "on the host's disk it is there, still set-uid" test -u "$file"
        ok "its owner is nobody of the host" test "$(stat -c %u "$file")" -ge 603979776
        not_ok "and has no name" getent passwd "$(stat -c %u "$file")"
        not_ok "a user of the host cannot reach it" "${nobody[@]}" test -e "$file"
        # By a shell, since setpriv(1) itself still has its capabilities when it looks for the program.
        not_ok "nor run it" "${nobody[@]}" sh -c "'$file' -c true || exit 1"
        is "$(findmnt -n -o OPTIONS -T "$file" | tr , '\n' | grep -xE 'nosuid|nodev' | sort | tr '\n' ' ')" "nodev nosuid " "the store is nosuid and nodev"
        directory=$(dirname "$file")
        is "$(doors_open "$directory" true "$euid")" 65534 "with all doors open it makes nobody of nobody"
        is "$(doors_open "$directory" 'mount -o remount,bind,suid /run/test-host/open' "$euid")" "$(stat -c %u "$file")" \
                "and without nosuid too it makes the tenant's unprivileged id, never root"
}

# What a careless operator would do: the directory within reach of users, in a mount namespace that ends with this.
doors_open() { # DIRECTORY PREPARE SCRIPT
        mkdir -p /run/test-host/open
        unshare --mount --propagation private bash -c "
                mount --bind '$1' /run/test-host/open && $2 &&
                exec setpriv --reuid 65534 --regid 65534 --clear-groups /run/test-host/open/shell -p -c \"\$0\"" "$3"
}

# --- who is let in ---------------------------------------------------------------------------------------------------

# make_client DIRECTORY DAYS CA-CERTIFICATE CA-KEY: a client certificate by an authority at hand.
make_client() {
        mkdir -p "$1"
        cp "$certificates/acme/ca.pem" "$1/ca.pem"
        openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1/key.pem" -subj /CN=client -out "$1/csr" 2>/dev/null
        openssl x509 -req -in "$1/csr" -CA "$3" -CAkey "$4" -set_serial 77 -days "$2" -out "$1/cert.pem" \
                -extfile <(echo extendedKeyUsage=clientAuth) 2>/dev/null
}

self_signed() { # DIRECTORY
        mkdir -p "$1"
        cp "$certificates/acme/ca.pem" "$1/ca.pem"
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1/key.pem" -subj /CN=client -days 9 \
                -addext extendedKeyUsage=clientAuth -out "$1/cert.pem" 2>/dev/null
}

# refused DESCRIPTION COMMAND...: by TLS, not because nobody is there.
refused() {
        not_ok "$1" "${@:2}"
        ok "... by the one who is there" answers acme
}

# By the customer's certificate, and with whatever ciphers of that version.
speaks() { # ADDRESS:PORT VERSION
        laptop openssl s_client -connect "$1" "-$2" -cipher ALL@SECLEVEL=0 -CAfile "$certificates/acme/ca.pem" \
                -cert "$certificates/acme/cert.pem" -key "$certificates/acme/key.pem" 2>&1
}

does_not_speak() { ! speaks "$@"; }

tls_points() {
        local pki=/var/lib/tenantd/tenants/acme/pki address
        address=$(sed 's,^tcp://,,' "$certificates/acme/endpoint")
        make_client "$certificates/fresh" 9 $pki/ca.crt $pki/ca.key
        make_client "$certificates/expired" -1 $pki/ca.crt $pki/ca.key
        self_signed "$certificates/self"
        mkdir -p "$certificates/rival-acme" "$certificates/server"
        cp "$certificates"/rival/{cert,key}.pem "$certificates/acme/ca.pem" "$certificates/rival-acme/"
        cp $pki/server.crt "$certificates/server/cert.pem"
        cp $pki/server.key "$certificates/server/key.pem"
        cp "$certificates/acme/ca.pem" "$certificates/server/"
        ok "a certificate of its authority: accepted" with "$certificates/fresh" ps
        refused "expired: refused" with "$certificates/expired" ps
        refused "self-signed: refused" with "$certificates/self" ps
        refused "another tenant's: refused" with "$certificates/rival-acme" ps
        refused "the server's own: refused" with "$certificates/server" ps
        refused "none: refused" laptop curl -s --max-time 10 --cacert "$certificates/acme/ca.pem" "https://$address/version"
        # A TLS server may answer with a hint (status 400), never with an answer of Docker's.
        refused "plain HTTP: refused" laptop curl -sf --max-time 10 "http://$address/version"
        not_ok "the server proves who it is: another authority is not believed" laptop env DOCKER_TLS_VERIFY=1 \
                DOCKER_CERT_PATH="$certificates/rival" DOCKER_HOST="tcp://$address" docker ps
        ok "TLS 1.2 is spoken" speaks "$address" tls1_2
        ok "what is older is refused for its version" prints "alert protocol version" does_not_speak "$address" tls1_1
        not_ok "the authority's key is not in the tenant" inside acme sh -c 'ls /run/tenantd-docker | grep -q "ca.*key"'
        not_ok "Docker is not served without TLS anywhere" bash -c "$(declare -f inside init_of); inside acme cat /proc/net/tcp /proc/net/tcp6 | grep -q ':0947 .* 0A '"
}

# A customer who follows the wrong advice still does not open his Docker to everybody.
careless_points() {
        ok "options of the customer's own" inside acme sh -c "echo 'DOCKER_OPTS=\"--tlsverify=false --debug\"' >/etc/default/docker"
        ok "are taken" tenantctl run --timeout=120 acme -- systemctl restart docker
        ok "(up)" wait_for 20 answers acme
        is "$(info '{{.Debug}}')" true "where they may be"
        refused "but without a certificate: refused" laptop curl -s --max-time 10 --cacert "$certificates/acme/ca.pem" \
                "https://$(sed 's,^tcp://,,' "$certificates/acme/endpoint")/version"
        inside acme rm /etc/default/docker
}

rotate_points() {
        rm -rf "$certificates/old"
        cp -a "$certificates/acme" "$certificates/old"
        ok "rotate" tenantctl --quiet docker-rotate acme
        ok "new credentials" credentials acme
        ok "are accepted" wait_for 20 answers acme
        cp "$certificates/acme/ca.pem" "$certificates/old/ca.pem"
        refused "the old ones are not" with "$certificates/old" ps
}

again_points() {
        local before
        before=$(init_of acme)
        inside acme systemctl reset-failed docker # Debian's unit allows three starts a minute, which have been
        ok "dockerd restarts" tenantctl run --timeout=120 acme -- systemctl restart docker
        ok "answers" wait_for 20 answers acme
        ok "with what should run" wait_for 20 prints "served by shop" laptop curl -sf --max-time 5 http://192.0.2.10:8080/
        is "$(init_of acme)" "$before" "and the tenant stayed"
        ok "the tenant restarts" systemctl restart tenant@acme
        ok "Docker answers" wait_for 20 answers acme
        ok "with what should run" wait_for 20 prints "served by shop" laptop curl -sf --max-time 5 http://192.0.2.10:8080/
        ok "its volumes are there" prints kept as acme run --rm -v data:/data busybox cat /data/file
}

docker_test() { # IMAGE VERSION
        local limits=()
        ! has controllers || limits=(MemoryMax=1G TasksMax=4096)
        mkdir -p "$certificates"
        sysctl -qw net.ipv4.ip_forward=1
        ok "the image $1" image "$1"
        census_start
        ok "acme" tenantctl --quiet create acme Image="$1" Publish=8080:80 "${limits[@]}"
        ok "rival" tenantctl --quiet create rival Image="$1" "${limits[@]}"
        ok "start" systemctl start tenant@acme tenant@rival
        ok "credentials" credentials acme
        ok "rival's" credentials rival
        ok "acme's Docker is up" wait_for 20 answers acme
        ok "rival's too" wait_for 20 answers rival
        daemon_points "$2"
        container_points
        group controllers "--memory and --pids-limit in a container" limit_points
        privileged_points
        setuid_points
        # Emulated, they take minutes, and nothing in them depends on the kind of host.
        group native "networks" network_points
        group native "TLS" tls_points
        group native "a careless customer" careless_points
        group native "new certificates" rotate_points
        group native "restarts" again_points
        docker context rm -f acme >/dev/null
        rm -rf "$certificates" /run/test-host/{context,open}
        ok "stop" systemctl stop tenant@acme tenant@rival
        ok "remove" tenantctl --quiet remove acme rival
        ok "nothing is left" census_clean
}
