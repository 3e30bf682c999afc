/**
 * Each kind of caller through the whole gate, with a real service behind (PM-01 to PM-09): who may gets in and the service hears who it is; who may
 * not is told so before a byte of the body; and there is no way around.
 */
import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import type { OutgoingHttpHeaders } from "node:http";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { type Answered, ask, problemCode } from "./ask.ts";
import { answerOf, beginPut, underWay } from "./begun-upload.ts";
import { bySecret, grant, SECRET_CALLERS, SECRETS, token } from "./caller-tokens.ts";
import { type GateUnderTest, startGate } from "./gate-under-test.ts";
import { type MayFlow, writeFlows } from "./may-flows.ts";
import { leftInQuarantine } from "./quarantine-emptied.ts";
import { type ArrivedRequest, type ServiceUnderTest, startService } from "./service-under-test.ts";

const MIB = 1024 * 1024;

/** What each kind of caller is written as. */
const CALLERS = {
  public: "{ caller: public }",
  "api-key": "{ caller: api-key, require: { scope: [a, b] } }",
  jwt: "{ caller: jwt, require: { tenant: [berlin] } }",
  grant: "{ caller: grant }",
  upstream: "{ caller: upstream, ask: /may-ask }",
} as const;
type Kind = keyof typeof CALLERS;
const KINDS = Object.keys(CALLERS) as Kind[];
const DELIVERIES = ["forward", "receipt"] as const;

const flows: MayFlow[] = KINDS.flatMap((kind) =>
  DELIVERIES.map((deliver) => ({ name: `${kind}-${deliver}`, permissions: CALLERS[kind], deliver })),
);

flows.push({
  name: "pages",
  permissions: "{ caller: public, origins: [https://app.example.com] }",
  more: "retry: { idempotency-key: optional }",
});

let service: ServiceUnderTest;
let gate: GateUnderTest;
const stops: (() => Promise<void>)[] = [];

before(async () => {
  service = await startService();
  stops.push(() => service.stop());
  gate = await startGate({
    upstream: service.origin,
    passThrough: true,
    flows: await writeFlows(flows),
    settings: SECRET_CALLERS,
    env: SECRETS,
  });
  stops.unshift(() => gate.stop());
});

after(async () => {
  for (const stop of stops) await stop();
});

async function addKey(principal: string, ...options: readonly string[]): Promise<string> {
  const { exitCode, out, err } = await gate.run("key", "add", "a key", "--principal", principal, ...options);
  assert.equal(exitCode, 0, err);
  return out.trim();
}

/** Headers of somebody who may send to this flow. */
async function good(kind: Kind, flow: string, principal: string): Promise<OutgoingHttpHeaders> {
  if (kind === "public") return {};
  if (kind === "upstream") return { cookie: `session=${principal}` };
  if (kind === "api-key") return { "x-api-key": await addKey(principal, "--scope", "a", "--scope", "b") };
  const text =
    kind === "jwt"
      ? await token(principal, undefined, { tenant: ["berlin", "bonn"] })
      : await grant(principal, flow);
  return { authorization: `Bearer ${text}` };
}

const put = (
  path: string,
  headers: OutgoingHttpHeaders,
  body: Uint8Array = randomBytes(100),
): Promise<Answered> => ask(gate.origin, { method: "PUT", path, headers, body });

async function receivedAt(path: string): Promise<readonly ArrivedRequest[]> {
  return (await service.received()).filter((one) => one.path.split("?", 1)[0] === path);
}

const valuesOf = ({ headers }: ArrivedRequest, name: string): string[] =>
  headers.filter(([each]) => each.toLowerCase() === name).map(([, value]) => value);

/** What no client may say to a service, in the spellings that services read as the same. */
const FORGED: OutgoingHttpHeaders = {
  "Sluicegate-Principal": "root",
  sluicegate_principal: "root",
  "SLUICEGATE-UPLOAD": "root",
  "Sluicegate-Question": "root",
  "X-HTTP-Method-Override": "root",
  X_Forwarded_For: "root",
  "X-Forwarded-User": "root",
  Connection: "close, sluicegate-principal, x-request-id",
};

function assertUnforged(received: ArrivedRequest): void {
  assert.ok(!JSON.stringify(received.headers).includes("root"), JSON.stringify(received.headers));
}

for (const kind of KINDS) {
  for (const deliver of DELIVERIES) {
    test(`PM-01 ${kind}, ${deliver}: who may gets in; the service hears who it is, and nothing that was forged or is the gate's own`, async () => {
      const flow = `${kind}-${deliver}`;
      const path = `/may/${flow}/${randomUUID()}`;
      const principal = kind === "public" ? "public" : `${kind}-sender`;
      const headers = await good(kind, flow, principal);
      const answer = await put(path, { ...headers, ...FORGED });
      assert.equal(answer.status, 201, answer.body.toString());
      const [received, ...more] = await receivedAt(path);
      assert.ok(received !== undefined && more.length === 0);
      assert.deepEqual(valuesOf(received, "sluicegate-principal"), [principal]);
      assertUnforged(received);
      const secret = String(headers["x-api-key"] ?? headers.authorization ?? "").replace("Bearer ", "");
      if (kind === "api-key" || kind === "grant")
        assert.ok(!JSON.stringify(received).includes(secret), "the service got the gate's own credential");
      if (kind === "jwt") assert.deepEqual(valuesOf(received, "authorization"), [headers.authorization]);
    });
  }
}

test("PM-05: the question to the service can be told from every request of a client", async () => {
  const path = `/may/upstream-forward/${randomUUID()}?who=%72oot-no&_method=GET`;
  const before = (await receivedAt("/may-ask")).length;
  assert.equal((await put(path, { cookie: "session=ask", ...FORGED })).status, 201);
  const questions = (await receivedAt("/may-ask")).slice(before);
  assert.deepEqual(
    questions.map((one) => valuesOf(one, "sluicegate-question")),
    [["upload"], ["release"]],
  );
  for (const question of questions) {
    assert.equal(question.method, "GET");
    assert.deepEqual(valuesOf(question, "sluicegate-path"), [path.split("?", 1)[0]]);
    assert.deepEqual(valuesOf(question, "sluicegate-query"), ["who=%72oot-no"]);
    assert.ok(!JSON.stringify(question.headers).includes('"root"'));
  }
});

/** Requests that a flow refuses, with the status and the code. */
async function bad(kind: Kind, flow: string): Promise<readonly [OutgoingHttpHeaders, number, string][]> {
  const invalid = [401, "CREDENTIALS_INVALID"] as const;
  const bearer = (text: string): OutgoingHttpHeaders => ({ authorization: `Bearer ${text}` });
  const none: [OutgoingHttpHeaders, number, string] = [{}, 401, "CREDENTIALS_MISSING"];
  if (kind === "public") return [];
  if (kind === "upstream") {
    await say("gone", 403);
    return [none, [{ cookie: "session=gone" }, 403, "PERMISSION_DENIED"]];
  }
  if (kind === "api-key") {
    const key = await addKey("x", "--scope", "a", "--scope", "b");
    const elsewhere = await addKey("x", "--scope", "a", "--scope", "b", "--flow", "jwt-forward");
    return [
      none,
      [{ "x-api-key": `${key.slice(0, -1)}${key.endsWith("A") ? "B" : "A"}` }, ...invalid],
      [{ "x-api-key": await addKey("x", "--scope", "a") }, 403, "PERMISSION_DENIED"],
      [{ "x-api-key": elsewhere }, 403, "PERMISSION_DENIED"],
      [{ "x-api-key": key, ...bearer(key) }, 400, "CREDENTIALS_AMBIGUOUS"],
      [{ authorization: `Basic ${Buffer.from(`${key}:`).toString("base64")}` }, 401, "CREDENTIALS_MISSING"],
      [{ cookie: `x-api-key=${key}` }, 401, "CREDENTIALS_MISSING"],
    ];
  }
  const berlin = { tenant: "berlin" };
  const jwtOf = token("x", undefined, berlin);
  const granted = await grant("x", flow);
  if (kind === "jwt")
    return [
      none,
      [bearer(granted), ...invalid],
      [bearer(await token("x", bySecret("another secret that nobody knows of"), berlin)), ...invalid],
      [bearer(await token("x", undefined, { ...berlin, exp: 1 })), ...invalid],
      [bearer(await token("x", undefined, { tenant: "bonn" })), 403, "PERMISSION_DENIED"],
      [bearer(`${await jwtOf}.`), ...invalid],
    ];
  return [
    none,
    [bearer(await jwtOf), ...invalid],
    [bearer(await grant("x", "jwt-forward")), 403, "GRANT_MISMATCH"],
    [bearer(await grant("x", flow, { aud: "https://other.example.com" })), ...invalid],
    [bearer(await grant("x", flow, { max_size: 1 })), ...invalid],
    [bearer(await grant("x\u202eroot", flow)), ...invalid],
  ];
}

/** Headers and nothing of the body; the answer has to come all the same. */
async function askWithoutBody(path: string, headers: OutgoingHttpHeaders): Promise<Answered> {
  const outgoing = beginPut(`${gate.origin}${path}`, headers);
  outgoing.on("continue", () => assert.fail("the body was asked for"));
  const answer = await answerOf(outgoing);
  outgoing.destroy();
  return answer;
}

for (const kind of KINDS.filter((one) => one !== "public")) {
  test(`PM-02 ${kind}: who may not is told so before a byte of the body, with one challenge, and leaves nothing`, async () => {
    const flow = `${kind}-forward`;
    for (const [headers, status, code] of await bad(kind, flow)) {
      const path = `/may/${flow}/${randomUUID()}`;
      for (const framing of [
        { "content-length": 5 * MIB, expect: "100-continue" },
        { "transfer-encoding": "chunked" },
      ]) {
        const answer = await askWithoutBody(path, { ...headers, ...framing });
        const told = `${code} ${JSON.stringify(framing)} ${answer.body}`;
        assert.deepEqual([answer.status, problemCode(answer)], [status, code], told);
        const challenges = answer.headers["www-authenticate"];
        if (status === 401)
          assert.match(
            String(challenges),
            kind === "upstream" ? /^Session realm="service"$/ : /^Bearer realm="[^"]*"/,
          );
        assert.equal((String(challenges).match(/realm=/g) ?? []).length, challenges === undefined ? 0 : 1);
        assert.ok(
          !answer.body.toString().includes(String(headers["x-api-key"] ?? headers.authorization ?? "\0")),
        );
      }
      assert.deepEqual(await receivedAt(path), []);
    }
    assert.deepEqual(await leftInQuarantine(gate), []);
  });
}

test("PM-09: there is no way around a flow by another method, a near miss of its path, an override or an upgrade", async () => {
  const name = randomUUID();
  const path = `/may/api-key-forward/${name}`;
  const body = randomBytes(100);
  const methods = ["POST", "PATCH", "GET", "HEAD", "OPTIONS", "DELETE", "PROPFIND"];
  const asked = [
    ...methods.map((method) => ({ method, path, headers: {} })),
    ...["PUT", "POST"].flatMap((method) =>
      [
        `/May/api-key-forward/${name}`,
        `/may//api-key-forward/${name}`,
        `/may/api-key-forward/${name}/`,
        `/may/api-key-forward;v=1/${name}`,
        `/may/api-key-forward./${name}`,
        `/may/x/../api-key-forward/${name}`,
        `/may/api-key-forward%2f${name}`,
        `/may/api%2dkey-forward/${name}`,
      ].map((each) => ({ method, path: each, headers: {} })),
    ),
    { method: "POST", path, headers: { "x-http-method-override": "PUT" } },
    { method: "POST", path: `${path}?_method=PUT`, headers: {} },
    { method: "POST", path: `${path}?%5Fmethod=PUT`, headers: {} },
  ];
  for (const { method, path: target, headers } of asked) {
    const { status } = await ask(gate.origin, { method, path: target, headers, body });
    assert.ok(status >= 400 && status < 500, `${method} ${target}: ${status}`);
  }
  for (const upgrade of ["websocket", "h2c", "HTTP/2.0"])
    for (const method of ["PUT", "POST", "GET"])
      assert.match(await upgraded(method, path, upgrade), /^HTTP\/1\.1 4\d\d /, `${method} ${upgrade}`);
  const reached = (await service.received()).filter(
    (one) => one.path.toLowerCase().includes(name) && one.method !== "OPTIONS",
  );
  assert.deepEqual(
    reached.filter(({ fields, method }) => (fields ?? []).length > 0 || method !== "GET"),
    [],
  );
});

/** First line of the answer to a request with a body that asks for another protocol. */
async function upgraded(method: string, path: string, upgrade: string): Promise<string> {
  const { hostname, port } = new URL(gate.origin);
  const socket = connect(Number(port), hostname);
  socket.write(
    `${method} ${path} HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: ${upgrade}\r\nContent-Length: 5\r\n\r\nhello`,
  );
  const [bytes] = (await once(socket, "data")) as [Buffer];
  socket.destroy();
  return bytes.toString("latin1");
}

test("PM-09, benign twin: what is no upload passes, without what a client may not say", async () => {
  const path = `/any/may/${randomUUID()}`;
  for (const method of ["GET", "POST", "DELETE"]) {
    const { status } = await ask(gate.origin, {
      method,
      path,
      headers: FORGED,
      ...(method === "POST" ? { body: randomBytes(10) } : {}),
    });
    assert.equal(status, 200, method);
  }
  const received = await receivedAt(path);
  assert.equal(received.length, 3);
  for (const one of received) {
    assertUnforged(one);
    assert.deepEqual(valuesOf(one, "sluicegate-principal"), []);
  }
});

test("pages of other origins may read an answer only where the flow says so, also one that is given again", async () => {
  const app = "https://app.example.com";
  const headers = { "idempotency-key": randomUUID() };
  const path = `/may/pages/${randomUUID()}`;
  // The service says that every page may, and that its answer differs by language.
  for (const replayed of [undefined, "true"]) {
    const answer = await put(path, headers, Buffer.from("same"));
    assert.deepEqual([answer.status, answer.headers["idempotency-replayed"]], [201, replayed]);
    assert.equal(answer.headers["access-control-allow-origin"], undefined);
    assert.equal(answer.headers.vary, "Accept-Language, Origin");
    const read = await put(path, { ...headers, origin: app }, Buffer.from("same"));
    assert.equal(read.headers["access-control-allow-origin"], app);
    const evil = await put(path, { ...headers, origin: "https://evil.example" }, Buffer.from("same"));
    assert.deepEqual([evil.status, problemCode(evil)], [403, "CROSS_SITE_REFUSED"]);
    assert.equal(evil.headers["access-control-allow-origin"], undefined);
  }
});

test("PM-08: a key that is revoked while its upload runs takes the upload with it", async () => {
  const cases = DELIVERIES.flatMap((deliver) => [3 * MIB, 3000].map((size) => [deliver, size] as const));
  for (const [deliver, size] of cases) {
    const path = `/may/api-key-${deliver}/${randomUUID()}`;
    const key = await addKey("late", "--scope", "a", "--scope", "b");
    const body = randomBytes(size);
    const outgoing = await underWay(`${gate.origin}${path}`, {
      "x-api-key": key,
      "content-length": body.length,
    });
    outgoing.write(body.subarray(0, (2 * size) / 3));
    assert.equal((await gate.run("key", "revoke", key.split("_")[1] ?? "")).exitCode, 0);
    outgoing.end(body.subarray((2 * size) / 3));
    await assertRevoked(path, await answerOf(outgoing), "late");
  }
});

/** Lets the service answer the question otherwise from now on. */
async function say(session: string, status: number, says = ""): Promise<void> {
  const query = new URLSearchParams({ session, status: String(status), says });
  await (await fetch(`${service.origin}/may-end?${query}`, { method: "POST" })).arrayBuffer();
}

test("PM-08: only a yes as clear and as wide as the first lets a complete upload out", async () => {
  const yes = { principal: "fickle" };
  const cases: readonly (readonly [number, string, string])[] = [
    [403, "", "PERMISSION_REVOKED"],
    [401, "", "PERMISSION_REVOKED"],
    [404, "", "PERMISSION_REVOKED"],
    [200, JSON.stringify({ principal: "another" }), "PERMISSION_REVOKED"],
    [200, JSON.stringify({ ...yes, max_bytes: 3 * MIB - 1 }), "PERMISSION_REVOKED"],
    [200, "", "PERMISSION_UNAVAILABLE"],
    [200, JSON.stringify({ ...yes, max_byte: 1 }), "PERMISSION_UNAVAILABLE"],
    [200, `{"principal":"fickle","principal":"fickle"}`, "PERMISSION_UNAVAILABLE"],
    [302, JSON.stringify(yes), "PERMISSION_UNAVAILABLE"],
    [500, JSON.stringify(yes), "PERMISSION_UNAVAILABLE"],
    [201, JSON.stringify(yes), "taken"],
  ];
  for (const [at, [status, says, code]] of cases.entries()) {
    const path = `/may/upstream-forward/${randomUUID()}`;
    const body = randomBytes(3 * MIB);
    const headers = { cookie: `session=fickle.${at}`, "transfer-encoding": "chunked" };
    const outgoing = await underWay(`${gate.origin}${path}`, headers);
    outgoing.write(body.subarray(0, 2 * MIB));
    await say(`fickle.${at}`, status, says);
    outgoing.end(body.subarray(2 * MIB));
    const answer = await answerOf(outgoing);
    if (code === "PERMISSION_REVOKED") await assertRevoked(path, answer, "fickle");
    else assert.equal(answer.status === 201 ? "taken" : problemCode(answer), code, `${status} ${says}`);
    assert.equal((await receivedAt(path)).length, code === "taken" ? 1 : 0);
  }
  assert.deepEqual(await leftInQuarantine(gate), []);
});

test("PM-03: a credential counts in one spelling, in its header, and nowhere else", async () => {
  const key = await addKey("spelled", "--scope", "a", "--scope", "b");
  const send = async (headers: OutgoingHttpHeaders, query = "", body: string = "x"): Promise<number> =>
    (await put(`/may/api-key-forward/${randomUUID()}${query}`, headers, Buffer.from(body))).status;
  for (const authorization of [`bearer ${key}`, `BEARER  ${key}`])
    assert.equal(await send({ authorization }), 201);
  for (const authorization of [
    `Bearer ${key}, Bearer ${key}`,
    `Bearer ${key}=`,
    `Bearer\t${key}`,
    `Bearer "${key}"`,
    `Bearer ${key.toUpperCase()}`,
    `Bearer ${key} x`,
    key,
    `ApiKey ${key}`,
    `Bearer ${"a".repeat(9000)}`,
  ])
    assert.equal(await send({ authorization }), 401, authorization.slice(0, 100));
  assert.equal(await send({ "x-api-key": [key, key] }), 400);
  assert.equal(await send({ x_api_key: key }), 401);
  assert.equal(await send({}, `?api_key=${key}&access_token=${key}&x-api-key=${key}`), 401);
  assert.equal(await send({ cookie: `authorization=Bearer ${key}; x-api-key=${key}` }), 401);
  assert.equal(await send({ "proxy-authorization": `Bearer ${key}` }), 401);
  // Fields that come after the body come too late to say who sends.
  const path = `/may/api-key-forward/${randomUUID()}`;
  const { hostname, port } = new URL(gate.origin);
  const socket = connect(Number(port), hostname);
  socket.write(
    `PUT ${path} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTrailer: X-API-Key\r\n\r\n1\r\nx\r\n0\r\nX-API-Key: ${key}\r\n\r\n`,
  );
  const [bytes] = (await once(socket, "data")) as [Buffer];
  socket.destroy();
  assert.match(bytes.toString("latin1"), /^HTTP\/1\.1 401 /);
});

async function assertRevoked(path: string, answer: Answered, principal: string): Promise<void> {
  assert.deepEqual([answer.status, problemCode(answer)], [403, "PERMISSION_REVOKED"]);
  assert.deepEqual(await receivedAt(path), []);
  assert.deepEqual(await leftInQuarantine(gate), []);
  const { uploadId } = JSON.parse(answer.body.toString()) as { uploadId: string };
  const upload = (await gate.uploads()).find(({ id }) => id === uploadId);
  assert.deepEqual([upload?.state, upload?.refusal?.code], ["rejected", "PERMISSION_REVOKED"]);
  assert.ok(gate.log().includes(`"principal":"${principal}"`));
}

test("PM-04: of two uploads at once with one grant one is taken, and the grant is used from then on", async () => {
  for (const deliver of DELIVERIES) {
    const flow = `grant-${deliver}`;
    const headers = { authorization: `Bearer ${await grant("twin", flow)}` };
    const path = `/may/${flow}/${randomUUID()}`;
    const body = randomBytes(MIB);
    const uploads = await Promise.all(
      [1, 2, 3].map(() => underWay(`${gate.origin}${path}`, { ...headers, "content-length": body.length })),
    );
    const answers = uploads.map((upload) => answerOf(upload));
    for (const upload of uploads) upload.end(body);
    const codes = (await Promise.all(answers)).map((one) =>
      one.status === 201 ? "taken" : problemCode(one),
    );
    assert.deepEqual(codes.sort(), ["GRANT_USED", "GRANT_USED", "taken"]);
    const later = await put(path, headers);
    assert.deepEqual([later.status, problemCode(later)], [403, "GRANT_USED"]);
    assert.equal((await receivedAt(path)).length, 1);
  }
  assert.deepEqual(await leftInQuarantine(gate), []);
});
