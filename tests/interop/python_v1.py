"""The Python SDK, version 1: a session with a handshake."""

import asyncio
import contextlib
import sys

import mcp.types as types
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

import checks


def plain(model):
    return model.model_dump(by_alias=True, mode="json", exclude_none=True)


class Adapter:
    def __init__(self):
        self.answer = ("decline", None)
        self.asked = None

    async def elicit(self, _context, params):
        self.asked = plain(params)
        action, content = self.answer
        return types.ElicitResult(action=action, content=content)

    async def tools(self):
        return [plain(tool) for tool in (await self.session.list_tools()).tools]

    async def call(self, name, arguments, progress=None):
        return plain(await self.session.call_tool(name, arguments, progress_callback=progress))

    async def call_and_cancel(self, name, arguments, begun):
        # This client sends no cancellation by itself; its requests are numbered one after the other.
        request = self.session._request_id
        call = asyncio.create_task(self.session.call_tool(name, arguments))
        await asyncio.wait_for(begun.wait(), 10)
        params = types.CancelledNotificationParams(requestId=request, reason="check")
        await self.session.send_notification(
            types.ClientNotification(types.CancelledNotification(method="notifications/cancelled", params=params))
        )
        call.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await call

    async def resources(self):
        return [plain(resource) for resource in (await self.session.list_resources()).resources]

    async def templates(self):
        return [plain(t) for t in (await self.session.list_resource_templates()).resourceTemplates]

    async def read(self, uri):
        return [plain(content) for content in (await self.session.read_resource(uri)).contents]

    async def prompts(self):
        return [plain(prompt) for prompt in (await self.session.list_prompts()).prompts]

    async def prompt(self, name, arguments):
        return [plain(message) for message in (await self.session.get_prompt(name, arguments)).messages]

    async def complete_prompt(self, name, argument, value):
        reference = types.PromptReference(type="ref/prompt", name=name)
        return (await self.session.complete(reference, {"name": argument, "value": value})).completion.values

    async def complete_resource(self, uri, argument, value):
        reference = types.ResourceTemplateReference(type="ref/resource", uri=uri)
        return (await self.session.complete(reference, {"name": argument, "value": value})).completion.values


@contextlib.asynccontextmanager
async def connect(arguments):
    adapter = Adapter()
    parameters = StdioServerParameters(command=checks.BINARY, args=arguments)
    async with stdio_client(parameters, errlog=sys.stderr) as (read, write):
        async with ClientSession(read, write, elicitation_callback=adapter.elicit) as session:
            adapter.server = plain((await session.initialize()).serverInfo)
            adapter.session = session
            yield adapter


checks.main("python-1", connect)
