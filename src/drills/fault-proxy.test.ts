import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { FaultProxy } from "./fault-proxy.ts";

interface Behind {
  readonly proxy: FaultProxy;
  readonly origin: string;
  /** Paths that the service was told of whole. */
  readonly told: string[];
}

/** A service that answers 201 with its path, and the proxy in front of it. */
async function start(t: TestContext): Promise<Behind> {
  const told: string[] = [];
  const service = createServer(async (req, res) => {
    try {
      for await (const _ of req);
    } catch {
      return;
    }
    told.push(req.url ?? "");
    res.writeHead(201, { "content-type": "application/json", "x-host": req.headers.host ?? "" });
    res.end(JSON.stringify({ id: req.url }));
  });
  service.listen(0, "127.0.0.1");
  await once(service, "listening");
  const proxy = new FaultProxy({
    kind: "service",
    origin: `http://127.0.0.1:${(service.address() as AddressInfo).port}`,
  });
  t.after(async () => {
    await proxy.close();
    service.closeAllConnections();
    service.close();
  });
  return { proxy, origin: await proxy.open(), told };
}

const bytes = randomBytes(200_000);

function upload(origin: string, id: string, more: RequestInit = {}): Promise<Response> {
  return fetch(`${origin}/${id}`, {
    method: "PUT",
    body: bytes,
    headers: { "Sluicegate-Upload": id },
    ...more,
  });
}

test("without a fault an upload passes whole, and is counted with what the service answered", async (t) => {
  const { proxy, origin, told } = await start(t);
  const answer = await upload(origin, "a");
  assert.equal(answer.status, 201);
  assert.deepEqual(await answer.json(), { id: "/a" });
  assert.notEqual(answer.headers.get("x-host"), new URL(origin).host, "the service is asked by its own name");
  const [one] = proxy.handOvers;
  assert.equal(one?.uploadId, "a");
  assert.equal(one.attempt, 1);
  assert.equal(one.sha256, createHash("sha256").update(bytes).digest("hex"));
  assert.equal(one.bodyBytes, bytes.length);
  assert.equal(one.answer?.status, 201);
  assert.deepEqual(told, ["/a"]);
});

test("a further try is told from the first", async (t) => {
  const { proxy, origin } = await start(t);
  await upload(origin, "a", { headers: { "Sluicegate-Upload": "a", "Sluicegate-Attempt": "3" } });
  assert.equal(proxy.handOvers[0]?.attempt, 3);
});

test("refused connections are really refused, and the same port listens again when it is healed", async (t) => {
  const { proxy, origin, told } = await start(t);
  await proxy.fail({ kind: "refuse" });
  await assert.rejects(upload(origin, "a"), (error: Error) => {
    assert.equal((error.cause as NodeJS.ErrnoException).code, "ECONNREFUSED");
    return true;
  });
  await proxy.heal();
  assert.equal((await upload(origin, "b")).status, 201);
  assert.deepEqual(told, ["/b"]);
});

for (const kind of ["reset", "rubbish"] as const)
  test(`${kind}: the service takes the upload, and the client gets no answer`, async (t) => {
    const { proxy, origin, told } = await start(t);
    await proxy.fail({ kind });
    await assert.rejects(upload(origin, "a"));
    assert.deepEqual(told, ["/a"]);
    assert.equal(proxy.handOvers[0]?.answer?.status, 201);
  });

test("hang: the upload is read and passed on to nobody, and no answer comes", async (t) => {
  const { proxy, origin, told } = await start(t);
  await proxy.fail({ kind: "hang" });
  await assert.rejects(upload(origin, "a", { signal: AbortSignal.timeout(200) }));
  assert.deepEqual(told, []);
  assert.equal(proxy.handOvers[0]?.answer, null);
});

test("a status is answered in place of the service, which is not told", async (t) => {
  const { proxy, origin, told } = await start(t);
  await proxy.fail({ kind: "status", status: 500 });
  assert.equal((await upload(origin, "a")).status, 500);
  assert.deepEqual(told, []);
  assert.equal(proxy.handOvers[0]?.answer, null);
});

test("delay: the service is told at once, its answer comes later", async (t) => {
  const { proxy, origin, told } = await start(t);
  await proxy.fail({ kind: "delay", ms: 150 });
  const startedAt = performance.now();
  const coming = upload(origin, "a");
  while (told.length === 0) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(performance.now() - startedAt < 150 || told.length === 1);
  assert.equal((await coming).status, 201);
  assert.ok(performance.now() - startedAt >= 149);
});

test("throttle: a body takes as long as its rate says", async (t) => {
  const { proxy, origin, told } = await start(t);
  await proxy.fail({ kind: "throttle", bytesPerSecond: bytes.length * 5 });
  const startedAt = performance.now();
  assert.equal((await upload(origin, "a")).status, 201);
  assert.ok(performance.now() - startedAt >= 180);
  assert.deepEqual(told, ["/a"]);
});

test("what is no upload passes whatever the fault, but where nobody listens", async (t) => {
  const { proxy, origin } = await start(t);
  for (const fault of [{ kind: "reset" }, { kind: "hang" }, { kind: "status", status: 500 }] as const) {
    await proxy.fail(fault);
    assert.equal((await fetch(`${origin}/ask`)).status, 201, fault.kind);
  }
  assert.deepEqual(proxy.handOvers, []);
});

test("an upload that is broken off in its body is no whole one, and the service is told of none", async (t) => {
  const { proxy, origin, told } = await start(t);
  const breaking = new AbortController();
  const body = async function* (): AsyncIterable<Uint8Array> {
    yield bytes;
    while (proxy.handOvers[0]?.bodyBytes !== bytes.length)
      await new Promise((resolve) => setImmediate(resolve));
    breaking.abort();
    yield bytes;
  };
  const init = { body: body() as unknown as RequestInit["body"], duplex: "half", signal: breaking.signal };
  await assert.rejects(upload(origin, "a", init as RequestInit));
  assert.equal(proxy.handOvers[0]?.sha256, null);
  assert.equal((await upload(origin, "b")).status, 201);
  assert.deepEqual(told, ["/b"]);
});

test("a stand-in takes everything, and the service is told of nothing", async (t) => {
  const { proxy, origin, told } = await start(t);
  proxy.standIn(202);
  assert.equal((await upload(origin, "a")).status, 202);
  assert.equal(proxy.handOvers[0]?.bodyBytes, bytes.length);
  assert.deepEqual(told, []);
});

test("a service that is away breaks the connection off: no answer is made up", async (t) => {
  const proxy = new FaultProxy({ kind: "service", origin: "http://127.0.0.1:1" });
  t.after(() => proxy.close());
  const origin = await proxy.open();
  await assert.rejects(upload(origin, "a"));
  assert.equal(proxy.handOvers[0]?.answer, null);
});
