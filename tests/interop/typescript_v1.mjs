// The TypeScript SDK, version 1: a session with a handshake. `typescript_v1.mjs TRANSPORT`.

import { load, main } from "./checks.mjs";

const { Client } = await load("@modelcontextprotocol/sdk/client/index.js");
const { StdioClientTransport } = await load("@modelcontextprotocol/sdk/client/stdio.js");
const { StreamableHTTPClientTransport } = await load("@modelcontextprotocol/sdk/client/streamableHttp.js");
const { ElicitRequestSchema } = await load("@modelcontextprotocol/sdk/types.js");

await main("typescript-1", process.argv[2], async (target, person) => {
  const capabilities = person.mute ? {} : { elicitation: {} };
  const client = new Client({ name: "check", version: "1" }, { capabilities });
  if (!person.mute) {
    client.setRequestHandler(ElicitRequestSchema, person.elicit);
  }
  const { url, options: http } = target;
  await client.connect(
    url ? new StreamableHTTPClientTransport(new URL(url), http) : new StdioClientTransport(target),
  );
  // Version 1 has the schema of the result where version 2 has the options.
  const callTool = client.callTool.bind(client);
  client.callTool = (params, options) => callTool(params, undefined, options);
  return client;
});
