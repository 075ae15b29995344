"""The Python SDK, version 2, in both eras: `python_v2.py legacy TRANSPORT` and `python_v2.py auto TRANSPORT`."""

import contextlib
import sys

import mcp_types as types
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import create_mcp_http_client, streamable_http_client

import approval
import places
from adapter import Adapter, http_client, plain

MODE = sys.argv[1]
NEWEST = "2026-07-28"


@contextlib.asynccontextmanager
async def server(target):
    if target.url is None:
        yield StdioServerParameters(command=places.BINARY, args=target.arguments)
    else:
        async with http_client(create_mcp_http_client, target) as http:
            yield streamable_http_client(target.url, http_client=http)


@contextlib.asynccontextmanager
async def connect(target):
    adapter = Adapter(types)
    elicit = adapter.elicit if target.asks else None
    async with server(target) as there, Client(there, mode=MODE, elicitation_callback=elicit) as client:
        modern = str(client.protocol_version) == NEWEST
        assert modern == (MODE == "auto"), client.protocol_version
        adapter.server = plain(client.server_info)
        adapter.client = client
        yield adapter


approval.run(f"python-2-{MODE}", connect, sys.argv[2])
