"""Drives the lab with ncclient: ncclient_lab.py DEVICES_JSON. Prints `ok N checks`, or fails at the first that is wrong."""

import json
import sys

from lxml.etree import XMLSyntaxError
from ncclient import manager
from ncclient.operations import RPCError
from ncclient.transport.errors import AuthenticationError

CHECKS = 0


def check(condition, what):
    global CHECKS
    if not condition:
        raise SystemExit(f"not ok: {what}")
    CHECKS += 1


def outcome(action):
    """Runs a commit or a check. Clusters leave `<routing-engine>` open in these replies, which lxml does not read."""
    try:
        action()
    except XMLSyntaxError as error:
        check("routing-engine" in str(error), f"reply of a commit: {error}")


def connect(entry, **changes):
    auth = entry["auth"]
    login = {"key_filename": auth["private_key_path"]} if auth["type"] == "ssh_key" else {"password": auth["password"]}
    settings = {
        "host": entry["ip"],
        "port": entry["port"],
        "username": entry["username"],
        "hostkey_verify": False,
        "allow_agent": False,
        "look_for_keys": False,
        "device_params": {"name": "junos"},
        **login,
        **changes,
    }
    return manager.connect(**settings)


def session(name, device):
    check(any(c.startswith("urn:ietf:params:netconf:base:1.0") for c in device.server_capabilities), f"{name}: base:1.0")
    chunked = any(c.startswith("urn:ietf:params:netconf:base:1.1") for c in device.server_capabilities)
    check(chunked == name.startswith("ex"), f"{name}: base:1.1")
    check("http://xml.juniper.net/netconf/junos/1.0" in list(device.server_capabilities), f"{name}: junos")


def commands(name, device):
    version = device.command("show version", format="text").tostring.decode()
    check(f"Hostname: {name}" in version, f"{name}: show version")
    routes = device.command("show route", format="xml")
    check(len(routes.xpath("//rt")) > 2, f"{name}: routes")
    inventory = device.rpc("<get-chassis-inventory/>")
    check(inventory.xpath("//chassis/serial-number"), f"{name}: inventory")
    full = device.command("show version | match Hostname", format="text").tostring.decode()
    check("Junos:" in full, f"{name}: pipes are ignored")
    try:
        device.command("show frobs", format="text")
        check(False, f"{name}: unknown command")
    except RPCError as error:
        check("syntax error" in str(error), f"{name}: unknown command: {error}")


def configuration(name, device):
    running = device.get_configuration(format="text").tostring.decode()
    check("host-name" in running, f"{name}: running configuration")
    with device.locked("candidate"):
        device.load_configuration(action="set", config="set system location building nc-1")
        check("nc-1" in device.compare_configuration().tostring.decode(), f"{name}: compare")
        outcome(device.validate)
        outcome(lambda: device.commit(comment="ncclient"))
    check("nc-1" in device.command("show configuration system location", format="text").tostring.decode(), f"{name}: commit")
    with device.locked("candidate"):
        device.rollback(rollback=1)
        outcome(lambda: device.commit(confirmed=True, timeout="300"))
        outcome(device.commit)
    left = device.command("show configuration system location", format="text").tostring.decode()
    check("nc-1" not in left, f"{name}: rolled back: {left}")
    device.lock("candidate")
    device.load_configuration(format="text", config="system { location { building nc-2; } }")
    device.discard_changes()
    device.unlock("candidate")
    config = device.get_config(source="running").tostring.decode()
    check("nc-2" not in config and "<interfaces" in config, f"{name}: discard")


def locks(name, entry, device):
    other = connect(entry)
    device.lock("candidate")
    try:
        other.lock("candidate")
        check(False, f"{name}: second lock")
    except RPCError as error:
        check("locked by" in str(error), f"{name}: second lock: {error}")
    device.unlock("candidate")
    other.lock("candidate")
    other.close_session()
    device.lock("candidate")
    device.unlock("candidate")
    check(True, f"{name}: lock after the other session")


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        devices = json.load(file)
    for name, entry in devices.items():
        try:
            connect(entry, password="wrong", key_filename=None)
            check(False, f"{name}: wrong password")
        except AuthenticationError:
            check(True, f"{name}: wrong password")
        device = connect(entry)
        session(name, device)
        commands(name, device)
        configuration(name, device)
        locks(name, entry, device)
        device.close_session()
    print(f"ok {CHECKS} checks")


if __name__ == "__main__":
    main()
