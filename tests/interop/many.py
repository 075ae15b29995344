"""Ten real clients at once at one server, each with a token and, up to 2025-11-25, a session of its own. What they do only reads."""

import asyncio
import os
import sys
import tempfile

from checks import PATIENCE, Checks, Silent
from places import HTTP, SHARED, Place, token

PYTHON_V1 = [os.environ["JMCP_PYTHON_V1"], "python_v1.py"]
PYTHON_V2 = [os.environ["JMCP_PYTHON_V2"], "python_v2.py"]
TYPESCRIPT_V1 = ["node", "typescript_v1.mjs"]
TYPESCRIPT_V2 = ["node", "typescript_v2.mjs"]
CLIENTS = 2 * [PYTHON_V1, [*PYTHON_V2, "legacy"], [*PYTHON_V2, "auto"], TYPESCRIPT_V1]
CLIENTS += [[*TYPESCRIPT_V2, "legacy"], [*TYPESCRIPT_V2, "auto"]]
NAMES = [f"client-{number}" for number in range(len(CLIENTS))]


async def client(checks, command, url, name):
    environment = {**os.environ, "JMCP_URL": url, "JMCP_TOKEN": token(name)}
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, SHARED, env=environment, stdout=pipe, stderr=pipe)
    output, errors = await process.communicate()
    with checks.check(f"{name}, {' '.join(command[1:])}"):
        assert process.returncode == 0 and b"\nnot ok" not in output, (output + errors).decode()


async def run(checks):
    silent = Silent()
    port = await silent.start()
    with tempfile.TemporaryDirectory() as directory:
        place = Place(directory, port, HTTP, NAMES)
        with place.serving() as target:
            pairs = zip(CLIENTS, NAMES, strict=True)
            await asyncio.gather(*(client(checks, command, target.url, name) for command, name in pairs))
        with checks.check("each was seen under its own name"):
            assert {event["caller"] for event in place.audited()} == set(NAMES)


CHECKS = Checks("ten at once")
with CHECKS.check("they come to their end"):
    asyncio.run(asyncio.wait_for(run(CHECKS), PATIENCE))
sys.exit(1 if CHECKS.failed else 0)
