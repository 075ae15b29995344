// A person's word before a change, with a real client: asked, or by a token where the client shows no questions.

import assert from "node:assert/strict";

import { check, somebody, text } from "./checks.mjs";
import { SECOND, by, serving } from "./places.mjs";

const NAME = "load_and_commit_config";
const REFUSED = /\[code=confirmation_required\]/;

const change = (building) => ({ router_name: "mx-lab-1", config_text: `set system location building ${building}` });
const call = (client, args, options) => client.callTool({ name: NAME, arguments: args }, options);

// What the device has for it now.
async function committed(client) {
  const command = "show configuration system location | display set";
  return text(await client.callTool({ name: "execute_junos_command", arguments: { router_name: "mx-lab-1", command } }));
}

async function asked(client, person) {
  const answers = [{ action: "decline" }, { action: "cancel" }, { action: "accept", content: { confirm: false } }];
  for (const answer of answers) {
    await check(`${JSON.stringify(answer)}: nothing is committed`, async () => {
      person.answer = answer;
      const result = await call(client, change("refused"));
      assert.ok(result.isError);
      assert.match(text(result), REFUSED);
      assert.doesNotMatch(await committed(client), /refused/);
    });
  }
  await check("the question shows the device and the change; a yes commits it", async () => {
    person.answer = { action: "accept", content: { confirm: true } };
    const result = await call(client, change("agreed"));
    assert.equal(result.structuredContent.outcome, "committed");
    assert.match(person.asked.message, /mx-lab-1[^]*agreed/);
    assert.match(await committed(client), /agreed/);
  });
  await check("a question that nobody answers until the client gives up: nothing is committed", async () => {
    let close;
    person.answer = new Promise((resolve) => { close = resolve; });
    const controller = new AbortController();
    const shown = new Promise((resolve) => { person.onAsked = resolve; });
    const rejected = assert.rejects(call(client, change("too-late"), { signal: controller.signal }));
    await shown;
    controller.abort("the person has gone");
    // Between two requests version 2 waits for the person whatever happens.
    close({ action: "cancel" });
    await rejected;
    assert.doesNotMatch(await committed(client), /too-late/);
  });
}

// The token of an answer that gives one.
function given(result) {
  assert.ok(result.isError);
  assert.match(text(result), REFUSED);
  assert.equal(result.structuredContent, undefined);
  const { token } = result._meta["jmcp/confirmation"];
  assert.ok(text(result).includes(token));
  return token;
}

async function byToken(client, other) {
  const wanted = change("by-token");
  const bring = (token, args = wanted, who = client) => call(who, { ...args, confirmation_token: token });
  let first;
  await check("the first answer is the plan with a token, and nothing is committed", async () => {
    const result = await call(client, wanted);
    first = given(result);
    assert.match(text(result), /mx-lab-1[^]*by-token/);
    assert.doesNotMatch(await committed(client), /by-token/);
  });
  await check("another caller cannot use it", async () => {
    const result = await bring(first, wanted, other);
    assert.notEqual(given(result), first);
    assert.match(text(result), /another caller/);
  });
  await check("a tampered token is none", async () => {
    const at = Math.floor(first.length / 2);
    const tampered = first.slice(0, at) + (first[at] === "A" ? "B" : "A") + first.slice(at + 1);
    assert.notEqual(given(await bring(tampered)), first);
    assert.match(text(await bring("yes")), /\[code=invalid_input\]/);
  });
  await check("other arguments need another token", async () => {
    const spent = given(await call(client, wanted));
    assert.match(text(await bring(spent, change("smuggled"))), /another call/);
    assert.doesNotMatch(await committed(client), /smuggled|by-token/);
  });
  await check("the call with its token commits, and once", async () => {
    const result = await bring(first);
    assert.equal(result.structuredContent.outcome, "committed");
    assert.match(await committed(client), /by-token/);
    assert.match(text(await bring(first)), /used before[^]*\[code=confirmation_required\]/);
  });
}

export async function approvals(here, connect) {
  await serving(here, "http", ["--confirm", "write"], async (target) => {
    const person = somebody();
    const client = await connect(target, person);
    await client.listTools();
    await asked(client, person);
    await client.close();
    const mute = await connect(by(target.url, target.token), somebody(true));
    const other = await connect(by(target.url, SECOND), somebody(true));
    // The clients compare what they get with the schemas of the list.
    await mute.listTools();
    await other.listTools();
    await byToken(mute, other);
    await mute.close();
    await other.close();
  });
}
