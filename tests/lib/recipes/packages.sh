# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The package lists of all trees, in one place, since the offline repository must hold what the images are made from.

host_packages=(
        systemd systemd-sysv dbus dbus-broker polkitd udev kmod systemd-container apparmor libnss-mymachines
        iproute2 nftables iptables iputils-ping netcat-openbsd curl
        procps psmisc util-linux e2fsprogs xfsprogs btrfs-progs quota attr acl uidmap libcap2-bin
        ca-certificates openssl strace mmdebstrap zstd xz-utils bzip2 jq file python3-minimal busybox-static
        docker.io lxc crun
        libarchive13 libseccomp2 libcap2 libmnl0 libglib2.0-0 libjson-c5 libdbus-1-3 libcmocka0
        libxml2 libxml2-utils libssl3 libasan8 libubsan1
        linux-image-cloud-amd64
)

image_minimal=(systemd systemd-sysv dbus iproute2 procps)
image_docker=(systemd systemd-sysv dbus docker.io iptables ca-certificates iproute2 procps iputils-ping)

# What tests may ask BuildImage for beyond that.
repo_extra=(busybox-static)

# image_suite NAME, image_packages NAME: "debian12-docker" is bookworm with image_docker.
image_suite() {
        case $1 in
        debian12-*) echo bookworm ;;
        debian13-*) echo trixie ;;
        *) return 1 ;;
        esac
}

image_packages() {
        case $1 in
        debian12-minimal) echo "${image_minimal[@]}" ;;
        debian12-docker) echo "${image_docker[@]}" ;;
        debian13-docker) echo "${image_docker[@]}" docker-cli ;;
        *) return 1 ;;
        esac
}

# comma A B C: as mmdebstrap --include wants it.
comma() { local IFS=,; echo "$*"; }
