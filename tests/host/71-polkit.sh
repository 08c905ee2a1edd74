#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The host's own polkitd decides: rules of the operator's give one user what another does not get, by action and by tenant; without
# polkitd there is root only.
# timeout: 90
# container: the bus and polkit, the same on every kernel
# shellcheck source=tests/lib/lib.sh
. /src/tests/lib/lib.sh
# shellcheck source=tests/lib/tenant.sh
. /src/tests/lib/tenant.sh

rules=/etc/polkit-1/rules.d/50-test-tenants.rules
manager=(org.tenantd1 /org/tenantd1 org.tenantd1.Manager)

as() { # USER COMMAND...: an ordinary user without a session and without an agent that could ask for a password
        setpriv --reuid "$1" --regid "$1" --init-groups --reset-env -- "${@:2}"
}

# denied USER COMMAND...: by name, not for another reason.
denied() {
        local text
        text=$(as "$@" 2>&1) && return 1
        echo "$text"
        [[ $text =~ [Aa]uthoriz|[Aa]uthentic|polkit|denied ]]
}

method() { # USER TENANT MEMBER ARGUMENT...
        as "$1" busctl call org.tenantd1 "/org/tenantd1/tenant/$2" org.tenantd1.Tenant "${@:3}"
}

denied_method() { # USER TENANT MEMBER ARGUMENT...
        local text
        text=$(method "$@" 2>&1) && return 1
        echo "$text"
        [[ $text =~ [Aa]uthoriz|[Aa]uthentic|polkit|denied ]]
}

polkit_program() {
        local pid
        pid=$(busctl --json=short call org.freedesktop.DBus /org/freedesktop/DBus org.freedesktop.DBus \
                GetConnectionUnixProcessID s org.freedesktop.PolicyKit1 | jq '.data[0]')
        readlink "/proc/$pid/exe"
}

ok "an image" image debian12-minimal
useradd -M -s /usr/sbin/nologin bob
ok "(tenants)" tenant hers
ok "(and his)" tenant his
ok "polkit knows our actions" pkaction --verbose --action-id org.tenantd1.manage-tenants
is "$(polkit_program)" /usr/lib/polkit-1/polkitd "polkit is the host's own"

# --- without a rule nobody but root
ok "everybody may look" as alice tenantctl list
ok "and sees a tenant" as bob busctl get-property org.tenantd1 /org/tenantd1/tenant/his org.tenantd1.Tenant State
not_ok "no creation" as alice tenantctl create x Image=debian12-minimal
ok "as polkit says" denied alice busctl call "${manager[@]}" CreateTenant 'sa{sv}' x 1 Image s debian12-minimal
ok "no start" denied_method bob his Start 'a{sv}' 0

# --- with rules
cat >"$rules" <<'R'
polkit.addRule(function(action, subject) {
        if (subject.user == "alice" && action.id.indexOf("org.tenantd1.manage-") == 0) {
                return polkit.Result.YES;
        }
        if (subject.user == "bob" && action.id == "org.tenantd1.control-tenants" && action.lookup("tenant") == "his") {
                return polkit.Result.YES;
        }
        if (subject.user == "bob" && action.id == "org.tenantd1.run" && action.lookup("verb") == "Run" &&
            action.lookup("backends").indexOf("routed") >= 0) {
                return polkit.Result.YES;
        }
});
R
# polkitd reads them when it sees them.
ok "alice manages: she creates" wait_for 10 as alice tenantctl --quiet create mine Image=debian12-minimal Profile=plain
ok "changes" as alice tenantctl --quiet set mine Description=new
import_as_alice() { as alice tenantctl image import little /srv/images/debian12-minimal.tar 2>&1; }
ok "but no image, whose descriptor the bus keeps away" denied alice tenantctl --json image import little /srv/images/debian12-minimal.tar
ok "which says who may" grep -q 'members of group tenantd' <(import_as_alice)
gpasswd --add alice tenantd >/dev/null
ok "and images, as a member of the group for that" as alice tenantctl --quiet image import little /srv/images/debian12-minimal.tar
ok "these too" as alice tenantctl --quiet image remove little
ok "but does not control" denied_method alice mine Start 'a{sv}' 0
ok "nor run" denied_method alice mine Run 'asa{sv}' 1 true 0
ok "bob does not manage" denied bob tenantctl --quiet create other Image=debian12-minimal
ok "not even his own" denied_method bob his Set 'a{sv}a{sv}' 1 Description s x 0
ok "bob controls his" as bob tenantctl --quiet start his
ok "runs in it, by its backends" as bob tenantctl run his -- true
ok "and stops it" as bob tenantctl --quiet stop his
ok "but not hers" denied_method bob hers Start 'a{sv}' 0
# A job is for those to cancel who may do what it does.
mkfifo /run/test-host/endless
exec 9<>/run/test-host/endless
tenantctl --quiet image import endless /run/test-host/endless >/dev/null 2>&1 &
client=$!
job() { # the one that makes this image
        local path
        for path in $(busctl --list tree org.tenantd1 | grep '/org/tenantd1/job/'); do
                [[ $(busctl get-property org.tenantd1 "$path" org.tenantd1.Job Image) != 's "endless"' ]] || echo "$path"
        done
}
importing() { [[ $(job) ]]; }
ok "(a job of root's, with an image)" wait_for 10 importing
ok "bob does not cancel it" denied bob busctl call org.tenantd1 "$(job)" org.tenantd1.Job Cancel
ok "alice does" as alice busctl call org.tenantd1 "$(job)" org.tenantd1.Job Cancel
not_ok "it is cancelled" wait $client
exec 9<&-
rm /run/test-host/endless
ok "alice removes what she made" as alice tenantctl --quiet remove mine

# --- rules gone, polkit gone
rm "$rules"
systemctl restart polkit
ok "without the rule no more" denied alice tenantctl --quiet create mine Image=debian12-minimal
systemctl mask --now --quiet polkit
ok "without polkit not even a look" denied alice tenantctl list
ok "which is said" bash -c "setpriv --reuid alice --regid alice --clear-groups tenantctl create mine Image=debian12-minimal 2>&1 | grep -i polkit"
ok "root needs no polkit" tenantctl --quiet start hers
ok "stop" tenantctl --quiet stop hers
systemctl unmask --quiet polkit
ok "(removed)" tenantctl --quiet remove hers his
userdel bob
