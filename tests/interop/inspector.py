"""The Inspector's command line, in both eras: each check is one run of it."""

import json
import os
import pathlib
import subprocess
import sys

BINARY = os.environ["JMCP_BIN"]
LAB = pathlib.Path(os.environ["JMCP_LAB_DIR"])
INSPECTOR = pathlib.Path(os.environ["JMCP_NODE_DIR"]) / "node_modules/.bin/inspector"
SERVER = [BINARY, "-f", str(LAB / "devices.json"), "--known-hosts-file", str(LAB / "known_hosts")]
IS_ERROR = "tool_is_error"


def inspect(era, *arguments):
    """Exit status, the result, and what was said on stderr."""
    command = [str(INSPECTOR), "--cli", *SERVER, "--protocol-era", era, "--format", "json", *arguments]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
    result = json.loads(done.stdout)["result"] if done.stdout.strip() else None
    return done.returncode, result, done.stderr


def strict(era):
    status, result, errors = inspect(era, "--method", "tools/list", "--strict")
    assert status == 0 and len(result["tools"]) >= 13, errors


def call(era):
    arguments = ["--tool-name", "gather_device_facts", "--tool-arg", "router_name=srx-lab-1"]
    status, result, errors = inspect(era, "--method", "tools/call", *arguments)
    assert status == 0 and result["structuredContent"]["model"], errors


def failure(era):
    arguments = ["--tool-name", "gather_device_facts", "--tool-arg", "router_name=nobody"]
    status, result, errors = inspect(era, "--method", "tools/call", *arguments)
    assert status != 0 and IS_ERROR in errors, errors
    assert result["isError"] and "[code=unknown_router]" in result["content"][0]["text"], result


def resource(era):
    status, result, errors = inspect(era, "--method", "resources/read", "--uri", "junos://mx-lab-1/facts")
    assert status == 0 and json.loads(result["contents"][0]["text"])["model"], errors


def prompt(era):
    arguments = ["--prompt-name", "bgp_session_down", "--prompt-args", "router=mx-lab-1", "neighbor=192.0.2.9"]
    status, result, errors = inspect(era, "--method", "prompts/get", *arguments)
    assert status == 0 and "192.0.2.9" in json.dumps(result), errors


def load(era):
    arguments = ["--tool-name", "get_router_list", "--load", "--load-requests", "200"]
    status, result, errors = inspect(era, "--method", "tools/call", *arguments)
    assert status == 0, errors


failed = False
for era in ["legacy", "modern"]:
    for check in [strict, call, failure, resource, prompt, load]:
        try:
            check(era)
            print(f"ok inspector-{era}: {check.__name__}", flush=True)
        except Exception as error:
            failed = True
            print(f"not ok inspector-{era}: {check.__name__}", flush=True)
            print(repr(error), file=sys.stderr)
sys.exit(1 if failed else 0)
