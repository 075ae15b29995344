"""Every tool of the Mist catalogue against a mock that is made from the published specification and refuses what does not fit it.

Each tool is called twice: with what it needs, and with everything that it takes. JMCP_TEST_DATA says where the specification is.
"""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

# What goes without saying to a person and not to a generator: values by name of the parameter.
BY_NAME = {
    "start": "-1d",
    "end": "now",
    "duration": "1d",
    "mac": "5c5b35000001",
    "ip": "192.0.2.7",
    "ip_address": "192.0.2.7",
    "sort": None,
    "url": None,
}
UUID = "5d9d7a4f-7a1c-4b0e-9a53-3f5a4c1f0a01"
OURS = {"fields", "summary", "all_pages"}


def value(name, schema):
    """A value that fits, or None where nobody can know one."""
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = kind[0]
    if kind == "array":
        item = value(name, schema.get("items", {"type": "string"}))
        return None if item is None else [item]
    if kind in ("integer", "number"):
        return schema.get("default", max(1, int(schema.get("minimum", 1))))
    if kind == "boolean":
        return True
    if schema.get("format") == "uuid" or name.endswith("_id"):
        return UUID
    if name in BY_NAME:
        return BY_NAME[name]
    if name.endswith("mac"):
        return "5c5b35000001"
    if "default" in schema:
        return schema["default"]
    if schema.get("format") == "ipv4":
        return "192.0.2.7"
    if "pattern" in schema:
        return None
    return "abc"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def mock(specification):
    """The mock, and its address, once it answers."""
    port = free_port()
    program = os.path.join(os.environ["JMCP_NODE_DIR"], "node_modules/.bin/prism")
    log = open(os.path.join(os.environ.get("TMPDIR", "/tmp"), f"prism-{port}.log"), "wb")
    process = subprocess.Popen(
        [program, "mock", "--errors", "--multiprocess", "false", "-h", "127.0.0.1", "-p", str(port), specification],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
    )
    base = f"http://127.0.0.1:{port}"
    for _ in range(1200):
        try:
            urllib.request.urlopen(f"{base}/api/v1/const/countries", timeout=30)
            return process, base
        except urllib.error.HTTPError:
            return process, base
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.1)
    sys.exit(f"the mock of {specification} does not come up")


class Server:
    """jmcp on pipes."""

    def __init__(self, base):
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("MIST", "JMCP_"))}
        environment |= {"MIST_APITOKEN": "interop", "MIST_BASE_URL": base}
        categories = json.load(open(os.path.join(DATA, "mist-tools.json")))["categories"]
        self.process = subprocess.Popen(
            [os.environ["JMCP_BIN"], "--allow-mist-host", "127.0.0.1"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            cwd=os.environ.get("TMPDIR", "/tmp"),
        )
        self.next = 0
        self.base = base
        client = {"name": "interop", "version": "1"}
        self.ask("initialize", {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client})
        self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        self.call("manageMcpTools", {"enable_mcp_tools_categories": list(categories)})

    def send(self, message):
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def ask(self, method, params):
        self.next += 1
        self.send({"jsonrpc": "2.0", "id": self.next, "method": method, "params": params})
        while True:
            answer = json.loads(self.process.stdout.readline())
            if answer.get("id") == self.next:
                return answer

    def call(self, name, arguments):
        result = self.ask("tools/call", {"name": name, "arguments": arguments}).get("result", {})
        text = "".join(part.get("text", "") for part in result.get("content", []))
        return not result.get("isError"), text


def is_ours(base, text):
    """Whether the mock refused the request: some of the specification's own examples do not fit it, which the mock says in the same words."""
    template = text.split("`")[1].split(" ")[1]
    path = "/".join(UUID if part.startswith("{") else part for part in template.split("/"))
    request = urllib.request.Request(base + path, headers={"Authorization": "Token interop", "Accept": "application/json"})
    try:
        urllib.request.urlopen(request, timeout=30)
        return True
    except urllib.error.HTTPError as error:
        violations = json.load(error).get("validation", [])
        return not violations or any(violation["location"][0] != "response" for violation in violations)


def older(former, schema):
    """The schema to make a value from: the older one where it wants a number and ours takes any text."""
    wants_number = former and former.get("type") in ("integer", "number") and schema.get("type") == "string"
    return former if wants_number else schema


def facts_version():
    """The part of the older specification's file name that tells it from the newer one's."""
    return json.load(open(os.path.join(DATA, "mist-tools.json")))["spec_version"].split(".")[0]


def run(specification):
    """How many of the tools pass, and what went wrong with the others."""
    process, base = mock(os.path.join(DATA, specification))
    server = Server(base)
    tools = {tool["name"]: tool for tool in server.ask("tools/list", {})["result"]["tools"]}
    facts = json.load(open(os.path.join(DATA, "mist-tools.json")))["tools"]
    is_older = facts_version() in specification
    passed, wrong, own_mistakes = 0, [], set()
    for fact in facts:
        name = fact["tool"]
        schema = tools[name]["inputSchema"]
        # Where the older specification has another type, that is what its mock wants to see.
        former = {p["name"]: p for p in fact["query_params"]} if is_older else {}
        everything = {n: value(n, older(former.get(n), s)) for n, s in schema["properties"].items() if n not in OURS}
        # A list in the older specification that is a text with commas in the newer one cannot be written for both.
        for parameter in former.values():
            if parameter.get("type") == "array" and schema["properties"][parameter["name"]].get("type") == "string":
                del everything[parameter["name"]]
        needed = {n: everything[n] for n in schema.get("required", [])}
        # An id that turns a list into one thing is another operation.
        lists = {n: v for n, v in everything.items() if "Only the one with this id" not in schema["properties"][n].get("description", "")}
        failed = []
        for arguments in (needed, {n: v for n, v in lists.items() if v is not None}):
            good, text = server.call(name, arguments)
            if not good and "answered with 500" in text and not is_ours(base, text):
                own_mistakes.add(name)
            elif not good:
                failed.append(f"{json.dumps(arguments)}: {text}")
        passed += not failed
        wrong += [f"{name} {words}" for words in failed]
    server.process.terminate()
    process.terminate()
    return len(facts), passed, wrong, own_mistakes


DATA = os.environ.get("JMCP_TEST_DATA", "")
if not DATA:
    print("ok 0 checks: skipped, JMCP_TEST_DATA is not set")
    sys.exit(0)
for specification in ("mist-openapi-2509.json", "mist-openapi-2607.json"):
    total, passed, wrong, own_mistakes = run(specification)
    for words in wrong:
        print(f"not ok {specification}: {words[:600]}")
    print(f"ok {passed} checks: {passed} of {total} tools pass a strict mock of {specification}", flush=True)
    if own_mistakes:
        print(f"   of {len(own_mistakes)} the request fits and the mock's own example does not: {', '.join(sorted(own_mistakes))}", flush=True)
