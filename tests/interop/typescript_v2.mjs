// The TypeScript SDK, version 2, in both eras: `typescript_v2.mjs legacy TRANSPORT` and `typescript_v2.mjs auto TRANSPORT`.

import assert from "node:assert/strict";

import { load, main } from "./checks.mjs";

const { Client, StreamableHTTPClientTransport } = await load("@modelcontextprotocol/client");
const { StdioClientTransport } = await load("@modelcontextprotocol/client/stdio");

const [mode, transport] = process.argv.slice(2);
const NEWEST = "2026-07-28";

await main(`typescript-2-${mode}`, transport, async (target, person) => {
  const capabilities = person.mute ? {} : { elicitation: { form: {} } };
  const client = new Client({ name: "check", version: "2" }, { capabilities, versionNegotiation: { mode } });
  if (!person.mute) {
    client.setRequestHandler("elicitation/create", person.elicit);
  }
  const { url, options: http } = target;
  await client.connect(
    url ? new StreamableHTTPClientTransport(new URL(url), http) : new StdioClientTransport(target),
  );
  assert.equal(client.getNegotiatedProtocolVersion() === NEWEST, mode === "auto");
  return client;
});
