/**
 * The audit and the log after everything that can be decided of a request (PM-11, VO): one entry a decision, nothing secret anywhere, no text of
 * a client that breaks out of its place, and a chain that is whole until somebody lays hands on it.
 */
import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import type { OutgoingHttpHeaders } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type Answered, ask, problemCode } from "./ask.ts";
import { grant, SECRET_CALLERS, SECRETS, token } from "./caller-tokens.ts";
import { type GateOptions, type GateUnderTest, restartGate, startGate } from "./gate-under-test.ts";
import { writeFlows } from "./may-flows.ts";
import { type ServiceUnderTest, startService } from "./service-under-test.ts";

const MIB = 1024 * 1024;
/** Names that would end a line, a quotation, a terminal's good behaviour or a label, where somebody forgot to escape them. */
const HOSTILE = `o'"}\\{"a":1,=,<b>$(id)\`%0a%s{{x}}`;

interface Entry {
  readonly seq: number;
  readonly event: string;
  readonly flow: string | null;
  readonly uploadId: string | null;
  readonly principal: string | null;
  readonly rule: string | null;
  readonly policyVersion: string | null;
  readonly detail: Readonly<Record<string, unknown>>;
}

let service: ServiceUnderTest;
let options: GateOptions;
let gate: GateUnderTest;
/** Logs of gates that were killed. */
let earlierLog = "";
const stops: (() => Promise<void>)[] = [];
/** Everything that must be nowhere but in the request that it came with. */
const secrets = new Map<string, string>();

function secret(what: string, text = `${what}-${randomBytes(18).toString("base64url")}`): string {
  secrets.set(`${what} ${secrets.size}`, text);
  return text;
}

before(async () => {
  service = await startService();
  stops.push(() => service.stop());
  const flows = [
    { name: "anybody", permissions: "{ caller: public, rate: { requests: 3/h, per: address } }" },
    { name: "keyed", permissions: "{ caller: api-key }", more: "retry: { idempotency-key: required }" },
    { name: "keyed-receipt", permissions: "{ caller: api-key }", deliver: "receipt" },
    { name: "other", permissions: "{ caller: api-key }" },
    { name: "tokens", permissions: "{ caller: jwt }", types: "[image/png]" },
    { name: "grants", permissions: "{ caller: grant }" },
    { name: "asked", permissions: "{ caller: upstream, ask: /may-ask }" },
    { name: "watched", permissions: "{ caller: api-key }", mode: "observe" },
  ] as const;
  options = {
    upstream: service.origin,
    passThrough: true,
    flows: await writeFlows(flows),
    settings: `${SECRET_CALLERS}\ntrust-proxy: [127.0.0.1]`,
    env: SECRETS,
  };
  gate = await startGate(options);
  stops.unshift(() => gate.stop());
});

after(async () => {
  for (const stop of stops) await stop();
});

const newPath = (flow: string): string => `/may/${flow}/${randomUUID()}`;

function put(path: string, headers: OutgoingHttpHeaders, body: Uint8Array | string = "x"): Promise<Answered> {
  return ask(gate.origin, { method: "PUT", path, headers, body });
}

const bearer = (text: string): OutgoingHttpHeaders => ({ authorization: `Bearer ${text}` });

async function addKey(principal: string, ...more: readonly string[]): Promise<string> {
  const { exitCode, out, err } = await gate.run("key", "add", "key", "--principal", principal, ...more);
  assert.equal(exitCode, 0, err);
  return secret("api-key", out.trim());
}

async function entries(): Promise<readonly Entry[]> {
  const { exitCode, out, err } = await gate.run("audit", "list", "--json", "--limit", "10000");
  assert.equal(exitCode, 0, err);
  return JSON.parse(out) as Entry[];
}

const eventsOf = (all: readonly Entry[], id: unknown): string[] =>
  all
    .filter(({ uploadId }) => uploadId === id)
    .sort((a, b) => a.seq - b.seq)
    .map(({ event }) => event);

async function restarted(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
  gate.signal(signal);
  await gate.ended();
  earlierLog += gate.log();
  gate = await restartGate(gate, options);
}

const statusOf = (answer: Answered): string =>
  answer.status < 300 ? String(answer.status) : problemCode(answer);

test("each decision has its entry: who, what, by which rule under which policy, and each refusal its line", async () => {
  const key = await addKey("ann");
  const idempotencyKey = secret("idempotency-key");
  const marker = secret("bytes");
  const path = newPath("keyed");
  const keyed = { "x-api-key": key, "idempotency-key": idempotencyKey, cookie: `sid=${secret("cookie")}` };
  const accepted = await put(path, keyed, marker);
  const replayed = await put(path, keyed, marker);
  const reused = await put(path, keyed, "other");
  const large = await put(
    newPath("keyed-receipt"),
    { "x-api-key": key },
    Buffer.alloc(MIB, secret("large-bytes")),
  );
  const wrongType = await put(
    newPath("tokens"),
    bearer(secret("jwt", await token("ann"))),
    secret("refused-bytes"),
  );
  const granted = bearer(secret("grant", await grant("gus", "grants")));
  const first = await put(newPath("grants"), granted);
  const used = await put(newPath("grants"), granted);
  const watched = await put(newPath("watched"), { "x-api-key": key });
  const asked = await put(newPath("asked"), { cookie: "session=ask" });
  const answers = [accepted, replayed, reused, large, wrongType, first, used, watched, asked];
  assert.deepEqual(answers.map(statusOf), [
    ...[
      "201",
      "201",
      "IDEMPOTENCY_KEY_REUSED",
      "201",
      "FILE_TYPE_NOT_ALLOWED",
      "201",
      "GRANT_USED",
      "201",
      "201",
    ],
  ]);
  for (let one = 0; one < 5; one += 1)
    await put(newPath("keyed"), { "x-api-key": `${key.slice(0, -6)}AAAAAA` });
  for (let one = 0; one < 5; one += 1) await put(newPath("anybody"), { "x-forwarded-for": "203.0.113.9" });
  await restarted("SIGTERM");
  const all = await entries();
  const idOf = ({ headers, body }: Answered): unknown =>
    headers["sluicegate-upload"] ?? (JSON.parse(body.toString()) as { uploadId: string }).uploadId;
  for (const answer of [accepted, large, first, asked])
    assert.deepEqual(eventsOf(all, idOf(answer)), ["upload-accepted"]);
  for (const answer of [reused, wrongType, used])
    assert.deepEqual(eventsOf(all, idOf(answer)), ["upload-refused"]);
  assert.deepEqual(eventsOf(all, idOf(watched)), ["upload-observed"]);
  assert.ok(all.every(({ event, policyVersion }) => !event.startsWith("upload-") || policyVersion !== null));
  const counted = (rule: string): number =>
    all
      .filter((one) => one.rule === rule && one.event === "requests-refused")
      .reduce((sum, { detail }) => sum + Number(detail.count), 0);
  assert.deepEqual([counted("CREDENTIALS_INVALID"), counted("RATE_EXCEEDED")], [5, 2]);
  const lines = logLines();
  const codes = lines.filter(({ msg, code }) => msg === "request" && code !== null);
  assert.equal(codes.filter(({ code }) => code === "CREDENTIALS_INVALID").length, 5);
  for (const line of codes) assert.ok(typeof line.flow === "string", JSON.stringify(line));
  const told = codes.filter(({ code }) => code === "IDEMPOTENCY_KEY_REUSED" || code === "GRANT_USED");
  assert.deepEqual(told.map(({ principal }) => principal).sort(), ["ann", "gus"]);
});

type Line = Readonly<Record<string, unknown>>;

/** Every line of the log is one JSON object. */
function logLines(): readonly Line[] {
  const lines = `${earlierLog}${gate.log()}`.split("\n").filter((line) => line.startsWith("{"));
  return lines.map((line) => JSON.parse(line) as Line);
}

test("names and paths that are chosen to break a line or an entry stay what they are: one text", async () => {
  const before = (await entries()).length;
  const jwt = await token(HOSTILE);
  for (const name of [HOSTILE, "a\u00e9\u{1f600}", "=cmd|' /C calc'!A0"]) {
    const answer = await put(newPath("tokens"), {
      ...bearer(secret("jwt", await token(name))),
      "content-disposition": `attachment; filename*=utf-8''${encodeURIComponent(`${HOSTILE}\r\n\u001b[31mred`)}`,
      "x-request-id": `${HOSTILE}`.replaceAll(" ", ""),
      "user-agent": `${HOSTILE}`,
    });
    assert.ok([400, 415].includes(answer.status), answer.body.toString());
  }
  // Controls and format characters make no name at all.
  for (const name of ["a\nb", "a\u0000b", "a\u202eb", "a\u2028b", " a", "x".repeat(201), ""])
    assert.equal((await put(newPath("tokens"), bearer(await token(name)))).status, 401, JSON.stringify(name));
  for (const path of ["/may/tokens/%0A%0D", "/may/tokens/%1b%5b31m", "/may/tokens/%u000a"])
    assert.equal((await put(path, bearer(jwt))).status, 400, path);
  const all = await entries();
  const added = all.filter(({ seq }) => seq > before);
  assert.ok(added.some(({ principal }) => principal === HOSTILE));
  const text = await gate.run("audit", "list", "--limit", "50");
  assert.equal(text.exitCode, 0);
  assert.doesNotMatch(`${text.out}${(await gate.run("uploads")).out}`, /[^\P{Cc}\n]/u);
  logLines();
});

test("nothing secret is in the log, the audit, the records, the quarantine or the metrics", async () => {
  const key = await addKey("zoe");
  const headers = { "x-api-key": key, cookie: `sid=${secret("cookie")}`, "x-forwarded-for": "198.51.100.77" };
  const query = `?access_token=${secret("query")}`;
  // Refused in each way that has its own code; each brings what it must not leave anywhere.
  const idempotencyKeys = Array.from({ length: 4 }, () => secret("idempotency-key"));
  await put(newPath("keyed") + query, { ...headers, "idempotency-key": idempotencyKeys[0] }, secret("bytes"));
  await put(newPath("keyed"), { ...headers, "idempotency-key": `${idempotencyKeys[1]},x` }, secret("bytes"));
  await put(
    newPath("keyed"),
    { ...headers, "idempotency-key": [idempotencyKeys[2] ?? "", "b"] },
    secret("bytes"),
  );
  await put(newPath("keyed"), { ...headers, ...bearer(key) }, secret("bytes"));
  await put(newPath("other"), bearer(secret("unknown-key", `sgk_${"0".repeat(12)}_${"Zq".repeat(21)}A`)));
  await put(newPath("other"), {
    authorization: `Basic ${secret("basic", Buffer.from("u:pass-word-of-u").toString("base64"))}`,
  });
  await put(newPath("tokens"), bearer(secret("jwt", await token("x", undefined, { exp: 1 }))));
  await put(newPath("grants"), bearer(secret("grant", await grant("x", "tokens"))));
  await put(newPath("asked"), {
    cookie: `session=vic.${secret("session")}`,
    authorization: secret("scheme"),
  });
  await put(
    newPath("watched") + query,
    { ...headers, "idempotency-key": idempotencyKeys[3] },
    secret("bytes"),
  );
  await ask(gate.origin, { path: `/.sluicegate/files/${"0".repeat(26)}?token=${secret("link")}` });
  await ask(gate.origin, { path: `/any/x?token=${secret("passed")}`, headers });
  const { hostname, port } = new URL(gate.origin);
  const socket = connect(Number(port), hostname);
  socket.end(
    `GET http://user:${secret("userinfo")}@h/may/x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`,
  );
  for await (const _ of socket);
  const metrics = await (await fetch(`${gate.operatorOrigin}/metrics`)).text();
  const audit = JSON.stringify(await entries());
  await restarted("SIGTERM");
  const places: [string, string][] = [
    ["the log", earlierLog + gate.log()],
    ["the metrics", metrics],
    ["the audit", audit],
  ];
  for (const name of await readdir(join(gate.folder, "data"), { recursive: true })) {
    // Where released files are for the service to fetch.
    if (name.startsWith("store/")) continue;
    const content = await readFile(join(gate.folder, "data", name)).catch(() => Buffer.alloc(0));
    places.push([`data/${name}`, content.toString("latin1")]);
  }
  const found = places.flatMap(([place, text]) =>
    [...secrets].filter(([, value]) => text.includes(value)).map(([what]) => `${what} in ${place}`),
  );
  assert.deepEqual(found, []);
});

test("metrics have few labels, and none that a client can choose", async () => {
  const text = await (await fetch(`${gate.operatorOrigin}/metrics`)).text();
  const labels = [...text.matchAll(/^sluicegate_\w+\{([^}]*)\}/gm)].flatMap(([, each = ""]) =>
    [...each.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name ?? "", value ?? ""] as const),
  );
  const names = new Set(labels.map(([name]) => name));
  assert.deepEqual(
    [...names].filter((name) => !/^(flow|mode|outcome|status|state|code|upstream|how|result|le)$/.test(name)),
    [],
  );
  for (const [name, value] of labels) assert.match(value, /^[A-Za-z0-9_.+-]{1,40}$/, name);
});

test("the state of an upload is told to its sender only: no other principal, no key of another flow, no revoked one", async () => {
  const key = await addKey("sam");
  const { headers } = await put(newPath("other"), { "x-api-key": key });
  const stateFor = async (show: OutgoingHttpHeaders): Promise<number> =>
    (await ask(gate.origin, { path: `/.sluicegate/uploads/${headers["sluicegate-upload"]}`, headers: show }))
      .status;
  assert.equal(await stateFor({ "x-api-key": key }), 200);
  assert.equal(await stateFor({ "x-api-key": await addKey("sam") }), 200);
  assert.equal(await stateFor({ "x-api-key": await addKey("sam", "--flow", "keyed") }), 404);
  assert.equal(await stateFor({ "x-api-key": await addKey("tom") }), 404);
  assert.equal(await stateFor(bearer(await token("sam"))), 404);
  assert.equal(await stateFor(bearer(await grant("sam", "other"))), 404);
  assert.equal((await gate.run("key", "revoke", key.split("_")[1] ?? "")).exitCode, 0);
  assert.equal(await stateFor({ "x-api-key": key }), 404);
});

test("the chain is whole after a kill in the midst of uploads, and broken when one byte of it is changed", async () => {
  const key = await addKey("kim");
  const sending = Array.from({ length: 60 }, () =>
    put(newPath("other"), { "x-api-key": key }, randomBytes(2000)).catch(() => null),
  );
  await Promise.race(sending);
  await restarted("SIGKILL");
  const acknowledged = (await Promise.all(sending)).filter((answer) => answer?.status === 201);
  const whole = await gate.run("audit", "verify");
  assert.equal(whole.exitCode, 0, whole.out + whole.err);
  assert.match(whole.out, /entries, whole; head \d+:[0-9a-f]{64}/);
  const all = await entries();
  for (const answer of acknowledged)
    assert.deepEqual(eventsOf(all, answer?.headers["sluicegate-upload"]), ["upload-accepted"]);
  gate.signal("SIGTERM");
  await gate.ended();
  const path = join(gate.folder, "data/records.sqlite");
  const bytes = await readFile(path);
  const changed = Buffer.from(bytes);
  // The texts of a row lie one after the other: event, flow, policy version, upload, principal.
  const row = /(upload-acceptedother[0-9a-f]{16}[0-9a-hjkmnp-tv-z]{26})kim/.exec(bytes.toString("latin1"));
  assert.ok(row !== null, "an entry of the audit is in the file");
  changed.write("kin", row.index + (row[1]?.length ?? 0));
  await writeFile(path, changed);
  const broken = await gate.run("audit", "verify");
  assert.equal(broken.exitCode, 1, broken.out + broken.err);
  assert.match(broken.out, /^BROKEN at entry \d+\. Entry \d+ was changed/);
});
