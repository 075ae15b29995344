"""The Python SDK in the words of the checks: what comes back is plain dictionaries."""

import asyncio
import contextlib


def plain(model):
    return model.model_dump(by_alias=True, mode="json", exclude_none=True)


@contextlib.asynccontextmanager
async def http_client(create, target):
    """A client of the HTTP library that `create` makes, with the target's headers; it notes what status each answer has."""

    async def note(response):
        target.statuses.append(response.status_code)

    async with create(headers=target.headers) as http:
        hooks = http.event_hooks
        hooks["response"].append(note)
        http.event_hooks = hooks
        yield http


class Adapter:
    """`types` is the SDK's module of messages, `client` what sends them; without an `answer` the person waits until the call
    was taken back."""

    def __init__(self, types):
        self.types = types
        self.answer = ("decline", None)
        self.asked = None
        self.was_asked = asyncio.Event()
        self.gave_up = asyncio.Event()

    async def elicit(self, _context, params):
        self.asked = plain(params)
        self.was_asked.set()
        if self.answer is None:
            # Version 1 reads nothing meanwhile: a question that stays open for ever would be its end.
            await self.gave_up.wait()
        action, content = self.answer or ("cancel", None)
        return self.types.ElicitResult(action=action, content=content)

    async def tools(self):
        return [plain(tool) for tool in (await self.client.list_tools()).tools]

    async def call(self, name, arguments, progress=None):
        return plain(await self.client.call_tool(name, arguments, progress_callback=progress))

    async def call_and_cancel(self, name, arguments, begun):
        call = asyncio.create_task(self.client.call_tool(name, arguments))
        await asyncio.wait_for(begun.wait(), 10)
        await self.take_back()
        call.cancel()
        self.gave_up.set()
        with contextlib.suppress(asyncio.CancelledError):
            await call

    async def take_back(self):
        """What a client has to do by hand to take back its last request."""

    async def resources(self):
        return [plain(resource) for resource in (await self.client.list_resources()).resources]

    async def templates(self):
        return plain(await self.client.list_resource_templates())["resourceTemplates"]

    async def read(self, uri):
        return [plain(content) for content in (await self.client.read_resource(uri)).contents]

    async def prompts(self):
        return [plain(prompt) for prompt in (await self.client.list_prompts()).prompts]

    async def prompt(self, name, arguments):
        return [plain(message) for message in (await self.client.get_prompt(name, arguments)).messages]

    async def complete_prompt(self, name, argument, value):
        return await self.complete(self.types.PromptReference(type="ref/prompt", name=name), argument, value)

    async def complete_resource(self, uri, argument, value):
        return await self.complete(self.types.ResourceTemplateReference(type="ref/resource", uri=uri), argument, value)

    async def complete(self, reference, argument, value):
        return (await self.client.complete(reference, {"name": argument, "value": value})).completion.values
