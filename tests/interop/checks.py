"""What every Python client checks of a server, whatever the version of the client: the adapter gives plain dictionaries."""

import asyncio
import contextlib
import json
import sys
import tempfile
import traceback

import jsonschema

from places import HTTP, LAB, NOBODY, SHARED, STDIO, Place
DEVICES = ["ex-lab-1", "mx-lab-1", "srx-lab-1"]
HINTS = ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"]
PATIENCE = 60


class Silent:
    """A device that takes connections and never says a word: what a call to it does is wait."""

    def __init__(self):
        self.came = asyncio.Event()

    async def start(self):
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        return self.server.sockets[0].getsockname()[1]

    async def serve(self, reader, writer):
        self.came.set()
        while await reader.read(1024):
            pass
        writer.close()


class Checks:
    def __init__(self, label):
        self.label = label
        self.failed = 0

    @contextlib.contextmanager
    def check(self, name):
        try:
            yield
            print(f"ok {self.label}: {name}", flush=True)
        except Exception:
            self.failed += 1
            print(f"not ok {self.label}: {name}", flush=True)
            traceback.print_exc(file=sys.stderr)


def text(result):
    return "\n".join(block["text"] for block in result["content"] if block["type"] == "text")


async def everything(checks, place, silent, connect):
    """`connect(target)` is an async context manager that gives an adapter."""
    with place.serving() as target:
        async with connect(target) as client:
            await lists(checks, client)
            await calls(checks, client)
            await reads(checks, client)
            if place.transport == SHARED:
                return
            await waits(checks, client, place, silent)
            await asks(checks, client)
            await changes(checks, client)
        if place.transport == HTTP:
            await refused(checks, connect, target.by(NOBODY), "a wrong token", 401)
    with place.serving("--confirm", "write") as target:
        async with connect(target) as client:
            await confirms(checks, client)
    if place.transport == HTTP:
        # An address of this machine that is none of the names which a server goes by.
        with place.serving(host="127.0.0.2") as target:
            await refused(checks, connect, target, "a wrong host", 403)


async def refused(checks, connect, target, what, status):
    with checks.check(f"{what} is a {status}"):
        try:
            async with connect(target):
                pass
        except Exception:
            assert set(target.statuses) == {status}, target.statuses
        else:
            raise AssertionError("the client came in")


async def lists(checks, client):
    with checks.check("the server says who it is"):
        assert client.server["name"] == "jmcp-server", client.server
    tools = await client.tools()
    with checks.check("tools/list"):
        assert len(tools) >= 13 and [t["name"] for t in tools] == sorted(t["name"] for t in tools)
        for tool in tools:
            assert tool["title"] and tool["description"], tool
            assert all(isinstance(tool["annotations"][hint], bool) for hint in HINTS), tool["name"]
            assert tool["inputSchema"]["type"] == tool["outputSchema"]["type"] == "object", tool["name"]
            jsonschema.Draft202012Validator.check_schema(tool["inputSchema"])
            jsonschema.Draft202012Validator.check_schema(tool["outputSchema"])
    client.schemas = {tool["name"]: tool["outputSchema"] for tool in tools}


async def good(client, name, arguments, **more):
    """A call that succeeds, and whose structured value fits the published schema."""
    result = await client.call(name, arguments, **more)
    assert not result.get("isError"), text(result)
    jsonschema.validate(result["structuredContent"], client.schemas[name])
    return result


async def calls(checks, client):
    with checks.check("get_router_list"):
        result = await good(client, "get_router_list", {})
        assert result["structuredContent"]["routers"] == sorted([*DEVICES, "silent-1"]), result
        assert "lab-password" not in json.dumps(result)
    for device in DEVICES:
        with checks.check(f"gather_device_facts of {device}"):
            result = await good(client, "gather_device_facts", {"router_name": device})
            facts = result["structuredContent"]
            assert facts["model"] and facts["version"], facts
        with checks.check(f"show version on {device}"):
            result = await good(client, "execute_junos_command", {"router_name": device, "command": "show version"})
            assert "Junos" in result["structuredContent"]["output"], result
            assert "Junos" in text(result)
    with checks.check("a pipe and a shorter answer"):
        arguments = {"router_name": "mx-lab-1", "command": "show configuration | display set | count"}
        result = await good(client, "execute_junos_command", arguments)
        assert "Count:" in text(result), text(result)
    with checks.check("JSON"):
        arguments = {"router_name": "mx-lab-1", "command": "show version", "format": "json"}
        assert (await good(client, "execute_junos_command", arguments))["structuredContent"]["data"]
    with checks.check("a wrong router is an answer with isError"):
        result = await client.call("execute_junos_command", {"router_name": "mx-lab-9", "command": "show version"})
        assert result["isError"] and "[code=unknown_router]" in text(result), result
    with checks.check("a wrong argument is an answer with isError"):
        result = await client.call("execute_junos_command", {"router": "mx-lab-1", "comand": "show version"})
        assert result["isError"] and "did you mean `command`" in text(result), result
    with checks.check("a guardrail refuses"):
        result = await client.call("execute_junos_command", {"router_name": "mx-lab-1", "command": "req sys reb"})
        assert result["isError"] and "[code=blocked]" in text(result), result


async def waits(checks, client, place, silent):
    with checks.check("progress of a batch"):
        steps = []

        async def step(progress, total, message):
            steps.append((progress, total, message))

        arguments = {"router_names": DEVICES, "commands": ["show version", "show system uptime"]}
        result = await good(client, "execute_junos_command_batch", arguments, progress=step)
        assert result["structuredContent"]["summary"]["successful"] == 6, result
        assert [(progress, total) for progress, total, _ in steps] == [(1, 3), (2, 3), (3, 3)], steps
    with checks.check("a cancelled call ends"):
        before = len(place.audited())
        await client.call_and_cancel("gather_device_facts", {"router_name": "silent-1"}, silent.came)
        for _ in range(250):
            if events := place.audited()[before:]:
                break
            await asyncio.sleep(0.02)
        assert len(events) == 1 and "cancelled" in json.dumps(events), events
        await good(client, "get_router_list", {})


async def reads(checks, client):
    with checks.check("resources/list"):
        uris = [resource["uri"] for resource in await client.resources()]
        assert "junos://mx-lab-1/config" in uris and "junos://srx-lab-1/facts" in uris, uris
        templates = [template["uriTemplate"] for template in await client.templates()]
        assert "junos://{router}/config" in templates, templates
    with checks.check("resources/read of a configuration"):
        [content] = await client.read("junos://mx-lab-1/config")
        assert content["mimeType"] == "text/plain" and "set system" in content["text"], content
    with checks.check("resources/read of facts"):
        [content] = await client.read("junos://ex-lab-1/facts")
        assert json.loads(content["text"])["model"], content
    with checks.check("resources/read of what is not there is an error"):
        try:
            await client.read("junos://mx-lab-9/config")
        except Exception as error:
            assert "not found" in str(error).lower(), error
        else:
            raise AssertionError("no error")
    with checks.check("prompts"):
        prompts = {prompt["name"]: prompt for prompt in await client.prompts()}
        assert {"pre_change_check", "bgp_session_down"} <= prompts.keys(), prompts
        messages = await client.prompt("bgp_session_down", {"router": "mx-lab-1", "neighbor": "192.0.2.9"})
        assert "192.0.2.9" in json.dumps(messages), messages
    with checks.check("completion of router names"):
        assert await client.complete_prompt("pre_change_check", "router", "s") == ["silent-1", "srx-lab-1"]
        assert await client.complete_resource("junos://{router}/config", "router", "EX") == ["ex-lab-1"]


async def asks(checks, client):
    key = str(LAB / "id_ed25519")
    form = {"device_name": "new-1", "device_ip": "192.0.2.77", "username": "netops", "ssh_key_path": key}
    with checks.check("add_device asks, and a no adds nothing"):
        client.answer = ("decline", None)
        result = await client.call("add_device", {})
        assert result["isError"] and "[code=cancelled]" in text(result), result
        assert sorted(client.asked["requestedSchema"]["required"]) == sorted(form), client.asked
        assert "new-1" not in text(await good(client, "get_router_list", {}))
    with checks.check("add_device asks, and what is filled in is added"):
        client.answer = ("accept", form)
        result = await good(client, "add_device", {})
        assert result["structuredContent"]["added"] == "new-1", result
        assert "new-1" in text(await good(client, "get_router_list", {}))


async def changes(checks, client):
    label = checks.label.replace(" ", "-")
    with checks.check("load_and_commit_config"):
        arguments = {"router_name": "mx-lab-1", "config_text": f"set system location building {label}"}
        result = await good(client, "load_and_commit_config", arguments)
        content = result["structuredContent"]
        assert content["outcome"] == "committed" and label in content["diff"], content
    with checks.check("junos_config_diff shows it"):
        result = await good(client, "junos_config_diff", {"router_name": "mx-lab-1", "version": 1})
        assert result["structuredContent"]["changed"] and label in text(result), result
    with checks.check("a change that the device refuses"):
        arguments = {"router_name": "mx-lab-1", "config_text": "set no-such-statement yes"}
        result = await client.call("load_and_commit_config", arguments)
        assert result["isError"], result
        jsonschema.validate(result["structuredContent"], client.schemas["load_and_commit_config"])
        assert result["structuredContent"]["outcome"] == "invalid", result


async def confirms(checks, client):
    client.schemas = {tool["name"]: tool["outputSchema"] for tool in await client.tools()}
    label = "confirmed-" + checks.label.replace(" ", "-")
    arguments = {"router_name": "ex-lab-1", "config_text": f"set system location building {label}"}
    with checks.check("a change that a person refuses"):
        client.answer = ("decline", None)
        result = await client.call("load_and_commit_config", arguments)
        assert result["isError"] and "[code=confirmation_required]" in text(result), result
    with checks.check("a change that a person confirms"):
        client.answer = ("accept", {"confirm": True})
        result = await good(client, "load_and_commit_config", arguments)
        assert result["structuredContent"]["outcome"] == "committed", result


def main(label, connect, transport):
    """Runs all checks with one client and ends the program."""
    checks = Checks(label if transport == STDIO else f"{label}-{transport}")

    async def run():
        silent = Silent()
        port = await silent.start()
        with tempfile.TemporaryDirectory() as directory:
            place = Place(directory, port, transport)
            await asyncio.wait_for(everything(checks, place, silent, connect), PATIENCE)

    with checks.check("the client comes to its end"):
        asyncio.run(run())
    sys.exit(1 if checks.failed else 0)
