/**
 * Each check finds the fault that it is about, and a careful server passes: checks run against a real server, careful and with one fault each.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import { CATALOGUE } from "./catalogue.ts";
import type { Target } from "./check.ts";
import type { Hooks } from "./hooks.ts";
import { seededBytes } from "./payloads/seeded-bytes.ts";
import { type CaseResult, runCheck } from "./run-check.ts";
import { AT_ONCE, FILE_BYTES_MAX, SampleServer } from "./sample-server.ts";
import { QUOTA_FILES, type ServerFault } from "./sample-store.ts";
import { SAMPLE_IDENTITIES, sampleIdentity } from "./sample-targets.ts";

function targetAt(origin: string): Target {
  return {
    origin,
    method: "PUT",
    path: "/octets/{name}",
    protocol: "raw",
    file: {
      field: "body",
      types: "any",
      sizeBytesMax: FILE_BYTES_MAX,
      countMax: 1,
      control: { name: "a.bin", mediaType: "application/octet-stream", bytes: seededBytes("found", 500) },
    },
    fields: [],
    acceptedStatuses: [201],
    headers: [],
    idleMs: null,
    seed: "found",
    identities: SAMPLE_IDENTITIES,
    promises: {
      id: { header: "Upload-Id" },
      state: { path: "/state/{id}", sha256: "/sha256", size: "/size" },
      idempotencyKey: "optional",
      digests: ["content-digest"],
      quota: { filesMax: QUOTA_FILES, bytesMax: null },
      rate: { requestsMax: QUOTA_FILES, everyMs: 60_000 },
      atOnceMax: AT_ONCE,
      trustedHeaders: ["x-user"],
      requestIdHeader: "X-Request-Id",
    },
  };
}

function hooksOf(server: SampleServer): Hooks {
  let issued = 0;
  const fullDisk = (isFull: boolean) => async () => {
    server.store.isDiskFull = isFull;
  };
  const noDisk = { inject: fullDisk(true), heal: fullDisk(false) };
  return {
    issue: async () => {
      issued += 1;
      return sampleIdentity(`new-${issued}`);
    },
    revoke: async ({ name }) => void server.revoked.add(name),
    stored: async () => ({ temporary: [...server.temporary], kept: [...server.store.files.keys()] }),
    log: async () => server.logText,
    mintLink: async (wish) => server.linkTo(wish),
    readiness: async () => ({ status: server.isReady ? 200 : 503, text: '{"ok":false}' }),
    faults: { "storage-full": noDisk, "storage-read-only": noDisk },
  };
}

async function run(ids: readonly string[], fault: ServerFault | null): Promise<readonly CaseResult[]> {
  const server = new SampleServer(fault);
  server.server.listen(0, "127.0.0.1");
  await once(server.server, "listening");
  const address = server.server.address();
  assert.ok(typeof address === "object" && address !== null);
  const evidence = {
    clear: async () => {
      server.store.received.length = 0;
    },
    received: async () => [...server.store.received],
  };
  try {
    const checks = CATALOGUE.filter((check) => ids.includes(check.id.slice(4)));
    assert.equal(checks.length, ids.length, `no such checks: ${ids.join(", ")}`);
    const results: CaseResult[] = [];
    const target = targetAt(`http://127.0.0.1:${address.port}`);
    const hooks = hooksOf(server);
    for (const check of checks) results.push(...(await runCheck(check, target, evidence, hooks)));
    return results;
  } finally {
    server.server.closeAllConnections();
    server.server.close();
  }
}

const told = ({ check, case: name, state, reasons }: CaseResult): string =>
  `${check} ${name}: ${state}: ${reasons.join("; ")}`;

const FOUND_BY: Readonly<Record<ServerFault, readonly string[]>> = {
  "nobody may send": ["PM-01", "PM-02"],
  "reads the body first": ["PM-01", "TR-01"],
  "takes a token from the query": ["PM-12"],
  "shows everybody's state": ["PM-03"],
  "lists uploads": ["PM-03"],
  "counts its ids": ["PM-06"],
  "takes any origin": ["PM-05"],
  "asks for the right only once": ["PM-08"],
  "passes forged headers": ["PM-09"],
  "compares the quota before and counts after": ["PM-10"],
  "ignores the key": ["RT-01", "RT-02", "RT-03", "RT-07"],
  "looks at the key alone": ["RT-02"],
  "looks the key up before and stores it after": ["RT-03"],
  "leaves temporary files": ["RT-04"],
  "ignores the digest": ["RT-06"],
  "answers in plain text": ["RS-02"],
  "tells its stack": ["RS-03"],
  "opens files in the browser": ["RS-04"],
  "lets the URL name the file": ["RS-05"],
  "sends every range": ["RS-07"],
  "takes any link": ["PM-07"],
  "repeats any id": ["VO-01"],
  "logs as it comes": ["VO-03"],
  "logs secrets": ["VO-04"],
  "logs no refusals": ["VO-02"],
  "is always ready": ["VO-05"],
  "takes any number at once": ["FM-07"],
  "says 201 when it could not store": ["FM-04"],
};

// Most of the time passes in waiting for what does not come.
describe("each fault", { concurrency: 6 }, () => {
  for (const [fault, ids] of Object.entries(FOUND_BY) as [ServerFault, readonly string[]][]) {
    test(`a server that ${fault} is found by ${ids.join(" and ")}`, async () => {
      for (const id of ids) {
        const results = await run([id], fault);
        const found = results.some(({ state }) => state === "fail");
        assert.ok(found, `${id} has not found it:\n${results.map(told).join("\n")}`);
      }
    });
  }
});

test("a careful server passes all of them", async () => {
  const results = await run([...new Set(Object.values(FOUND_BY).flat())], null);
  const wrong = results.filter(({ state }) => state === "fail" || state === "inconclusive");
  assert.deepEqual(wrong.map(told), []);
  assert.ok(results.filter(({ state }) => state === "pass").length > 80);
});
