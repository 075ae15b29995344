#!/usr/bin/env bash
# What a newcomer types first, as the README has it.
set -euo pipefail

: "${JMCP_BIN:?}" "${JMCP_LAB_DIR:?}"
failed=0
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cd "$directory"
options=(-f "$JMCP_LAB_DIR/devices.json" --known-hosts-file "$JMCP_LAB_DIR/known_hosts")

check() { # NAME COMMAND...
    local name=$1
    shift
    if "$@" > out 2> err < /dev/null; then
        echo "ok first steps: $name"
    else
        failed=1
        echo "not ok first steps: $name"
        tail -n 20 out err >&2
    fi
}

call_without_anything() {
    timeout 60 "$JMCP_BIN" call --lab gather_device_facts router_name=mx-lab-1 && grep -q '"model"' out
}

serve_the_lab() {
    local version='"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"check","version":"1"}'
    printf '%s\n' \
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{$version}}" \
        '{"jsonrpc":"2.0","method":"notifications/initialized"}' \
        '{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"gather_device_facts","arguments":{"router_name":"ex-lab-1"}}}' \
        > messages
    timeout 60 "$JMCP_BIN" lab < messages && grep -q '"id":2' out && grep -q 'EX4300' out && grep -q mcpServers err
}

call_a_running_lab() {
    timeout 60 "$JMCP_BIN" "${options[@]}" call execute_junos_command router_name=srx-lab-1 "command=show version" &&
        grep -q Junos out
}

check_and_connect() {
    timeout 60 "$JMCP_BIN" "${options[@]}" check --connect && [ "$(grep -c 'ok    login' out)" = 3 ]
}

scan_host_keys() {
    timeout 60 "$JMCP_BIN" "${options[@]}" known-hosts scan --print && grep -q ssh- out
}

not_a_device() {
    local status=0
    timeout 60 "$JMCP_BIN" "${options[@]}" call gather_device_facts router_name=nobody || status=$?
    [ "$status" = 2 ] && [ ! -s out ] && grep -q unknown_router err
}

check "jmcp call --lab" call_without_anything
check "jmcp lab serves MCP" serve_the_lab
check "jmcp call" call_a_running_lab
check "jmcp check --connect" check_and_connect
check "jmcp known-hosts scan" scan_host_keys
check "a router that is not there" not_a_device
exit "$failed"
