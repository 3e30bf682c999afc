/**
 * What each end of an upload does to its shares (PM-10, RT-04): nothing is charged that was not passed on, nothing twice, and no place is lost.
 */
import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import type { OutgoingHttpHeaders } from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { pngOfSize } from "../src/checks/payloads/image-files.ts";
import { type Answered, ask, problemCode } from "./ask.ts";
import { answerOf, beginPut, underWay } from "./begun-upload.ts";
import { grant, SECRET_CALLERS, SECRETS, token } from "./caller-tokens.ts";
import { type GateOptions, type GateUnderTest, restartGate, startGate } from "./gate-under-test.ts";
import { flowText, type MayFlow, writeFlows } from "./may-flows.ts";
import { type ServiceUnderTest, startService } from "./service-under-test.ts";

const KIB = 1024;
const QUOTA = 1024 * KIB;
const SIZE = 400 * KIB;

const flows: Readonly<Record<string, MayFlow>> = {
  quota: {
    name: "quota",
    permissions: "{ caller: jwt, quota: { bytes: 1 MiB, every: 24h }, concurrent: 3 }",
    types: "[image/png]",
    more: "retry: { idempotency-key: optional }",
  },
  granted: {
    name: "granted",
    permissions: "{ caller: grant, quota: { bytes: 1 MiB, every: 24h } }",
    // Then it is the release alone that finds a grant used.
    more: "retry: { idempotency-key: optional }",
  },
  short: { name: "short", permissions: "{ caller: jwt, rate: 2/s }" },
  few: { name: "few", permissions: "{ caller: jwt, rate: 3/h }" },
  address: { name: "address", permissions: "{ caller: public, rate: 2/h }" },
};

let service: ServiceUnderTest;
let options: GateOptions;
let gate: GateUnderTest;
const stops: (() => Promise<void>)[] = [];

before(async () => {
  service = await startService();
  stops.push(() => service.stop());
  options = {
    upstream: service.origin,
    flows: await writeFlows(Object.values(flows)),
    settings: `${SECRET_CALLERS}\ntrust-proxy: [127.0.0.1]`,
    env: SECRETS,
  };
  gate = await startGate(options);
  stops.unshift(() => gate.stop());
});

after(async () => {
  for (const stop of stops) await stop();
});

/** Credentials of somebody who has sent nothing yet. */
const someone = async (name: string = randomUUID()): Promise<OutgoingHttpHeaders> => ({
  authorization: `Bearer ${await token(name)}`,
});

const urlOf = (flow: string, query = ""): string => `${gate.origin}/may/${flow}/${randomUUID()}${query}`;

async function put(
  flow: string,
  headers: OutgoingHttpHeaders,
  body: Uint8Array,
  query = "",
): Promise<Answered> {
  const { pathname, search } = new URL(urlOf(flow, query));
  return ask(gate.origin, { method: "PUT", path: pathname + search, headers, body });
}

/** What is left of the quota: told with the refusal of an empty body. */
async function leftOf(flow: string, who: OutgoingHttpHeaders): Promise<number> {
  const answer = await put(flow, { ...who, "content-length": 0 }, new Uint8Array());
  return leftBy(answer);
}

function leftBy({ headers }: Answered): number {
  const left = /"quota";r=(\d+)/.exec(String(headers.ratelimit))?.[1];
  assert.notEqual(left, undefined, `RateLimit: ${headers.ratelimit}`);
  return Number(left);
}

async function chunked(flow: string, headers: OutgoingHttpHeaders, body: Uint8Array): Promise<Answered> {
  const outgoing = beginPut(urlOf(flow), { ...headers, "transfer-encoding": "chunked" });
  outgoing.end(body);
  return answerOf(outgoing);
}

test("an answer tells exactly what is left, however the length was told and whatever became of the upload", async () => {
  const who = await someone();
  const png = pngOfSize(SIZE);
  const declared = await put("quota", who, png);
  assert.deepEqual([declared.status, leftBy(declared)], [201, QUOTA - SIZE]);
  const refused = await put("quota", who, randomBytes(SIZE));
  assert.deepEqual([refused.status, leftBy(refused)], [415, QUOTA - SIZE]);
  const unknownLength = await chunked("quota", who, pngOfSize(100 * KIB));
  assert.deepEqual([unknownLength.status, leftBy(unknownLength)], [201, QUOTA - SIZE - 100 * KIB]);
  const tooMuch = await put("quota", who, png.subarray(0, SIZE));
  assert.equal(tooMuch.status, 201);
  const over = await put("quota", who, png);
  assert.deepEqual(
    [over.status, problemCode(over), leftBy(over)],
    [429, "QUOTA_EXCEEDED", QUOTA - 2 * SIZE - 100 * KIB],
  );
});

test("RT-04: what was refused, broken off or not the same is not charged", async () => {
  const who = await someone();
  const key = { "idempotency-key": randomUUID() };
  assert.equal((await put("quota", { ...who, ...key }, pngOfSize(SIZE))).status, 201);
  const reused = await put("quota", { ...who, ...key }, pngOfSize(SIZE + 1));
  assert.deepEqual([reused.status, leftBy(reused)], [422, QUOTA - SIZE]);
  const outgoing = await underWay(urlOf("quota"), { ...who, "content-length": SIZE });
  outgoing.write(pngOfSize(SIZE).subarray(0, SIZE - 1));
  outgoing.destroy();
  const deadline = performance.now() + 10_000;
  while ((await leftOf("quota", who)) !== QUOTA - SIZE) {
    assert.ok(performance.now() < deadline);
    await wait(20);
  }
});

test("RT-04: whatever the service answers, an upload is charged once at the most", async () => {
  for (const status of [200, 400, 401, 409, 422, 429, 500, 503]) {
    const who = await someone();
    const answer = await put("quota", who, pngOfSize(SIZE), `?status=${status}`);
    assert.deepEqual([answer.status, leftBy(answer)], [status, QUOTA - SIZE]);
    assert.equal(await leftOf("quota", who), QUOTA - SIZE);
  }
});

test("RT-04: the same upload again is not charged, and gets its answer also where the quota is used up by it", async () => {
  for (const framing of ["declared", "chunked"]) {
    const who = { ...(await someone()), "idempotency-key": randomUUID() };
    const body = pngOfSize(QUOTA);
    const url = urlOf("quota");
    const send = async (bytes = body, key = who["idempotency-key"]): Promise<Answered> => {
      const length =
        framing === "declared" ? { "content-length": bytes.length } : { "transfer-encoding": "chunked" };
      const outgoing = beginPut(url, { ...who, ...length, "idempotency-key": key });
      outgoing.end(bytes);
      return answerOf(outgoing);
    };
    const first = await send();
    assert.deepEqual([first.status, leftBy(first)], [201, 0]);
    const again = await send();
    assert.equal(again.status, 201, `${framing}: ${again.body}`);
    assert.equal(again.headers["idempotency-replayed"], "true");
    assert.equal(again.headers["sluicegate-upload"], first.headers["sluicegate-upload"]);
    assert.equal(leftBy(again), 0);
    // Neither other content under the known key nor the same content under another one gets past the quota.
    assert.equal((await send(pngOfSize(QUOTA - 1))).status, 422);
    assert.deepEqual(problemCode(await send(body, randomUUID())), "QUOTA_EXCEEDED");
    assert.equal((await service.received()).filter(({ path }) => url.endsWith(path)).length, 1);
  }
});

test("RT-04: of ten uploads at once with one grant one is charged", async () => {
  const name = randomUUID();
  const headers = { authorization: `Bearer ${await grant(name, "granted")}`, "content-length": 90 * KIB };
  const uploads = await Promise.all(Array.from({ length: 10 }, () => underWay(urlOf("granted"), headers)));
  const answers = uploads.map((upload) => answerOf(upload));
  for (const upload of uploads) upload.end(randomBytes(90 * KIB));
  const statuses = (await Promise.all(answers)).map(({ status }) => status);
  assert.deepEqual(statuses.sort(), [201, ...Array.from({ length: 9 }, () => 403)]);
  const rest = await put(
    "granted",
    { authorization: `Bearer ${await grant(name, "granted")}` },
    randomBytes(QUOTA - 90 * KIB),
  );
  assert.deepEqual([rest.status, leftBy(rest)], [201, 0]);
});

test("of ten uploads at once three are under way, and each end makes room for one", async () => {
  const who = { ...(await someone()), "content-length": 10 * KIB };
  const begun = Array.from({ length: 10 }, () =>
    beginPut(urlOf("quota"), { ...who, expect: "100-continue" }),
  );
  const refused: Answered[] = [];
  const running: typeof begun = [];
  await Promise.all(
    begun.map(
      (upload) =>
        new Promise<void>((resolve) => {
          upload.once("continue", () => resolve(void running.push(upload)));
          answerOf(upload).then(
            (answer) => resolve(void refused.push(answer)),
            () => {},
          );
        }),
    ),
  );
  assert.deepEqual([running.length, refused.length], [3, 7]);
  for (const answer of refused) {
    assert.equal(problemCode(answer), "CONCURRENCY_EXCEEDED");
    assert.match(String(answer.headers.ratelimit), /"concurrent";r=0/);
  }
  const [destroyed, wrong, right] = running;
  destroyed?.destroy();
  wrong?.end(randomBytes(10 * KIB));
  right?.end(pngOfSize(10 * KIB));
  const deadline = performance.now() + 10_000;
  for (;;) {
    const next = await Promise.allSettled(
      [1, 2, 3].map(() => underWay(urlOf("quota"), { ...who, "content-length": 10 })),
    );
    for (const one of next) if (one.status === "fulfilled") one.value.destroy();
    if (next.every(({ status }) => status === "fulfilled")) break;
    assert.ok(performance.now() < deadline);
    await wait(50);
  }
});

test("a request counts for its rate also where its form or its bytes are refused", async () => {
  const who = await someone();
  for (const headers of [{ "content-encoding": "gzip" }, { "content-range": "bytes 0-1/2" }])
    assert.equal((await put("few", { ...who, ...headers }, randomBytes(2))).status >= 400, true);
  assert.equal((await put("few", who, randomBytes(2))).status, 201);
  const refused = await put("few", { ...who, "content-encoding": "gzip" }, randomBytes(2));
  assert.deepEqual([refused.status, problemCode(refused)], [429, "RATE_EXCEEDED"]);
});

test("Retry-After is true: who waits for it gets in, and who comes a moment before does not", async () => {
  const who = await someone();
  for (let one = 0; one < 2; one += 1) assert.equal((await put("short", who, randomBytes(10))).status, 201);
  const refused = await put("short", who, randomBytes(10));
  assert.deepEqual([refused.status, problemCode(refused)], [429, "RATE_EXCEEDED"]);
  assert.match(String(refused.headers.ratelimit), /^"rate";r=0;t=[12]$/);
  const seconds = Number(refused.headers["retry-after"]);
  assert.ok(seconds >= 1 && seconds <= 3, `Retry-After: ${seconds}`);
  await wait(seconds * 1000);
  assert.equal((await put("short", who, randomBytes(10))).status, 201);
});

test("shares of an address are those of the client behind a trusted proxy, whatever the client says of itself", async () => {
  const from = (forwarded: string): Promise<Answered> =>
    put("address", { "x-forwarded-for": forwarded }, randomBytes(10));
  assert.equal((await from("203.0.113.1")).status, 201);
  // What stands left of the address that the proxy saw was written by the client.
  assert.equal((await from("198.51.100.7, 203.0.113.1")).status, 201);
  for (const told of ["203.0.113.1", "192.0.2.9, 203.0.113.1", "203.0.113.1:4711", "::ffff:203.0.113.1"]) {
    const refused = await from(told);
    assert.deepEqual([refused.status, problemCode(refused)], [429, "RATE_EXCEEDED"], told);
    assert.match(String(refused.headers["ratelimit-policy"]), /^"rate";q=2;w=3600$/);
    assert.match(String(refused.headers.ratelimit), /^"rate";r=0;t=\d+$/);
  }
  assert.equal((await from("203.0.113.2")).status, 201);
  assert.equal((await from("2001:db8:1:2::1")).status, 201);
  assert.equal((await from("2001:db8:1:2:ffff::2")).status, 201);
  assert.equal((await from("2001:db8:1:2::3")).status, 429);
  for (const rubbish of ["unknown", "_hidden, 1.2.3", "203.0.113.300"]) await from(rubbish);
  assert.equal((await from("nonsense")).status, 429, "addresses that nobody can read have one share");
});

test("kill -9 gives back what was reserved and keeps what was taken", async () => {
  const name = randomUUID();
  const who = await someone(name);
  assert.equal((await put("quota", who, pngOfSize(SIZE))).status, 201);
  const running = await Promise.all(
    [1, 2].map(() => underWay(urlOf("quota"), { ...who, "content-length": 250 * KIB })),
  );
  for (const upload of running) upload.write(pngOfSize(250 * KIB).subarray(0, 200 * KIB));
  assert.equal(await leftOf("quota", who), QUOTA - SIZE - 500 * KIB);
  gate.signal("SIGKILL");
  await gate.ended();
  gate = await restartGate(gate, options);
  const again = await someone(name);
  assert.equal(await leftOf("quota", again), QUOTA - SIZE);
  assert.equal((await put("quota", again, pngOfSize(QUOTA - SIZE))).status, 201);
  assert.deepEqual(await gate.quarantined(), []);
});

test("a reload that changes shares holds for new uploads, and what was taken stays taken", async () => {
  const who = await someone();
  assert.equal((await put("quota", who, pngOfSize(SIZE))).status, 201);
  const running = await underWay(urlOf("quota"), { ...who, "content-length": 600 * KIB });
  const file = join(gate.folder, "flows/quota/flow.yaml");
  const { quota } = flows;
  assert.ok(quota !== undefined);
  const narrower = quota.permissions.replace("1 MiB", "500 KiB");
  await writeFile(file, flowText({ ...quota, permissions: narrower }));
  assert.equal((await gate.run("reload")).exitCode, 0);
  const refused = await put("quota", who, pngOfSize(101 * KIB));
  assert.deepEqual([refused.status, problemCode(refused)], [429, "QUOTA_EXCEEDED"]);
  running.end(pngOfSize(600 * KIB));
  assert.equal((await answerOf(running)).status, 201);
  await writeFile(file, flowText(quota));
  assert.equal((await gate.run("reload")).exitCode, 0);
  assert.equal(await leftOf("quota", who), QUOTA - SIZE - 600 * KIB);
});
