"""The Python SDK, version 2, in both eras: `python_v2.py legacy` and `python_v2.py auto`."""

import asyncio
import contextlib
import sys

import mcp_types as types
from mcp import Client, StdioServerParameters

import checks

MODE = sys.argv[1]
NEWEST = "2026-07-28"


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
        return [plain(tool) for tool in (await self.client.list_tools()).tools]

    async def call(self, name, arguments, progress=None):
        return plain(await self.client.call_tool(name, arguments, progress_callback=progress))

    async def call_and_cancel(self, name, arguments, begun):
        call = asyncio.create_task(self.client.call_tool(name, arguments))
        await asyncio.wait_for(begun.wait(), 10)
        call.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await call

    async def resources(self):
        return [plain(resource) for resource in (await self.client.list_resources()).resources]

    async def templates(self):
        return [plain(t) for t in (await self.client.list_resource_templates()).resource_templates]

    async def read(self, uri):
        return [plain(content) for content in (await self.client.read_resource(uri)).contents]

    async def prompts(self):
        return [plain(prompt) for prompt in (await self.client.list_prompts()).prompts]

    async def prompt(self, name, arguments):
        return [plain(message) for message in (await self.client.get_prompt(name, arguments)).messages]

    async def complete_prompt(self, name, argument, value):
        reference = types.PromptReference(type="ref/prompt", name=name)
        return (await self.client.complete(reference, {"name": argument, "value": value})).completion.values

    async def complete_resource(self, uri, argument, value):
        reference = types.ResourceTemplateReference(type="ref/resource", uri=uri)
        return (await self.client.complete(reference, {"name": argument, "value": value})).completion.values


@contextlib.asynccontextmanager
async def connect(arguments):
    adapter = Adapter()
    parameters = StdioServerParameters(command=checks.BINARY, args=arguments)
    async with Client(parameters, mode=MODE, elicitation_callback=adapter.elicit) as client:
        modern = str(client.protocol_version) == NEWEST
        assert modern == (MODE == "auto"), client.protocol_version
        adapter.server = plain(client.server_info)
        adapter.client = client
        yield adapter


checks.main(f"python-2-{MODE}", connect)
