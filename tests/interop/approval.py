"""A person's word before a change, with a real client: asked, or by a token where the client shows no questions."""

import asyncio
import sys
import tempfile

import checks
from checks import PATIENCE, Checks, text
from places import HTTP, Place, mute, token

TRANSPORT = "approval"
CHANGE = "load_and_commit_config"
REFUSED = "[code=confirmation_required]"


def change(label):
    return {"router_name": "mx-lab-1", "config_text": f"set system location building {label}"}


async def committed(client):
    """What the device has for it now."""
    command = "show configuration system location | display set"
    return text(await client.call("execute_junos_command", {"router_name": "mx-lab-1", "command": command}))


async def asked(checks, client):
    for action, content in [("decline", None), ("cancel", None), ("accept", {"confirm": False})]:
        with checks.check(f"{action} {content or ''}: nothing is committed"):
            client.answer = (action, content)
            result = await client.call(CHANGE, change(f"not-{action}"))
            assert result["isError"] and REFUSED in text(result), result
            assert f"not-{action}" not in await committed(client)
    with checks.check("the question shows the device and the change; a yes commits it"):
        client.answer = ("accept", {"confirm": True})
        result = await client.call(CHANGE, change("agreed"))
        assert not result.get("isError") and result["structuredContent"]["outcome"] == "committed", result
        assert "mx-lab-1" in client.asked["message"] and "agreed" in client.asked["message"], client.asked
        assert "agreed" in await committed(client)
    with checks.check("a call that only reads is not asked about"):
        client.asked = None
        await committed(client)
        assert client.asked is None
    with checks.check("a question that nobody answers until the client gives up: nothing is committed"):
        client.answer = None
        client.was_asked.clear()
        await client.call_and_cancel(CHANGE, change("too-late"), client.was_asked)
        assert "too-late" not in await committed(client)


def given(result):
    """The token of an answer that gives one."""
    assert result["isError"] and REFUSED in text(result), result
    assert "structuredContent" not in result, result
    confirmation = result["_meta"]["jmcp/confirmation"]
    assert confirmation["token"] in text(result), result
    return confirmation["token"]


async def by_token(checks, client, other):
    async def bring(token, arguments, who=client):
        return await who.call(CHANGE, {**arguments, "confirmation_token": token})

    wanted = change("by-token")
    with checks.check("the first answer is the plan with a token, and nothing is committed"):
        first = given(result := await client.call(CHANGE, wanted))
        assert "by-token" in text(result) and "mx-lab-1" in text(result), result
        assert "by-token" not in await committed(client)
    with checks.check("another caller cannot use it"):
        result = await bring(first, wanted, other)
        assert given(result) != first and "another caller" in text(result), result
    with checks.check("a tampered token is none"):
        at = len(first) // 2
        tampered = first[:at] + ("A" if first[at] != "A" else "B") + first[at + 1:]
        assert given(await bring(tampered, wanted)) != first
        garbage = await bring("yes", wanted)
        assert garbage["isError"] and "[code=invalid_input]" in text(garbage), garbage
    with checks.check("other arguments need another token"):
        spent = given(await client.call(CHANGE, wanted))
        result = await bring(spent, change("smuggled"))
        assert given(result) != spent and "another call" in text(result), result
    assert "by-token" not in await committed(client)
    with checks.check("the call with its token commits"):
        result = await bring(first, wanted)
        assert not result.get("isError") and result["structuredContent"]["outcome"] == "committed", result
        assert "by-token" in await committed(client)
    with checks.check("a token is good once"):
        result = await bring(first, wanted)
        assert result["isError"] and REFUSED in text(result) and "used before" in text(result), result


async def everything(checks, place, connect):
    with place.serving("--confirm", "write") as target:
        async with connect(target) as client:
            await asked(checks, client)
        second = mute(target.by(token(place.names[1])))
        async with connect(mute(target)) as client, connect(second) as other:
            # These clients compare what they get with the schemas of the list.
            await client.tools()
            await other.tools()
            await by_token(checks, client, other)


def run(label, connect, transport):
    """All checks with one client: of everything but this over a transport, or of this. Ends the program."""
    if transport != TRANSPORT:
        checks.main(label, connect, transport)
    report = Checks(f"{label}-{TRANSPORT}")
    with report.check("the client comes to its end"), tempfile.TemporaryDirectory() as directory:
        place = Place(directory, 9, HTTP, ("one", "two"))
        asyncio.run(asyncio.wait_for(everything(report, place, connect), PATIENCE))
    sys.exit(1 if report.failed else 0)
