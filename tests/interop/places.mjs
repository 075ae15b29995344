// Where a client finds the server: an inventory of its own, and the program on stdin and stdout or behind HTTP.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const BINARY = process.env.JMCP_BIN;
const TOKEN = `jmcp_${"t".repeat(43)}`;
export const SECOND = `jmcp_${"s".repeat(43)}`;
export const NOBODY = `jmcp_${"n".repeat(43)}`;
export const LAB = process.env.JMCP_LAB_DIR;

// A directory with an inventory of its own: the lab's devices, and one that takes connections and never says a word.
export async function place() {
  const silent = createServer((socket) => socket.on("error", () => {}).resume());
  silent.listen(0, "127.0.0.1");
  await once(silent, "listening");
  silent.unref();
  const directory = mkdtempSync(join(tmpdir(), "jmcp-interop-"));
  const inventory = join(directory, "devices.json");
  const audit = join(directory, "audit.jsonl");
  const devices = JSON.parse(readFileSync(join(LAB, "devices.json"), "utf8"));
  const auth = { type: "password", password: "none" };
  devices["silent-1"] = { ip: "127.0.0.1", port: silent.address().port, username: "lab", auth };
  writeFileSync(inventory, JSON.stringify(devices), { mode: 0o600 });
  const audited = () => readFileSync(audit, "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line));
  const tokens = join(directory, "tokens");
  const entry = (token) => ({ token, description: "", created: "2026-01-01T00:00:00Z" });
  writeFileSync(tokens, JSON.stringify({ one: entry(TOKEN), two: entry(SECOND) }), { mode: 0o600 });
  const base = ["-f", inventory, "--known-hosts-file", join(LAB, "known_hosts"), "--audit-log-file", audit];
  return { directory, silent, audited, base, tokens };
}

// A URL with headers, and the status of each answer that its client had.
export function by(url, token) {
  const statuses = [];
  const noting = async (...args) => {
    const response = await fetch(...args);
    statuses.push(response.status);
    return response;
  };
  return { url, token, statuses, options: { requestInit: { headers: { Authorization: `Bearer ${token}` } }, fetch: noting } };
}

// What a client connects to, for as long as `body` runs: a program with arguments, or a URL with options.
export async function serving(here, transport, more, body) {
  if (transport === "shared") {
    return body(by(process.env.JMCP_URL, process.env.JMCP_TOKEN));
  }
  if (transport === "stdio") {
    return body({ command: BINARY, args: [...here.base, ...more, "-t", "stdio"] });
  }
  const tls = (name) => join(process.env.JMCP_CERTIFICATES, name);
  const secured = transport === "tls" ? ["--tls-cert", tls("server.pem"), "--tls-key", tls("server.key")] : [];
  const listening = ["-t", "http", "-p", "0", "--tokens-file", here.tokens, ...secured];
  const server = spawn(BINARY, [...here.base, ...listening, ...more], { stdio: ["ignore", "ignore", "pipe"] });
  const ended = once(server, "exit");
  try {
    const address = await new Promise((resolve, reject) => {
      ended.then(() => reject(new Error("the server did not start")));
      createInterface(server.stderr).on("line", (line) => {
        if (line.startsWith("jmcp: serving ")) {
          resolve(line.split(" ")[2]);
        }
      });
    });
    // Both paths are the server's, without a redirect between them.
    await body(by(address + (transport === "tls" ? "/" : ""), TOKEN));
  } finally {
    server.kill();
    await ended;
  }
  assert.equal(server.exitCode, 0, "the server ends well");
}
