// The TypeScript SDK, version 2, in both eras: `typescript_v2.mjs legacy` and `typescript_v2.mjs auto`.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

import { BINARY, main } from "./checks.mjs";

// The packages are where JMCP_NODE_DIR says, not beside this file.
const require = createRequire(`${process.env.JMCP_NODE_DIR}/`);
const load = (name) => import(pathToFileURL(require.resolve(name)));
const { Client } = await load("@modelcontextprotocol/client");
const { StdioClientTransport } = await load("@modelcontextprotocol/client/stdio");

const mode = process.argv[2];
const NEWEST = "2026-07-28";

await main(`typescript-2-${mode}`, async (args, person) => {
  const options = { capabilities: { elicitation: { form: {} } }, versionNegotiation: { mode } };
  const client = new Client({ name: "check", version: "2" }, options);
  client.setRequestHandler("elicitation/create", person.elicit);
  await client.connect(new StdioClientTransport({ command: BINARY, args }));
  assert.equal(client.getNegotiatedProtocolVersion() === NEWEST, mode === "auto");
  return client;
});
