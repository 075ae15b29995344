// What every TypeScript client checks of a server, whatever the version of the client.

import assert from "node:assert/strict";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { LAB, NOBODY, by, place, serving } from "./places.mjs";

const DEVICES = ["ex-lab-1", "mx-lab-1", "srx-lab-1"];
const HINTS = ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"];
const PATIENCE = 60_000;

let label;
let failed = 0;

// The packages are where JMCP_NODE_DIR says, not beside this file.
const require = createRequire(`${process.env.JMCP_NODE_DIR}/`);
export const load = (name) => import(pathToFileURL(require.resolve(name)));

export async function check(name, body) {
  try {
    await body();
    console.log(`ok ${label}: ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`not ok ${label}: ${name}`);
    console.error(error);
  }
}

export const text = (result) => result.content.filter((block) => block.type === "text").map((block) => block.text).join("\n");

// The clients validate structuredContent against the listed outputSchema by themselves and throw where it does not fit.
async function good(client, name, args, options) {
  const result = await client.callTool({ name, arguments: args }, options);
  assert.ok(!result.isError, text(result));
  assert.ok(result.structuredContent, "structuredContent");
  return result;
}

async function lists(client) {
  await check("the server says who it is", () => assert.equal(client.getServerVersion().name, "jmcp-server"));
  await check("tools/list", async () => {
    const { tools } = await client.listTools();
    assert.ok(tools.length >= 13);
    for (const tool of tools) {
      assert.ok(tool.title && tool.description, tool.name);
      assert.ok(HINTS.every((hint) => typeof tool.annotations[hint] === "boolean"), tool.name);
      assert.equal(tool.outputSchema.type, "object", tool.name);
    }
  });
}

async function calls(client) {
  await check("get_router_list", async () => {
    const result = await good(client, "get_router_list", {});
    assert.deepEqual(result.structuredContent.routers, [...DEVICES, "silent-1"].sort());
  });
  for (const device of DEVICES) {
    await check(`facts and show version of ${device}`, async () => {
      const facts = await good(client, "gather_device_facts", { router_name: device });
      assert.ok(facts.structuredContent.model && facts.structuredContent.version);
      const version = await good(client, "execute_junos_command", { router_name: device, command: "show version" });
      assert.match(version.structuredContent.output, /Junos/);
    });
  }
  await check("a wrong router is an answer with isError", async () => {
    const result = await client.callTool({
      name: "execute_junos_command",
      arguments: { router_name: "mx-lab-9", command: "show version" },
    });
    assert.ok(result.isError);
    assert.match(text(result), /\[code=unknown_router\]/);
  });
}

async function waits(client, place) {
  await check("progress of a batch", async () => {
    const steps = [];
    const onprogress = ({ progress, total }) => steps.push([progress, total]);
    const commands = ["show version", "show system uptime"];
    const args = { router_names: DEVICES, commands, max_concurrent_routers: 1 };
    const result = await good(client, "execute_junos_command_batch", args, { onprogress });
    assert.equal(result.structuredContent.summary.successful, 6);
    // These clients lose steps that arrive in one piece with the answer.
    assert.ok(steps.length > 0);
    assert.deepEqual(steps, [[1, 3], [2, 3], [3, 3]].slice(0, steps.length));
  });
  await check("a cancelled call ends", async () => {
    const before = place.audited().length;
    const controller = new AbortController();
    const came = once(place.silent, "connection");
    const call = client.callTool(
      { name: "gather_device_facts", arguments: { router_name: "silent-1" } },
      { signal: controller.signal },
    );
    const rejected = assert.rejects(call);
    await came;
    controller.abort("check");
    await rejected;
    let events = [];
    for (let turn = 0; turn < 250 && events.length === 0; turn += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      events = place.audited().slice(before);
    }
    assert.equal(events.length, 1);
    assert.match(JSON.stringify(events), /cancelled/);
    await good(client, "get_router_list", {});
  });
}

async function reads(client) {
  await check("resources", async () => {
    const { resources } = await client.listResources();
    assert.ok(resources.some((resource) => resource.uri === "junos://mx-lab-1/config"));
    const { resourceTemplates } = await client.listResourceTemplates();
    assert.ok(resourceTemplates.some((template) => template.uriTemplate === "junos://{router}/facts"));
    const config = await client.readResource({ uri: "junos://mx-lab-1/config" });
    assert.match(config.contents[0].text, /^set system/m);
    const facts = await client.readResource({ uri: "junos://ex-lab-1/facts" });
    assert.ok(JSON.parse(facts.contents[0].text).model);
    await assert.rejects(client.readResource({ uri: "junos://mx-lab-9/config" }), /not found/i);
  });
  await check("prompts", async () => {
    const { prompts } = await client.listPrompts();
    assert.ok(prompts.some((prompt) => prompt.name === "bgp_session_down"));
    const prompt = { name: "bgp_session_down", arguments: { router: "mx-lab-1", neighbor: "192.0.2.9" } };
    assert.match(JSON.stringify((await client.getPrompt(prompt)).messages), /192\.0\.2\.9/);
  });
  await check("completion of router names", async () => {
    const complete = async (ref, value) =>
      (await client.complete({ ref, argument: { name: "router", value } })).completion.values;
    assert.deepEqual(await complete({ type: "ref/prompt", name: "pre_change_check" }, "s"), ["silent-1", "srx-lab-1"]);
    assert.deepEqual(await complete({ type: "ref/resource", uri: "junos://{router}/config" }, "EX"), ["ex-lab-1"]);
  });
}

async function asks(client, person) {
  const form = {
    device_name: "new-1",
    device_ip: "192.0.2.77",
    username: "netops",
    ssh_key_path: join(LAB, "id_ed25519"),
  };
  await check("add_device asks, and a no adds nothing", async () => {
    person.answer = { action: "decline" };
    const result = await client.callTool({ name: "add_device", arguments: {} });
    assert.ok(result.isError);
    assert.match(text(result), /\[code=cancelled\]/);
    assert.deepEqual(person.asked.requestedSchema.required.toSorted(), Object.keys(form).sort());
  });
  await check("add_device asks, and what is filled in is added", async () => {
    person.answer = { action: "accept", content: form };
    const result = await good(client, "add_device", {});
    assert.equal(result.structuredContent.added, "new-1");
    assert.match(text(await good(client, "get_router_list", {})), /new-1/);
  });
}

async function changes(client) {
  await check("load_and_commit_config, and the difference", async () => {
    const config_text = `set system location building ${label}`;
    const change = await good(client, "load_and_commit_config", { router_name: "mx-lab-1", config_text });
    assert.equal(change.structuredContent.outcome, "committed");
    const diff = await good(client, "junos_config_diff", { router_name: "mx-lab-1", version: 1 });
    assert.ok(diff.structuredContent.diff.includes(label));
  });
  await check("a change that the device refuses", async () => {
    const args = { router_name: "mx-lab-1", config_text: "set no-such-statement yes" };
    const result = await client.callTool({ name: "load_and_commit_config", arguments: args });
    assert.ok(result.isError);
    assert.equal(result.structuredContent.outcome, "invalid");
  });
}

async function confirms(client, person) {
  const config_text = `set system location building confirmed-${label}`;
  const change = { name: "load_and_commit_config", arguments: { router_name: "ex-lab-1", config_text } };
  await check("a change that a person refuses", async () => {
    person.answer = { action: "decline" };
    const result = await client.callTool(change);
    assert.ok(result.isError);
    assert.match(text(result), /\[code=confirmation_required\]/);
  });
  await check("a change that a person confirms", async () => {
    person.answer = { action: "accept", content: { confirm: true } };
    assert.equal((await good(client, change.name, change.arguments)).structuredContent.outcome, "committed");
  });
}

async function refused(connect, target, person, what, status) {
  await check(`${what} is a ${status}`, async () => {
    await assert.rejects(connect(target, person));
    assert.deepEqual([...new Set(target.statuses)], [status]);
  });
}

async function everything(here, transport, connect, person) {
  await serving(here, transport, [], async (target) => {
    const client = await connect(target, person);
    await lists(client);
    await calls(client);
    await reads(client);
    if (transport !== "shared") {
      await waits(client, here);
      await asks(client, person);
      await changes(client);
    }
    await client.close();
    if (transport === "http") {
      await refused(connect, by(target.url, NOBODY), person, "a wrong token", 401);
    }
  });
  if (transport === "shared") {
    return;
  }
  await serving(here, transport, ["--confirm", "write"], async (target) => {
    const careful = await connect(target, person);
    await careful.listTools();
    await confirms(careful, person);
    await careful.close();
  });
  if (transport === "http") {
    // An address of this machine that is none of the names which a server goes by.
    await serving(here, transport, ["-H", "127.0.0.2"], (target) =>
      refused(connect, target, person, "a wrong host", 403));
  }
}

// A person, who gives the answer that is set; a promise of one is waited for. One who is mute has a client that shows no questions.
export function somebody(mute = false) {
  const person = {
    mute,
    answer: { action: "decline" },
    asked: null,
    elicit: async (request) => {
      person.asked = request.params;
      person.onAsked?.();
      return person.answer;
    },
  };
  return person;
}

// `connect(target, person)` gives a connected client that asks `person.elicit`.
export async function main(name, transport, connect) {
  label = transport === "stdio" ? name : `${name}-${transport}`;
  const timer = setTimeout(() => {
    console.log(`not ok ${label}: the checks take too long`);
    process.exit(1);
  }, PATIENCE);
  const here = await place();
  await check("the client comes to its end", async () => {
    if (transport === "approval") {
      const { approvals } = await import("./approval.mjs");
      await approvals(here, connect);
    } else {
      await everything(here, transport, connect, somebody());
    }
  });
  clearTimeout(timer);
  rmSync(here.directory, { recursive: true });
  process.exit(failed ? 1 : 0);
}
