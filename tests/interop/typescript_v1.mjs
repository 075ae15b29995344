// The TypeScript SDK, version 1: a session with a handshake.

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

import { BINARY, main } from "./checks.mjs";

// The packages are where JMCP_NODE_DIR says, not beside this file.
const require = createRequire(`${process.env.JMCP_NODE_DIR}/`);
const load = (name) => import(pathToFileURL(require.resolve(name)));
const { Client } = await load("@modelcontextprotocol/sdk/client/index.js");
const { StdioClientTransport } = await load("@modelcontextprotocol/sdk/client/stdio.js");
const { ElicitRequestSchema } = await load("@modelcontextprotocol/sdk/types.js");

await main("typescript-1", async (args, person) => {
  const client = new Client({ name: "check", version: "1" }, { capabilities: { elicitation: {} } });
  client.setRequestHandler(ElicitRequestSchema, person.elicit);
  await client.connect(new StdioClientTransport({ command: BINARY, args }));
  // Version 1 has the schema of the result where version 2 has the options.
  const callTool = client.callTool.bind(client);
  client.callTool = (params, options) => callTool(params, undefined, options);
  return client;
});
