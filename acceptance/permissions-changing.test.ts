/**
 * Permissions while things change (PM-06 to PM-08): keys that are replaced, withdrawn or out of reach, a mode that only watches, reloads under
 * way; with a real service behind.
 */
import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { rename, writeFile } from "node:fs/promises";
import { createServer, type OutgoingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { type Answered, ask, problemCode } from "./ask.ts";
import { answerOf, underWay } from "./begun-upload.ts";
import { AUDIENCE, GATE, grant, ISSUER, newKey, token } from "./caller-tokens.ts";
import { type GateUnderTest, type ListedUpload, startGate } from "./gate-under-test.ts";
import { flowText, type MayFlow, writeFlows } from "./may-flows.ts";
import { leftInQuarantine } from "./quarantine-emptied.ts";
import { type ServiceUnderTest, startService } from "./service-under-test.ts";

const MIB = 1024 * 1024;
const flows: readonly MayFlow[] = [
  { name: "tokens", permissions: "{ caller: jwt }" },
  { name: "grants", permissions: "{ caller: grant }" },
  { name: "grants-receipt", permissions: "{ caller: grant }", deliver: "receipt" },
  { name: "watched-tokens", permissions: "{ caller: jwt }", mode: "observe" },
  {
    name: "watched-grants",
    permissions: "{ caller: grant, origins: [https://app.example.com] }",
    mode: "observe",
  },
  { name: "watched-keys", permissions: "{ caller: api-key }", mode: "observe" },
  { name: "watched-asked", permissions: "{ caller: upstream, ask: /may-ask }", mode: "observe" },
];

let service: ServiceUnderTest;
let gate: GateUnderTest;
let provider: Server;
let published: readonly object[] = [];
let fetches = 0;
/** Where the provider publishes its keys. */
let port = 0;
const stops: (() => Promise<void>)[] = [];
const [first, second, granting] = [await newKey("first"), await newKey("second"), await newKey("granting")];

before(async () => {
  provider = createServer((_req, res) => {
    fetches += 1;
    res.setHeader("content-type", "application/jwk-set+json").end(JSON.stringify({ keys: published }));
  });
  provider.listen(0, "127.0.0.1");
  await once(provider, "listening");
  stops.push(async () => {
    provider.closeAllConnections();
    provider.close();
  });
  service = await startService();
  // The one that runs by then: a test starts it anew.
  stops.unshift(() => service.stop());
  port = (provider.address() as AddressInfo).port;
  gate = await startGate({
    upstream: service.origin,
    flows: await writeFlows(flows),
    settings: `
receipts: { issuer: "${GATE}" }
callers:
  jwt: { issuer: "${ISSUER}", audience: "${AUDIENCE}", jwks: "http://127.0.0.1:${port}/jwks.json" }
  grant: { keys: granting.json }
`,
  });
  stops.unshift(() => gate.stop());
  await publishGranting([granting.jwk]);
});

after(async () => {
  for (const stop of stops) await stop();
});

async function publishGranting(keys: readonly object[]): Promise<void> {
  const path = join(gate.folder, "granting.json");
  await writeFile(`${path}.new`, JSON.stringify({ keys }));
  await rename(`${path}.new`, path);
  // The gate looks at the file once a second.
  await wait(1100);
}

const bearer = (text: string): OutgoingHttpHeaders => ({ authorization: `Bearer ${text}` });

const put = (
  path: string,
  headers: OutgoingHttpHeaders,
  body: Uint8Array = randomBytes(100),
): Promise<Answered> => ask(gate.origin, { method: "PUT", path, headers, body });

const newPath = (flow: string): string => `/may/${flow}/${randomUUID()}`;

async function receivedAt(path: string): Promise<number> {
  return (await service.received()).filter((one) => one.path === path).length;
}

const grantOf = (sub: string, flow: string, claims = {}): Promise<string> =>
  grant(sub, flow, claims, granting.signer);

/** The record of an observed upload: written after its answer. */
async function observedOf(answer: Answered): Promise<ListedUpload & { readonly principal: string }> {
  const id = String(answer.headers["sluicegate-upload"]);
  const deadline = performance.now() + 10_000;
  for (;;) {
    const { exitCode, out } = await gate.run("show", id, "--json");
    if (exitCode === 0) return JSON.parse(out) as ListedUpload & { principal: string };
    assert.ok(performance.now() < deadline, `no record of ${id}`);
    await wait(50);
  }
}

test("PM-06: keys out of reach are no fault of the client: 503, a time to come back, and nothing got in", async () => {
  provider.closeAllConnections();
  provider.close();
  const text = await token("early", first.signer);
  const path = newPath("tokens");
  const answer = await put(path, bearer(text));
  assert.deepEqual([answer.status, problemCode(answer)], [503, "PERMISSION_UNAVAILABLE"]);
  const seconds = Number(answer.headers["retry-after"]);
  assert.ok(seconds >= 1 && seconds <= 5, `Retry-After: ${seconds}`);
  assert.equal(answer.headers["www-authenticate"], undefined);
  assert.equal(await receivedAt(path), 0);
  // What only watches passes it on all the same, and says what it would have done.
  const watched = newPath("watched-tokens");
  const passed = await put(watched, bearer(text));
  assert.deepEqual([passed.status, await receivedAt(watched)], [201, 1]);
  const { state, refusal } = await observedOf(passed);
  assert.deepEqual([state, refusal?.code], ["observed", "PERMISSION_UNAVAILABLE"]);
});

test("PM-06: keys are fetched once, a key that is new is found, and one that is nobody's is looked for now and then only", async () => {
  provider.listen(port, "127.0.0.1");
  await once(provider, "listening");
  published = [first.jwk];
  const text = await token("ann", first.signer);
  const deadline = performance.now() + 10_000;
  while ((await put(newPath("tokens"), bearer(text))).status !== 201) {
    assert.ok(performance.now() < deadline);
    await wait(200);
  }
  const fetchedBefore = fetches;
  await Promise.all(Array.from({ length: 20 }, () => put(newPath("tokens"), bearer(text))));
  const strangers = await Promise.all(
    Array.from({ length: 50 }, async () => {
      const { signer } = await newKey(randomUUID());
      return put(newPath("tokens"), bearer(await token("eve", signer)));
    }),
  );
  assert.ok(strangers.every(({ status }) => status === 401));
  assert.ok(fetches - fetchedBefore <= 1, `${fetches - fetchedBefore} fetches`);
  published = [first.jwk, second.jwk];
  const unknown = await put(newPath("tokens"), bearer(await token("ann", second.signer)));
  assert.equal(unknown.status, 401);
});

test("PM-08: a signing key that is withdrawn while an upload runs takes the upload with it", async () => {
  for (const flow of ["grants", "grants-receipt"]) {
    const path = newPath(flow);
    const body = randomBytes(3 * MIB);
    const headers = { ...bearer(await grantOf("late", flow)), "content-length": body.length };
    const outgoing = await underWay(`${gate.origin}${path}`, headers);
    outgoing.write(body.subarray(0, 2 * MIB));
    await publishGranting([second.jwk]);
    outgoing.end(body.subarray(2 * MIB));
    const answer = await answerOf(outgoing);
    assert.deepEqual([answer.status, problemCode(answer)], [403, "PERMISSION_REVOKED"]);
    assert.equal(await receivedAt(path), 0);
    assert.deepEqual([await leftInQuarantine(gate), await gate.stored()], [[], []]);
    await publishGranting([granting.jwk]);
  }
});

test("mode observe passes everything on as it came, and records who would have been refused, and why", async () => {
  const narrowed = await grantOf("ned", "watched-grants", { max_bytes: 50, types: ["image/png"] });
  const once_ = await grantOf("one", "watched-grants", { sha256: "0".repeat(64) });
  const good = await grantOf("gus", "watched-grants");
  const cases: readonly [string, OutgoingHttpHeaders, string | null, string][] = [
    ["watched-tokens", bearer(await token("ann", first.signer)), null, "ann"],
    ["watched-tokens", {}, "CREDENTIALS_MISSING", "unknown"],
    [
      "watched-tokens",
      bearer(await token("ann", second.signer, { aud: "x" })),
      "CREDENTIALS_INVALID",
      "unknown",
    ],
    [
      "watched-keys",
      { "x-api-key": `sgk_${"0".repeat(12)}_${"A".repeat(43)}` },
      "CREDENTIALS_INVALID",
      "unknown",
    ],
    ["watched-grants", bearer(good), null, "gus"],
    ["watched-grants", bearer(good), null, "gus"],
    ["watched-grants", bearer(narrowed), "FILE_TOO_LARGE", "ned"],
    ["watched-grants", bearer(once_), "GRANT_MISMATCH", "one"],
    ["watched-grants", { ...bearer(good), origin: "https://evil.example" }, "CROSS_SITE_REFUSED", "gus"],
    ["watched-asked", {}, null, "unknown"],
  ];
  const asked = (await service.received()).filter((one) => one.path === "/may-ask").length;
  for (const [flow, headers, code, principal] of cases) {
    const path = newPath(flow);
    const answer = await put(path, { ...headers, "sluicegate-principal": "root" });
    assert.equal(answer.status, 201, `${flow} ${code}`);
    const [received] = (await service.received()).filter((one) => one.path === path);
    assert.ok(received && !JSON.stringify(received.headers).includes("root"));
    const { state, refusal, principal: recorded } = await observedOf(answer);
    assert.deepEqual(
      [state, refusal?.code ?? null, recorded],
      ["observed", code, principal],
      `${flow} ${code}`,
    );
  }
  assert.equal((await service.received()).filter((one) => one.path === "/may-ask").length, asked);
  assert.deepEqual(await leftInQuarantine(gate), []);
});

test("mode observe judges callers also where the service cannot be reached", async () => {
  const { origin } = service;
  await service.stop();
  const answer = await put(newPath("watched-tokens"), bearer(await token("ann", first.signer)));
  assert.deepEqual([answer.status, problemCode(answer)], [502, "UPSTREAM_UNREACHABLE"]);
  const refused = await put(newPath("watched-tokens"), {});
  assert.equal(refused.status, 502);
  service = await startService(Number(new URL(origin).port));
  const observed = (await gate.uploads()).filter(({ flow }) => flow === "watched-tokens").slice(0, 2);
  assert.deepEqual(
    observed.map(({ refusal }) => refusal?.code ?? null).sort(),
    ["CREDENTIALS_MISSING", null].sort(),
  );
});

test("a change of mode and a reload leave uploads under way to the rules they began with", async () => {
  const headers = async (): Promise<OutgoingHttpHeaders> => ({
    ...bearer(await grantOf("gus", "grants")),
    "content-length": MIB,
  });
  const [path, body] = [newPath("grants"), randomBytes(MIB)];
  const enforced = await underWay(`${gate.origin}${path}`, await headers());
  enforced.write(body.subarray(0, 1000));
  const file = join(gate.folder, "flows/grants/flow.yaml");
  const [, grants] = flows;
  assert.ok(grants);
  // To watching; then to another kind of caller; then away altogether.
  await writeFile(file, flowText({ ...grants, mode: "observe" }));
  assert.equal((await gate.run("reload")).exitCode, 0);
  assert.equal((await put(newPath("grants"), {})).status, 201);
  const watchedPath = newPath("grants");
  const watched = await underWay(`${gate.origin}${watchedPath}`, { "content-length": MIB });
  watched.write(body.subarray(0, 1000));
  await writeFile(file, flowText({ ...grants, permissions: "{ caller: api-key }" }));
  assert.equal((await gate.run("reload")).exitCode, 0);
  const refused = await put(newPath("grants"), bearer(await grantOf("gus", "grants")));
  assert.equal(refused.status, 401);
  watched.end(body.subarray(1000));
  assert.equal((await answerOf(watched)).status, 201);
  enforced.end(body.subarray(1000));
  assert.equal((await answerOf(enforced)).status, 201);
  assert.deepEqual([await receivedAt(path), await receivedAt(watchedPath)], [1, 1]);
  // One that does not load leaves what was in force.
  await writeFile(file, flowText({ ...grants, permissions: "{ caller: anybody }" }));
  assert.notEqual((await gate.run("reload")).exitCode, 0);
  assert.equal((await put(newPath("grants"), {})).status, 401);
});
