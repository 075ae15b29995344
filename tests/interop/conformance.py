"""The MCP conformance suite, for both eras of the protocol, against two servers: the program as it is shipped, and the server of
tests/conformance, which has the suite's tools, prompts and resources behind the same HTTP front and the same call path.

JMCP_BIN               the program
JMCP_CONFORMANCE_BIN   the server of tests/conformance
JMCP_NODE_DIR          directory with the npm packages; `node` on the path runs them
JMCP_LAB_DIR           simulated devices
"""

import contextlib
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).parent / "conformance"
PACKAGE = pathlib.Path(os.environ["JMCP_NODE_DIR"]) / "node_modules/@modelcontextprotocol/conformance"
LAB = pathlib.Path(os.environ["JMCP_LAB_DIR"])
REVISIONS = ["2025-11-25", "2026-07-28"]
# Label, program, what it is expected to fail, whether it has to pass all that a revision requires.
SERVERS = [
    ("product", os.environ["JMCP_BIN"], HERE / "product.yml", False),
    ("suite", os.environ["JMCP_CONFORMANCE_BIN"], HERE / "suite.yml", True),
]
PATIENCE = 120

failed = 0


def report(name, good, why=""):
    global failed
    failed += not good
    print(f"{'ok' if good else 'not ok'} conformance {name}", flush=True)
    if why and not good:
        print(why, file=sys.stderr)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def serving(program):
    """The address of a running server."""
    port = free_port()
    arguments = ["-t", "streamable-http", "--allow-no-auth", "-H", "127.0.0.1", "-p", str(port),
                 "-f", str(LAB / "devices.json"), "--known-hosts-file", str(LAB / "known_hosts")]
    with tempfile.TemporaryFile("w+") as log:
        server = subprocess.Popen([program, *arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            wait_for(server, port, log)
            yield f"http://127.0.0.1:{port}/mcp"
        finally:
            server.terminate()
            server.wait(30)


def wait_for(server, port, log):
    for _ in range(100):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        if server.poll() is not None:
            break
        time.sleep(0.1)
    log.seek(0)
    raise RuntimeError(f"the server does not listen: {log.read()}")


def suite(address, *arguments):
    """Runs the suite: exit status, output, and whether each scenario passed."""
    command = ["node", str(PACKAGE / "dist/index.js"), "server", "--url", address, *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    output = re.sub(r"\x1b\[[0-9;]*m", "", ran.stdout) + ran.stderr
    _, found, summary = output.partition("=== SUMMARY ===")
    scenarios = re.findall(r"^([✓✗]) ([\w-]+): \d+ passed, \d+ failed", summary, re.MULTILINE)
    assert found and scenarios, output
    return ran.returncode, output, {name: mark == "✓" for mark, name in scenarios}


def listed(output, heading):
    """The lines of a list in the suite's output."""
    match = re.search(rf"^{heading}.*\n((?:  .+\n?)*)", output, re.MULTILINE)
    return [line.split()[-1] for line in match.group(1).splitlines()] if match else []


def everything(label, address, revision, baseline):
    """All that is of this revision. What is expected to fail is not counted; what fails or passes unexpectedly is."""
    status, output, scenarios = suite(
        address, "--suite", "all", "--spec-version", revision, "--expected-failures", str(baseline))
    unexpected = listed(output, "Unexpected failures") + listed(output, "Stale baseline entries")
    expected = listed(output, "Expected failures")
    concerned = {entry.split(":")[0] for entry in unexpected + expected}
    for name in scenarios:
        if name not in concerned:
            report(f"{label} {revision}: {name}", True)
    for entry in unexpected:
        report(f"{label} {revision}: {entry}", False, output)
    if status != 0 and not unexpected:
        report(f"{label} {revision}: exit status {status}", False, output)


def required(revision):
    """The scenarios that the suite's own list requires of a server."""
    lines = iter((PACKAGE / "requirements" / f"{revision}.yaml").read_text().splitlines())
    for line in lines:
        if line.rstrip() == "server:":
            break
    names = []
    for line in lines:
        if not (item := re.fullmatch(r"  - ([\w-]+)\s*", line)):
            break
        names.append(item.group(1))
    return names


def requirements(label, address, revision):
    status, output, scenarios = suite(address, "--requirements", revision)
    names = required(revision)
    passed = [name for name in names if scenarios.get(name)]
    good = status == 0 and names and passed == names
    report(f"{label}: {len(passed)} of {len(names)} that {revision} requires", good, output)


def main():
    for label, program, baseline, is_whole in SERVERS:
        with serving(program) as address:
            for revision in REVISIONS:
                everything(label, address, revision, baseline)
                if is_whole:
                    requirements(label, address, revision)
    sys.exit(1 if failed else 0)


main()
