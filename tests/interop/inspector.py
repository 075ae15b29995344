"""The Inspector's command line, in both eras: each check is one run of it. `inspector.py TRANSPORT`."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

from places import BINARY, HTTP, NOBODY, STDIO, Place

INSPECTOR = pathlib.Path(os.environ["JMCP_NODE_DIR"]) / "node_modules/.bin/inspector"
IS_ERROR = "tool_is_error"


def inspect(run, *arguments):
    """Exit status, the result, and what was said on stderr."""
    era, target = run
    command = [str(INSPECTOR), "--cli", *server(target), "--protocol-era", era, "--format", "json", *arguments]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
    result = json.loads(done.stdout)["result"] if done.stdout.strip() else None
    return done.returncode, result, done.stderr


def server(target):
    if target.url is None:
        return [BINARY, *target.arguments]
    headers = [f"{name}: {value}" for name, value in target.headers.items()]
    return [target.url, "--transport", "http", "--header", *headers]


def strict(run):
    status, result, errors = inspect(run, "--method", "tools/list", "--strict")
    assert status == 0 and len(result["tools"]) >= 13, errors


def call(run):
    arguments = ["--tool-name", "gather_device_facts", "--tool-arg", "router_name=srx-lab-1"]
    status, result, errors = inspect(run, "--method", "tools/call", *arguments)
    assert status == 0 and result["structuredContent"]["model"], errors


def failure(run):
    arguments = ["--tool-name", "gather_device_facts", "--tool-arg", "router_name=nobody"]
    status, result, errors = inspect(run, "--method", "tools/call", *arguments)
    assert status != 0 and IS_ERROR in errors, errors
    assert result["isError"] and "[code=unknown_router]" in result["content"][0]["text"], result


def resource(run):
    status, result, errors = inspect(run, "--method", "resources/read", "--uri", "junos://mx-lab-1/facts")
    assert status == 0 and json.loads(result["contents"][0]["text"])["model"], errors


def prompt(run):
    arguments = ["--prompt-name", "bgp_session_down", "--prompt-args", "router=mx-lab-1", "neighbor=192.0.2.9"]
    status, result, errors = inspect(run, "--method", "prompts/get", *arguments)
    assert status == 0 and "192.0.2.9" in json.dumps(result), errors


def load(run):
    arguments = ["--tool-name", "get_router_list", "--load", "--load-requests", "200"]
    status, result, errors = inspect(run, "--method", "tools/call", *arguments)
    assert status == 0, errors


def wrong_token(run):
    status, _, errors = inspect(run, "--method", "tools/list")
    # What it makes of a 401.
    assert status != 0 and "auth_required" in errors, errors


def wrong_host(run):
    status, _, errors = inspect(run, "--method", "tools/list")
    assert status != 0 and ("host_not_allowed" in errors or "HTTP 403" in errors), errors


def main(transport):
    label = "inspector" if transport == STDIO else f"inspector-{transport}"
    failed = False

    def checked(check, era, target):
        nonlocal failed
        try:
            check((era, target))
            print(f"ok {label}-{era}: {check.__name__}", flush=True)
        except Exception as error:
            failed = True
            print(f"not ok {label}-{era}: {check.__name__}", flush=True)
            print(repr(error), file=sys.stderr)

    with tempfile.TemporaryDirectory() as directory:
        place = Place(directory, 1, transport)
        with place.serving() as target:
            for era in ["legacy", "modern"]:
                for check in [strict, call, failure, resource, prompt, load]:
                    checked(check, era, target)
                if transport == HTTP:
                    checked(wrong_token, era, target.by(NOBODY))
        if transport == HTTP:
            # An address of this machine that is none of the names which a server goes by.
            with place.serving(host="127.0.0.2") as target:
                for era in ["legacy", "modern"]:
                    checked(wrong_host, era, target)
    return failed


sys.exit(1 if main(sys.argv[1]) else 0)
