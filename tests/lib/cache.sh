# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The cache of everything that takes long to make: an artefact is a file or a directory named NAME-KEY, KEY being a
# hash of its recipe. Built beside its place and renamed, under a lock, so there is never half of one, nor two builders.
# A build removes other versions of the same name. Refuses to remove one that somebody holds (cache_hold) or that was
# used within the last two hours: another checkout on this machine may be working with it.

cache_root=${TENANTD_CACHE:-/var/cache/tenantd-tests}

cache_init() {
        mkdir -p "$cache_root"/{artefacts,locks,logs,tmp,run}
}

# cache_key FILE... : 16 hex digits over standard input and the contents of the files.
cache_key() {
        { cat; cat "$@" </dev/null; } | sha256sum | cut -c1-16
}

cache_path() { # NAME KEY
        printf '%s/artefacts/%s-%s\n' "$cache_root" "$1" "$2"
}

# cache_get NAME KEY BUILDER [ARG...]: prints the path; if it is not there runs BUILDER ARG... TEMPORARY first.
cache_get() {
        local name=$1 key=$2 path
        shift 2
        path=$(cache_path "$name" "$key")
        if [[ ! -e $path ]]; then
                cache_build "$name" "$path" "$@" || return 1
        fi
        touch "$(cache_lock_of "$path")"
        printf '%s\n' "$path"
}

cache_build() { # NAME PATH BUILDER [ARG...]
        local name=$1 path=$2 lock tmp log=$cache_root/logs/$1.log begun=$SECONDS
        shift 2
        exec {lock}>"$cache_root/locks/$name.build"
        flock "$lock"
        if [[ ! -e $path ]]; then
                rm -rf --one-file-system "$cache_root/tmp/$name".*
                tmp=$(mktemp -d "$cache_root/tmp/$name.XXXXXX")
                echo "building $name ..." >&2
                if ! "$@" "$tmp/out" >"$log" 2>&1 {lock}>&-; then
                        echo "building $name failed:" >&2
                        tail -n 30 "$log" >&2
                        rm -rf --one-file-system "$tmp"
                        exec {lock}>&-
                        return 1
                fi
                mv -T "$tmp/out" "$path"
                rmdir "$tmp"
                cache_prune "$name" "$path"
                echo "building $name took $((SECONDS - begun)) s" >&2
        fi
        exec {lock}>&-
}

cache_prune() { # NAME PATH
        local old lock hex='[0-9a-f][0-9a-f][0-9a-f][0-9a-f]'
        # shellcheck disable=SC2231 # the pattern is meant as one
        for old in "$cache_root/artefacts/$1"-$hex$hex$hex$hex; do
                [[ -e $old && $old != "$2" ]] || continue
                lock=$(cache_lock_of "$old")
                [[ -z $(find "$lock" -mmin -120 2>/dev/null) ]] || continue
                flock -n -E 0 "$lock" rm -rf --one-file-system "$old"
        done
}

cache_lock_of() { # PATH
        printf '%s/locks/%s.use\n' "$cache_root" "${1##*/}"
}

# cache_hold PATH: keeps it from being removed while this process lives; false if it is gone already.
cache_hold() {
        local fd
        exec {fd}>>"$(cache_lock_of "$1")"
        flock -s "$fd"
        [[ -e $1 ]]
}
