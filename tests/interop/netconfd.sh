#!/usr/bin/env bash
# The NETCONF client against netconfd (Yuma) behind OpenSSH: a server that is no Junos device. It knows none of Junos' requests, so what
# comes back is its own error, which proves that hello, framing, request and reply were understood on both sides.
set -euo pipefail

: "${JMCP_BIN:?}"
directory=$(mktemp -d)
children=()
failed=0

finish() {
    for child in "${children[@]}"; do kill "$child" 2>/dev/null || true; done
    rm -rf "$directory"
}
trap finish EXIT

check() { # NAME COMMAND...
    local name=$1
    shift
    if "$@"; then
        echo "ok netconfd: $name"
    else
        failed=1
        echo "not ok netconfd: $name"
        tail -n 20 "$directory"/*.log "$directory/answer" >&2
    fi
}

wait_for() { # FILE TEXT
    for _ in $(seq 200); do
        grep -qs -- "$2" "$1" && return
        sleep 0.1
    done
    echo "no \`$2\` in $1:" >&2
    cat "$1" >&2
    return 1
}

cd "$directory"
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
ssh-keygen -q -t ed25519 -N '' -f host
ssh-keygen -q -t ed25519 -N '' -f id
mkdir -p /run/sshd
cat > sshd_config <<END
Port $port
ListenAddress 127.0.0.1
HostKey $directory/host
AuthorizedKeysFile $directory/id.pub
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin yes
PidFile none
Subsystem netconf "/usr/sbin/netconf-subsystem --ncxserver-sockname=$port@$directory/socket"
END
echo "[127.0.0.1]:$port $(cut -d' ' -f1,2 host.pub)" > known_hosts
cat > devices.json <<END
{
  "yuma": { "ip": "127.0.0.1", "port": $port, "username": "$(id -un)", "auth": { "type": "ssh_key", "private_key_path": "id" } }
}
END

/usr/sbin/netconfd --port="$port" --ncxserver-sockname="$directory/socket" --no-startup --superuser="$(id -un)" \
    --log="$directory/netconfd.log" --log-level=debug < /dev/null > netconfd.out 2>&1 &
children+=($!)
/usr/sbin/sshd -D -e -f sshd_config < /dev/null 2> sshd.log &
children+=($!)
wait_for sshd.log "Server listening"
wait_for netconfd.log "ready for sessions"

call() { # EXIT-STATUS TOOL ARGUMENT...
    local wanted=$1 status=0
    shift
    timeout 60 "$JMCP_BIN" -f devices.json --known-hosts-file known_hosts call "$@" > answer 2>&1 < /dev/null || status=$?
    [ "$status" = "$wanted" ] || { echo "exit status $status, not $wanted" >&2; return 1; }
}

# End-of-message framing is left out: netconfd does not look at a request that arrives together with the hello until more comes.
device_error() { # TOOL ARGUMENT...
    call 3 "$@" && grep -q 'definition not found' answer && grep -q '\[code=device_error\]' answer &&
        grep -q 'now active (base:1.1)' netconfd.log
}

pipelined() {
    local commands
    commands=$(seq -s, -f 'show item %g' 40)
    call 1 --structured execute_junos_command_batch router_names=yuma "commands=$commands" &&
        [ "$(grep -c '"error_code": "device_error"' answer)" = 40 ]
}

changes_nothing() {
    call 3 load_and_commit_config router_name=yuma "config_text=set system host-name nobody" &&
        ! grep -q 'agt_rpc: <commit>' netconfd.log
}

sessions_end() {
    for _ in $(seq 50); do
        [ "$(grep -c 'now active' netconfd.log)" = "$(grep -c 'Session [0-9]* closed' netconfd.log)" ] && return
        sleep 0.1
    done
    return 1
}

check "an error of the device, in chunked framing" device_error execute_junos_command router_name=yuma "command=show version"
check "facts of a device that has none" device_error gather_device_facts router_name=yuma
check "forty requests and their forty errors" pipelined
check "a change that cannot be made is not half made" changes_nothing
check "every session is closed" sessions_end
exit "$failed"
