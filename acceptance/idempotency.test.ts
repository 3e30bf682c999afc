/**
 * Idempotency-Key over the wire, with a real service behind: a retry has one effect and gets the first answer. RT-01, RT-02 and RT-03 of the
 * checklist with their benign twins, and what a key may look like.
 */
import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { type OutgoingHttpHeaders, request } from "node:http";
import { after, before, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { type Answered, ask, problemCode } from "./ask.ts";
import { type GateUnderTest, restartGate, startGate } from "./gate-under-test.ts";
import { type ServiceUnderTest, startService } from "./service-under-test.ts";

const FLOWS = ["required", "optional", "derived", "receipt", "callers", "form"].map(
  (name) => `keyed-${name}`,
);
const DEADLINE_MS = 20_000;

let service: ServiceUnderTest;
let gate: GateUnderTest;
/** API keys of two principals. */
let ann: string;
let bob: string;
const stops: (() => Promise<void>)[] = [];

before(async () => {
  service = await startService();
  stops.push(() => service.stop());
  gate = await startGate({ upstream: service.origin, flows: FLOWS });
  stops.unshift(() => gate.stop());
  [ann, bob] = [await addApiKey("ann"), await addApiKey("bob")];
});

after(async () => {
  for (const stop of stops) await stop();
});

async function addApiKey(principal: string): Promise<string> {
  const { exitCode, out, err } = await gate.run("key", "add", `of ${principal}`, "--principal", principal);
  assert.equal(exitCode, 0, err);
  return out.trim();
}

interface Put {
  readonly path: string;
  readonly key?: string | readonly string[];
  readonly body?: Uint8Array | string;
  /** API key of who sends; default: Ann's where the flow asks for one. */
  readonly caller?: string;
}

const ASKS_CALLER = /^\/keyed\/(callers|derived)\//;

/** Each request has a connection of its own. */
function put({ path, key, body = "content", caller = ann }: Put): Promise<Answered> {
  const headers: OutgoingHttpHeaders = ASKS_CALLER.test(path) ? { "x-api-key": caller } : {};
  if (key !== undefined) headers["idempotency-key"] = typeof key === "string" ? key : [...key];
  return ask(gate.origin, { method: "PUT", path, body, headers });
}

/** A path that no other test uses. */
const newPath = (flow: string, query = ""): string => `/keyed/${flow}/${randomUUID()}${query}`;

/** Tokens of what the service did for this path, in order. */
async function effects(path: string): Promise<readonly string[]> {
  const received = await service.received();
  return received
    .filter((one) => one.path === path)
    .flatMap(({ fields }) => (fields ?? []).flatMap(([name, value]) => (name === "token" ? [value] : [])));
}

const tokenOf = ({ body }: Answered): string => (JSON.parse(body.toString()) as { token: string }).token;

/** Holds that the second answer is the first one again, and that the service did it once. */
async function assertReplayed(path: string, first: Answered, again: Answered): Promise<void> {
  assert.equal(first.status, 201, first.body.toString());
  assert.equal(again.status, 201, again.body.toString());
  assert.deepEqual(again.body, first.body);
  for (const name of ["location", "content-type", "content-length", "sluicegate-upload"])
    assert.equal(again.headers[name], first.headers[name], name);
  assert.equal(first.headers["idempotency-replayed"], undefined);
  assert.equal(again.headers["idempotency-replayed"], "true");
  assert.deepEqual(await effects(path), [tokenOf(first)]);
}

function assertProblem(answer: Answered, status: number, code: string): void {
  assert.equal(answer.status, status, answer.body.toString());
  assert.equal(problemCode(answer), code);
}

test("RT-01: the same key with the same body gets the same answer, and the service does it once", async () => {
  for (const flow of ["required", "optional", "derived", "receipt"]) {
    for (const body of ["content", randomBytes(700_000)]) {
      const [path, key] = [newPath(flow), randomUUID()];
      const first = await put({ path, key, body });
      const again = await put({ path, key, body });
      await assertReplayed(path, first, again);
      assert.notEqual(first.headers["set-cookie"], undefined);
      assert.equal(again.headers["set-cookie"], undefined, "a credential is given once");
      assert.notEqual(again.headers["x-request-id"], first.headers["x-request-id"]);
    }
  }
});

test("RT-01, benign twin: another key is another upload", async () => {
  const path = newPath("required");
  const answers = [await put({ path, key: "one" }), await put({ path, key: "two" })];
  assert.deepEqual(await effects(path), answers.map(tokenOf));
});

interface Form {
  readonly path: string;
  readonly headers: OutgoingHttpHeaders;
  readonly body: string;
}

function form(boundary: string, fileName: string, content: string): Form {
  const head = `--${boundary}\r\ncontent-disposition: form-data; name=`;
  const label = `${head}"label"\r\n\r\nhello\r\n`;
  const file = `${head}"object"; filename="${fileName}"\r\ncontent-type: application/octet-stream\r\n\r\n${content}\r\n`;
  const headers = { "content-type": `multipart/form-data; boundary=${boundary}` };
  return { path: `/keyed/form?${randomUUID()}`, headers, body: `${label}${file}--${boundary}--\r\n` };
}

function post(path: string, key: string, { headers, body }: Form): Promise<Answered> {
  return ask(gate.origin, { method: "POST", path, body, headers: { ...headers, "idempotency-key": key } });
}

test("RT-01: a form is the same with another boundary", async () => {
  const key = randomUUID();
  const first = form("first-boundary", "a.bin", "content");
  const again = form("second-boundary", "a.bin", "content");
  const answers = [await post(first.path, key, first), await post(first.path, key, again)] as const;
  await assertReplayed(first.path, ...answers);
});

test("RT-02: the same key with another body, name or query is refused, and the first upload stands", async () => {
  const key = randomUUID();
  const first = form("b", "a.bin", "content");
  const answer = await post(first.path, key, first);
  for (const [path, other] of [
    [first.path, form("b", "a.bin", "contenT")],
    [first.path, form("b", "b.bin", "content")],
    [`${first.path}&more`, first],
  ] as const) {
    assertProblem(await post(path, key, other), 422, "IDEMPOTENCY_KEY_REUSED");
    assert.deepEqual(await effects(`${first.path}&more`), []);
  }
  await assertReplayed(first.path, answer, await post(first.path, key, first));
});

test("RT-03: of ten identical requests at once one is done; the others are told to come again, and then get its answer", async () => {
  const [path, key] = [newPath("required", "?holds=1"), randomUUID()];
  const answers: Answered[] = [];
  const running = Array.from({ length: 10 }, async () => {
    answers.push(await put({ path, key }));
    // The nine have their answer while the first is still at the service.
    if (answers.length === 9) await letGo();
  });
  await Promise.all(running);
  const [first] = answers.splice(9);
  assert.ok(first);
  for (const other of answers) {
    assertProblem(other, 409, "IDEMPOTENCY_KEY_RUNNING");
    assert.equal(other.headers["retry-after"], "1");
  }
  for (const again of await Promise.all(answers.map(() => untilNotRunning({ path, key }))))
    await assertReplayed(path, first, again);
});

test("RT-03: the same without a pause at the service, by a sent key and by a derived one", async () => {
  for (const [flow, key] of [
    ["required", randomUUID()],
    ["receipt", randomUUID()],
    ["derived", null],
  ] as const) {
    const path = newPath(flow);
    const sent = { path, ...(key === null ? {} : { key }), body: randomBytes(70_000) };
    const answers = await Promise.all(Array.from({ length: 10 }, () => put(sent)));
    const done = answers.filter(({ status }) => status === 201);
    assert.ok(done.length > 0);
    assert.deepEqual(await effects(path), [...new Set(done.map(tokenOf))]);
    assert.equal(done.filter(({ headers }) => headers["idempotency-replayed"] === undefined).length, 1);
    for (const other of answers.filter((answer) => !done.includes(answer)))
      assertProblem(other, 409, "IDEMPOTENCY_KEY_RUNNING");
  }
});

async function letGo(): Promise<void> {
  await ask(service.origin, { method: "POST", path: "/keyed-next" });
}

/** Sends again for as long as the first upload is under way. */
async function untilNotRunning(sent: Put): Promise<Answered> {
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  for (;;) {
    const answer = await put(sent);
    if (answer.status !== 409 || problemCode(answer) !== "IDEMPOTENCY_KEY_RUNNING") return answer;
    deadline.throwIfAborted();
    await wait(20);
  }
}

test("a client that leaves before its answer gets it when it comes again", async () => {
  const [path, key] = [newPath("required", "?holds=1"), randomUUID()];
  const outgoing = request(`${gate.origin}${path}`, { method: "PUT", headers: { "idempotency-key": key } });
  outgoing.on("error", () => {}).end("content");
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  while ((await effects(path)).length === 0) deadline.throwIfAborted();
  outgoing.destroy();
  await letGo();
  const answer = await untilNotRunning({ path, key });
  assert.equal(answer.headers["idempotency-replayed"], "true");
  assert.deepEqual(await effects(path), [tokenOf(answer)]);
});

test("a key without quotes and the same in quotes are one key", async () => {
  const [path, key] = [newPath("required"), randomUUID()];
  const first = await put({ path, key });
  await assertReplayed(path, first, await put({ path, key: `"${key}"` }));
  const escaped = newPath("required");
  await assertReplayed(
    escaped,
    await put({ path: escaped, key: '"a\\"b"' }),
    await put({ path: escaped, key: '"a\\"b"' }),
  );
});

test("a missing, malformed, doubled or overlong key is a 400, and the service hears nothing; 255 characters are taken", async () => {
  const path = newPath("required");
  assertProblem(await put({ path }), 400, "IDEMPOTENCY_KEY_MISSING");
  for (const key of [
    "",
    '""',
    '"open',
    '"a"b',
    '"a";p=1',
    '"a", "b"',
    "a,b",
    "a b",
    "a;b",
    "'a'",
    '"a\\b"',
    "caf\u00e9",
    "k".repeat(256),
    `"${"k".repeat(256)}"`,
    ["a", "a"],
    ["a", "b"],
  ]) {
    assertProblem(await put({ path, key }), 400, "IDEMPOTENCY_KEY_INVALID");
  }
  assert.deepEqual(await effects(path), []);
  assert.equal((await put({ path, key: randomBytes(128).toString("hex").slice(1) })).status, 201);
});

test("without a key, optional makes a new upload each time, and derived knows the content again", async () => {
  const optional = newPath("optional");
  const answers = [await put({ path: optional }), await put({ path: optional })];
  assert.deepEqual(await effects(optional), answers.map(tokenOf));
  const derived = newPath("derived");
  const first = await put({ path: derived });
  await assertReplayed(derived, first, await put({ path: derived }));
  const other = await put({ path: derived, body: "other content" });
  assert.deepEqual(await effects(derived), [tokenOf(first), tokenOf(other)]);
});

test("a service that failed is asked again, and its success is what a retry gets", async () => {
  const [path, key] = [newPath("required", "?fails=2"), randomUUID()];
  for (let round = 0; round < 2; round += 1) {
    const failed = await put({ path, key });
    assert.deepEqual([failed.status, failed.body.toString()], [503, "not now"]);
  }
  const first = await put({ path, key });
  await assertReplayed(path, first, await put({ path, key }));
});

test("a refusal of the service is given again, and it is not asked again", async () => {
  const [path, key] = [newPath("required", "?status=409"), randomUUID()];
  const [first, again] = [await put({ path, key }), await put({ path, key })];
  assert.deepEqual([first.status, again.status], [409, 409]);
  assert.deepEqual(again.body, first.body);
  assert.deepEqual(await effects(path), [tokenOf(first)]);
});

test("an answer too large to keep reaches the client, and a retry is told that the upload is done", async () => {
  const [path, key] = [newPath("required", "?size=300000"), randomUUID()];
  const first = await put({ path, key });
  assert.equal(first.status, 201);
  assert.ok(first.body.length > 300_000);
  assertProblem(await put({ path, key }), 409, "IDEMPOTENCY_ANSWER_NOT_KEPT");
  assert.deepEqual(await effects(path), [tokenOf(first)]);
});

test("what the gate itself refuses leaves the key free", async () => {
  const [path, key] = [newPath("required"), randomUUID()];
  assert.equal((await put({ path, key, body: Buffer.alloc(1024 * 1024 + 1) })).status, 413);
  const first = await put({ path, key });
  await assertReplayed(path, first, await put({ path, key }));
});

test("two principals with one key do not meet", async () => {
  const [path, key] = [newPath("callers"), randomUUID()];
  const firsts: Answered[] = [];
  for (const caller of [ann, bob]) {
    const sent = { path, key, caller };
    const first = await put(sent);
    const again = await put(sent);
    assert.deepEqual([first.status, first.headers["idempotency-replayed"]], [201, undefined]);
    assert.deepEqual([again.body, again.headers["idempotency-replayed"]], [first.body, "true"]);
    firsts.push(first);
  }
  assert.deepEqual(await effects(path), firsts.map(tokenOf));
});

test("an answer is given again by the next process, also where this one is killed", async () => {
  const [path, key] = [newPath("required"), randomUUID()];
  const first = await put({ path, key });
  gate.signal("SIGKILL");
  await gate.ended();
  gate = await restartGate(gate, { upstream: service.origin, flows: FLOWS });
  await assertReplayed(path, first, await put({ path, key }));
});
