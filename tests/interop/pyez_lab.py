"""Drives the lab with PyEZ (junos-eznc): pyez_lab.py DEVICES_JSON. Prints `ok N checks`, or fails at the first that is wrong."""

import json
import sys

from lxml.etree import XMLSyntaxError

from jnpr.junos import Device
from jnpr.junos.exception import CommitError, ConfigLoadError, LockError, RpcError
from jnpr.junos.utils.config import Config

CHECKS = 0


def check(condition, what):
    global CHECKS
    if not condition:
        raise SystemExit(f"not ok: {what}")
    CHECKS += 1


def outcome(action):
    """Runs a commit or a check. Clusters leave `<routing-engine>` open in these replies, which lxml does not read: what
    happened is then seen from the configuration."""
    try:
        return action()
    except XMLSyntaxError as error:
        check("routing-engine" in str(error), f"reply of a commit: {error}")
        return True


def connect(entry):
    auth = entry["auth"]
    credentials = (
        {"ssh_private_key_file": auth["private_key_path"]} if auth["type"] == "ssh_key" else {"passwd": auth["password"]}
    )
    device = Device(host=entry["ip"], port=entry["port"], user=entry["username"], normalize=True, **credentials)
    return device.open()


def facts(name, device):
    facts = device.facts
    check(facts["hostname"].startswith(name), f"{name}: hostname {facts['hostname']}")
    model, version, serial = {
        "mx": ("MX240", "24.4R1.9", "LAB0MX240001"),
        "sr": ("SRX1500", "23.4R2.13", "LAB0SRX15001"),
        "ex": ("EX4300-48P", "23.2R2.21", "AA0000000001"),
    }[name[:2]]
    check(facts["model"] == model, f"{name}: model {facts['model']}")
    check(facts["version"] == version, f"{name}: version {facts['version']}")
    check(facts["serialnumber"] == serial, f"{name}: serial {facts['serialnumber']}")
    check(facts["RE0"] is not None, f"{name}: RE0")
    check((facts["srx_cluster"] is True) == name.startswith("srx"), f"{name}: srx_cluster {facts['srx_cluster']}")
    check(bool(facts["vc_capable"]) == name.startswith("ex"), f"{name}: vc_capable {facts['vc_capable']}")
    if name.startswith("mx"):
        check(facts["2RE"] and facts["master"] == "RE0", f"{name}: master {facts['master']}")
        check(facts["re_info"]["default"]["1"]["mastership_state"] == "backup", f"{name}: backup")
    for fact in facts:
        facts[fact]
    check(True, f"{name}: every fact can be read")


def commands(name, device):
    text = device.cli("show version", warning=False)
    text = text if isinstance(text, str) else "".join(text.itertext())
    check(f"Hostname: {name}" in text, f"{name}: show version")
    xml = device.rpc.get_interface_information(terse=True)
    check(len(xml.findall(".//physical-interface")) > 5, f"{name}: interfaces")
    check(device.display_xml_rpc("show interfaces terse").tag == "get-interface-information", f"{name}: display xml rpc")
    try:
        device.rpc.get_frobnication_information()
        check(False, f"{name}: unknown RPC")
    except RpcError as error:
        check("syntax error" in error.message, f"{name}: unknown RPC {error.message}")
    json_reply = device.rpc.get_interface_information({"format": "json"}, terse=True)
    check("interface-information" in json_reply, f"{name}: json")


def configuration(name, device):
    with Config(device) as config:
        config.lock()
        check(config.diff() is None, f"{name}: clean candidate")
        config.load("set system location building lab-7", format="set")
        check("building lab-7" in config.diff(), f"{name}: diff")
        check(outcome(config.commit_check), f"{name}: commit check")
        config.rollback(0)
        check(config.diff() is None, f"{name}: rollback 0")
        config.load("set system location building lab-8", format="set")
        check(outcome(lambda: config.commit(comment="pyez")), f"{name}: commit")
        config.unlock()
    check("lab-8" in device.cli("show configuration system location", warning=False), f"{name}: committed")
    with Config(device) as config:
        config.load("system { location { building lab-9; } }", format="text")
        check(outcome(lambda: config.commit(confirm=5)), f"{name}: commit confirmed")
        check(outcome(config.commit), f"{name}: confirm")
        config.rollback(2)
        check("lab-8" in config.diff() and outcome(config.commit), f"{name}: rollback 2")
    check("lab-8" in device.cli("show configuration system location", warning=False), f"{name}: rolled back")
    with Config(device) as config:
        try:
            config.load("set system host-nam x", format="set")
            check(False, f"{name}: wrong statement")
        except ConfigLoadError:
            check(True, f"{name}: wrong statement")
        config.rollback(0)


def private(name, device):
    with Config(device, mode="private") as config:
        config.load("<configuration><system><domain-search>lab.example.net</domain-search></system></configuration>")
        check("domain-search" in config.diff(), f"{name}: private diff")
        check(outcome(config.commit), f"{name}: private commit")
    with Config(device, mode="private") as config:
        config.load("delete system domain-search", format="set")
        check(outcome(config.commit), f"{name}: private delete")


def locks(name, entry, device):
    other = connect(entry)
    with Config(device, mode="exclusive"):
        try:
            Config(other).lock()
            check(False, f"{name}: second lock")
        except LockError as error:
            check("locked by" in str(error), f"{name}: second lock {error}")
    Config(other).lock()
    Config(other).unlock()
    other.close()
    check(True, f"{name}: lock after release")


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        devices = json.load(file)
    for name, entry in devices.items():
        device = connect(entry)
        facts(name, device)
        commands(name, device)
        configuration(name, device)
        private(name, device)
        locks(name, entry, device)
        device.close()
    print(f"ok {CHECKS} checks")


if __name__ == "__main__":
    try:
        main()
    except CommitError as error:
        raise SystemExit(f"not ok: {error}") from error
