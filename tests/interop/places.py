"""Where a client finds the server: an inventory of its own, and the program on stdin and stdout or behind HTTP."""

import contextlib
import dataclasses
import json
import os
import pathlib
import subprocess
import time

BINARY = os.environ["JMCP_BIN"]
LAB = pathlib.Path(os.environ["JMCP_LAB_DIR"])
STDIO, HTTP, TLS, SHARED = "stdio", "http", "tls", "shared"
NOBODY = "jmcp_" + "n" * 43


@dataclasses.dataclass
class Target:
    """What a client connects to: a program with arguments, or a URL with headers; and the status of each answer that it had."""

    arguments: list
    url: str | None = None
    headers: dict = dataclasses.field(default_factory=dict)
    statuses: list = dataclasses.field(default_factory=list)
    asks: bool = True

    def by(self, token):
        return dataclasses.replace(self, headers={"Authorization": f"Bearer {token}"}, statuses=[])


def token(name):
    return "jmcp_" + name.replace("-", "").ljust(43, "x")


def mute(target):
    """The same for a client that shows no questions."""
    return dataclasses.replace(target, asks=False, statuses=[])


class Place:
    """A directory with an inventory of its own, the lab's devices and a silent one, and with a token for each of these names."""

    def __init__(self, directory, port, transport=STDIO, names=("one",)):
        self.directory = pathlib.Path(directory)
        self.transport = transport
        self.names = names
        self.inventory = self.directory / "devices.json"
        self.audit = self.directory / "audit.jsonl"
        self.tokens = self.directory / "tokens"
        devices = json.loads((LAB / "devices.json").read_text())
        devices["silent-1"] = {
            "ip": "127.0.0.1", "port": port, "username": "lab", "auth": {"type": "password", "password": "none"},
        }
        entries = {name: {"token": token(name), "description": "", "created": "2026-01-01T00:00:00Z"} for name in names}
        for file, content in [(self.inventory, devices), (self.tokens, entries)]:
            file.write_text(json.dumps(content))
            file.chmod(0o600)

    def audited(self):
        return [json.loads(line) for line in self.audit.read_text().splitlines()]

    @contextlib.contextmanager
    def serving(self, *more, host="127.0.0.1"):
        """The target of a client; with HTTP the server runs until the end of the block, and has to end well."""
        arguments = ["-f", str(self.inventory), "--known-hosts-file", str(LAB / "known_hosts"),
                     "--audit-log-file", str(self.audit), *more]
        if self.transport == SHARED:
            yield Target([], os.environ["JMCP_URL"]).by(os.environ["JMCP_TOKEN"])
        elif self.transport == STDIO:
            yield Target([*arguments, "-t", "stdio"])
        else:
            with self.http(arguments, host) as url:
                yield Target([], url).by(token(self.names[0]))

    @contextlib.contextmanager
    def http(self, arguments, host):
        log = self.directory / "server.log"
        arguments = [*arguments, "-t", "http", "-H", host, "-p", "0", "--tokens-file", str(self.tokens)]
        if self.transport == TLS:
            certificates = pathlib.Path(os.environ["JMCP_CERTIFICATES"])
            arguments += ["--tls-cert", str(certificates / "server.pem"), "--tls-key", str(certificates / "server.key")]
        with log.open("w") as stderr:
            server = subprocess.Popen([BINARY, *arguments], stdin=subprocess.DEVNULL, stderr=stderr)
        try:
            # Both paths are the server's, without a redirect between them.
            yield address(server, log) + ("/" if self.transport == TLS else "")
        finally:
            server.terminate()
            status = server.wait(20)
        assert status == 0, f"the server ended with {status}:\n{log.read_text()}"


def address(server, log):
    while server.poll() is None:
        for line in log.read_text().splitlines():
            if line.startswith("jmcp: serving "):
                return line.split()[2]
        time.sleep(0.02)
    raise AssertionError(f"the server did not start:\n{log.read_text()}")
