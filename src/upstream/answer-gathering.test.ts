import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { test } from "node:test";
import {
  bodyOf,
  call,
  codeOf,
  type Gate,
  type Handler,
  relayAll,
  reportOf,
  startCall,
  startGate,
  startRawService,
  startService,
} from "../../test/upstream/relay-gate.ts";
import { GateError } from "../problems/gate-error.ts";
import type { AnswerOptions, GatheredBody } from "./upstream.ts";

const BOUND = 1000;

/** What `beforeHead` heard, in order. */
interface Heard {
  readonly status: number;
  readonly gathered: GatheredBody | null;
}

function gathering(heard: Heard[], extra: AnswerOptions = {}): AnswerOptions {
  const beforeHead = async (status: number, gathered: GatheredBody | null): Promise<void> => {
    heard.push({ status, gathered });
  };
  return { gatherBytesMax: BOUND, beforeHead, ...extra };
}

const sendWith =
  (options: AnswerOptions): Handler =>
  (upstream, req, res) => {
    req.resume();
    return upstream.send(
      { method: "POST", target: req.url ?? "/", headers: [], body: null, bodyBytes: 0 },
      res,
      options,
    );
  };

async function sizedService(): Promise<string> {
  return startService((req, res) => {
    const size = Number(new URL(req.url ?? "", "http://h").searchParams.get("size"));
    res.statusCode = 201;
    res.setHeader("X-Own", "v");
    if (req.url?.includes("chunked")) res.flushHeaders();
    else res.setHeader("Content-Length", size);
    res.end(Buffer.alloc(size, "a"));
  });
}

test("beforeHead hears the whole body up to the bound, null beyond it, and the client gets all of it either way", async () => {
  const heard: Heard[] = [];
  const url = await sizedService();
  for (const handler of [sendWith(gathering(heard)), relayAll(gathering(heard))]) {
    const gate = await startGate(url, handler);
    for (const [path, size, expected] of [
      ["/length", 10, 10],
      ["/length", 0, 0],
      ["/length", 1000, 1000],
      ["/chunked", 1000, 1000],
      ["/length", 1001, null],
      ["/chunked", 1001, null],
      ["/length", 3_000_000, null],
      ["/chunked", 3_000_000, null],
    ] as const) {
      const answer = await call(gate.port, { method: "POST", path: `${path}?size=${size}` });
      assert.equal(answer.status, 201);
      assert.equal(answer.headers["x-own"], "v");
      assert.deepEqual(answer.body, Buffer.alloc(size, "a"), `${path} ${size}`);
      const { status, gathered } = heard.pop() ?? {};
      assert.equal(status, 201);
      assert.equal(gathered?.body?.length ?? null, expected, `${path} ${size}`);
      assert.equal(gathered?.headers[gathered.headers.indexOf("X-Own") + 1], "v");
      assert.deepEqual(heard, []);
    }
  }
});

test("without a bound beforeHead hears the status alone", async () => {
  const heard: Heard[] = [];
  const { beforeHead } = gathering(heard);
  assert.ok(beforeHead);
  const gate = await startGate(await sizedService(), sendWith({ beforeHead }));
  await call(gate.port, { path: "/length?size=5" });
  assert.deepEqual(heard, [{ status: 201, gathered: null }]);
});

test("an answer without a body is gathered as an empty one", async () => {
  const heard: Heard[] = [];
  const url = await startService((req, res) => void res.writeHead(Number(req.url?.slice(1))).end());
  const gate = await startGate(url, sendWith(gathering(heard)));
  for (const status of [204, 304]) {
    assert.equal((await call(gate.port, { path: `/${status}` })).status, status);
    assert.equal(heard.pop()?.gathered?.body?.length, 0);
  }
});

test("a body in pieces is waited for, and nothing goes to the client before beforeHead has ended", async () => {
  const recorded = Promise.withResolvers<void>();
  const bodies: string[] = [];
  const url = await startService(async (req, res) => {
    await bodyOf(req);
    for (const piece of ["one ", "two ", "three"]) {
      res.write(piece);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    res.end();
  });
  const beforeHead = async (_status: number, gathered: GatheredBody | null): Promise<void> => {
    bodies.push(String(gathered?.body));
    await recorded.promise;
  };
  const gate = await startGate(url, sendWith({ gatherBytesMax: BOUND, beforeHead }));
  let hasAnswer = false;
  const answer = call(gate.port, { method: "POST" }).finally(() => {
    hasAnswer = true;
  });
  while (bodies.length === 0) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(hasAnswer, false);
  recorded.resolve();
  assert.equal((await answer).body.toString(), "one two three");
  assert.deepEqual(bodies, ["one two three"]);
});

test("what beforeHead throws is told in place of a gathered answer", async () => {
  const beforeHead = async (): Promise<void> => {
    throw new GateError("RECORDS_UNAVAILABLE");
  };
  const gate = await startGate(await sizedService(), sendWith({ gatherBytesMax: BOUND, beforeHead }));
  for (const path of ["/length?size=5", "/chunked?size=5000000"]) {
    assert.equal((await call(gate.port, { path })).body.toString(), "RECORDS_UNAVAILABLE");
  }
});

test("an event stream is not waited for", async () => {
  const heard: Heard[] = [];
  const url = await startService((_req, res) => {
    res.writeHead(200, { "Content-Type": "text/event-stream; charset=utf-8" }).write("data: 1\n\n");
  });
  const gate = await startGate(url, sendWith(gathering(heard)), 60_000);
  const req = startCall({ port: gate.port }).end();
  const [res] = (await once(req, "response")) as [IncomingMessage];
  assert.equal(String((await once(res, "data"))[0]), "data: 1\n\n");
  assert.deepEqual([heard[0]?.status, heard[0]?.gathered?.body], [200, null]);
  req.destroy();
});

test("an answer that stalls is recorded by its status, goes on to the client, and is cut off when it stalls again", async () => {
  const heard: Heard[] = [];
  for (const endsAtLast of [true, false]) {
    const url = await startService((_req, res) => {
      res.writeHead(200, { "Content-Length": "8" }).write("half");
      if (endsAtLast) setTimeout(() => res.end("rest"), 400);
    });
    const gate = await startGate(url, sendWith(gathering(heard)), 250);
    const outcome = gate.nextOutcome();
    const answer = call(gate.port);
    if (endsAtLast) assert.equal((await answer).body.toString(), "halfrest");
    else await assert.rejects(answer, { code: "ECONNRESET" });
    assert.equal(reportOf(await outcome).status, 200);
    assert.equal(heard.pop()?.gathered?.body, null);
    assert.deepEqual(heard, []);
  }
});

/** A service whose answer breaks off after its head. */
const brokenService = (): Promise<string> =>
  startRawService((socket) => socket.end("HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\nhalf"));

test("an answer that breaks off is recorded by its status and told as invalid", async () => {
  const heard: Heard[] = [];
  const gate = await startGate(await brokenService(), sendWith(gathering(heard)));
  const answer = await call(gate.port);
  assert.equal(answer.status, 502);
  assert.equal(answer.body.toString(), "UPSTREAM_ANSWER_INVALID");
  assert.deepEqual([heard.length, heard[0]?.status, heard[0]?.gathered?.body], [1, 201, null]);
});

test("a signal while the answer is gathered has its status recorded, and then ends the exchange", async () => {
  const heard: Heard[] = [];
  const controller = new AbortController();
  const url = await startService((_req, res) => {
    res.writeHead(201, { "Content-Length": "8" }).write("half");
    setTimeout(() => controller.abort(), 50);
  });
  const gate = await startGate(url, sendWith(gathering(heard, { signal: controller.signal })));
  assert.equal((await call(gate.port)).body.toString(), "GATE_STOPPING");
  assert.deepEqual([heard.length, heard[0]?.status, heard[0]?.gathered?.body], [1, 201, null]);
});

/** Leaves as soon as the service has the request, and says when the gate has seen that. */
async function leaveEarly(gate: Gate, isAtService: Promise<void>): Promise<void> {
  const req = startCall({ port: gate.port, method: "POST" }).end();
  await isAtService;
  req.destroy();
}

test("a client that goes away has its answer gathered and recorded in a delivery", async () => {
  for (const [pieces, expected] of [
    [["one ", "two"], "one two"],
    [[`${"x".repeat(BOUND)}y`, "z"], null],
  ] as const) {
    const heard: Heard[] = [];
    const atService = Promise.withResolvers<void>();
    const left = Promise.withResolvers<void>();
    const url = await startService((_req, res) => {
      atService.resolve();
      res.writeHead(201).write(pieces[0]);
      void left.promise.then(() => res.end(pieces[1]));
    });
    const gate = await startGate(url, (upstream, req, res) => {
      res.once("close", left.resolve);
      return sendWith(gathering(heard))(upstream, req, res);
    });
    const outcome = gate.nextOutcome();
    await leaveEarly(gate, atService.promise);
    assert.equal(reportOf(await outcome).status, 201);
    assert.equal(heard[0]?.gathered?.body?.toString() ?? null, expected);
    assert.equal(heard.length, 1);
  }
});

test("a client that goes away from a relay ends it, and a status that was there is recorded", async () => {
  const heard: Heard[] = [];
  const atService = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  const url = await startService((req, res) => {
    res.writeHead(201, { "Content-Length": "8" }).write("half", () => setTimeout(atService.resolve, 20));
    req.socket.once("close", closed.resolve);
  });
  const gate = await startGate(url, relayAll(gathering(heard)));
  const outcome = gate.nextOutcome();
  await leaveEarly(gate, atService.promise);
  assert.equal(codeOf(await outcome), "REQUEST_ABORTED");
  await closed.promise;
  assert.deepEqual([heard.length, heard[0]?.status, heard[0]?.gathered?.body], [1, 201, null]);
});
