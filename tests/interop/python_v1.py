"""The Python SDK, version 1: a session with a handshake. `python_v1.py TRANSPORT`."""

import contextlib
import sys

import mcp.types as types
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import create_mcp_http_client, streamable_http_client

import approval
import places
from adapter import Adapter, http_client, plain


class Session(Adapter):
    async def take_back(self):
        # This client sends no cancellation by itself; its requests are numbered one after the other.
        params = types.CancelledNotificationParams(requestId=self.client._request_id - 1, reason="check")
        await self.client.send_notification(
            types.ClientNotification(types.CancelledNotification(method="notifications/cancelled", params=params))
        )


@contextlib.asynccontextmanager
async def streams(target):
    if target.url is None:
        parameters = StdioServerParameters(command=places.BINARY, args=target.arguments)
        async with stdio_client(parameters, errlog=sys.stderr) as (read, write):
            yield read, write
    else:
        async with http_client(create_mcp_http_client, target) as http:
            async with streamable_http_client(target.url, http_client=http) as (read, write, _):
                yield read, write


@contextlib.asynccontextmanager
async def connect(target):
    adapter = Session(types)
    async with streams(target) as (read, write):
        async with ClientSession(read, write, elicitation_callback=adapter.elicit if target.asks else None) as session:
            adapter.server = plain((await session.initialize()).serverInfo)
            adapter.client = session
            yield adapter


approval.run("python-1", connect, sys.argv[1])
