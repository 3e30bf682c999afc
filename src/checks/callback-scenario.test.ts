import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { leadsNowhere } from "./callback-scenario.ts";
import type { Target } from "./check.ts";
import { fileOfType } from "./content-case.ts";
import type { Hooks } from "./hooks.ts";
import { utf8 } from "./payloads/bytes.ts";
import type { CaseResult } from "./run-check.ts";
import { runScenario } from "./run-scenario.ts";
import { OCTETS } from "./sample-targets.ts";

const [here, elsewhere] = leadsNowhere("an address in a text is asked for by nobody", [
  {
    what: "a text",
    mediaType: "text/plain",
    fileAt: (url) => fileOfType("text/plain", utf8(`see ${url} .`)),
  },
]);

/** Plays a scenario against a server that stores what comes, and fetches the addresses in it where it is told to. */
async function played(
  scenario: typeof here,
  fetches: boolean,
  hooks: Hooks = {},
  origin?: string,
): Promise<CaseResult> {
  const server = createServer(async (request, answer) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString("latin1");
    const [address] = /http:\/\/[^ ]+/.exec(text) ?? [];
    if (fetches && address !== undefined) await fetch(address).then((got) => got.text());
    answer.writeHead(201).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const at = origin ?? `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const target: Target = { ...OCTETS, origin: at };
  assert.ok(scenario);
  const check = { id: "UPL-ZZ-01", title: "", why: "", standards: [], flags: [], cases: [] } as const;
  try {
    return await runScenario(scenario, { check, target, evidence: null, hooks });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test("a server that fetches an address in a file is found, with the file that led to it", async () => {
  const result = await played(here, true);
  assert.equal(result.state, "fail");
  assert.match(result.reasons.join(), /^a text: the address in the file was asked for: GET \/flowcheck\//);
});

test("a server that fetches nothing passes, and one that is elsewhere is no matter of a listener on loopback", async () => {
  assert.equal((await played(here, false)).state, "pass");
  assert.deepEqual((await played(here, false, {}, "http://192.0.2.1")).reasons, [
    "the target is not on this machine",
  ]);
  assert.equal((await played(elsewhere, false)).state, "not-applicable");
});

test("for a target elsewhere the operator's listener is needed", async () => {
  const result = await played(elsewhere, false, {}, "http://192.0.2.1");
  assert.equal(result.state, "manual");
});
