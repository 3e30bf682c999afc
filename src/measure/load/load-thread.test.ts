import assert from "node:assert/strict";
import type { IncomingMessage, ServerResponse } from "node:http";
import { test } from "node:test";
import type { MeasuredRequest } from "../measured-request.ts";
import type { LoadPlan, Segment } from "../measurement.ts";
import type { LoadRoute } from "./load-route.ts";
import { LoadThread, type LoadThreadInput } from "./load-thread.ts";
import { listening, samplePlan, sampleRoute } from "./sample-route.ts";

interface Arrived {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
  readonly number: number;
}

type Answering = (arrived: Arrived, response: ServerResponse) => void;

interface Loaded {
  readonly segment: Segment;
  readonly measured: readonly MeasuredRequest[];
  readonly arrived: readonly Arrived[];
  readonly stored: readonly string[];
  readonly unnamed: number;
}

interface Wish {
  readonly route?: Partial<LoadRoute>;
  readonly plan?: Partial<LoadPlan>;
  readonly input?: Partial<LoadThreadInput>;
  readonly signal?: AbortSignal;
}

/** Loads a server that answers as it is told. */
async function load(answer: Answering, wish: Wish = {}): Promise<Loaded> {
  const arrived: Arrived[] = [];
  const { origin, server } = await listening((request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      const one = {
        path: request.url ?? "",
        headers: request.headers,
        body: Buffer.concat(pieces),
        number: arrived.length,
      };
      arrived.push(one);
      answer(one, response);
    });
  });
  const stored: string[] = [];
  let unnamed = 0;
  const thread = new LoadThread({
    route: sampleRoute(wish.route),
    credential: async () => ["Authorization: Bearer very-secret-token"],
    isOneTime: false,
    secrets: () => ["very-secret-token"],
    onStored: (_, ids, more) => {
      stored.push(...ids);
      unnamed += more;
    },
    ...wish.input,
  });
  try {
    const segment = await thread.run({
      arm: "measure",
      pair: 0,
      origin,
      plan: samplePlan(wish.plan),
      signal: wish.signal ?? new AbortController().signal,
    });
    return {
      segment,
      measured: segment.requests.filter(({ index }) => index >= 0),
      arrived,
      stored,
      unnamed,
    };
  } finally {
    await thread.close();
    server.closeAllConnections();
    server.close();
  }
}

const created: Answering = ({ number }, response) => {
  response
    .writeHead(201, {
      "Content-Type": "application/json",
      "Server-Timing": 'recv;dur=0.5, app;dur=2.5, db;dur=1;desc="3 calls"',
      "Cache-Status": '"a, b"; fwd=miss',
      "X-Request-Id": `request-${number}`,
    })
    .end(JSON.stringify({ id: number }));
};

const count = (requests: readonly MeasuredRequest[], outcome: MeasuredRequest["outcome"]): number =>
  requests.filter((each) => each.outcome === outcome).length;

test("every payload is new, but for those that are sent twice, and each request has a key of its own", async () => {
  const { arrived, measured, segment, stored } = await load(created);
  assert.equal(segment.health.stopped, null);
  assert.equal(segment.health.completeShare, 1);
  assert.equal(measured.length, 44, "40 payloads, four of them twice");
  assert.equal(arrived.length, 48, "and four of the warm-up");
  assert.equal(new Set(arrived.map(({ body }) => body.toString("latin1"))).size, 44);
  assert.equal(new Set(arrived.map(({ headers }) => headers["idempotency-key"])).size, 48);
  const names = arrived.map(({ body }) => /filename="([^"]*)"/.exec(body.toString("latin1"))?.[1] ?? "");
  assert.ok(names.every((name) => name.startsWith("flowcheck-run-") && name.endsWith("-sea.png")));
  assert.equal(new Set(names).size, 44);
  assert.equal(measured.filter(({ repeat }) => repeat === 1).length, 4);
  assert.equal(stored.length, 48);
  assert.ok(arrived.every(({ headers }) => headers["x-tenant"] === "test"));
  assert.ok(arrived.every(({ headers }) => headers.authorization === "Bearer very-secret-token"));
});

test("times are in their order, and what the answer tells is kept", async () => {
  const { measured } = await load(created);
  for (const each of measured) {
    const { intendedMs, firstByteSentMs, lastByteSentMs, firstByteBackMs, endedMs } = each;
    const times = [intendedMs, firstByteSentMs ?? -1, lastByteSentMs ?? -1, firstByteBackMs ?? -1, endedMs];
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
      JSON.stringify(each),
    );
    assert.equal(each.outcome, "accepted");
    assert.deepEqual([each.recvMs, each.appMs, each.databaseMs, each.databaseCalls], [0.5, 2.5, 1, 3]);
    assert.deepEqual([each.cache, each.caches], ["miss", { "a, b": "miss" }]);
    assert.match(each.requestId ?? "", /^request-\d+$/);
    assert.equal(each.reason, null);
  }
  assert.deepEqual(
    measured.map(({ index }) => index),
    measured.map((_, place) => place),
  );
});

test("the schedule does not wait for answers, and a slow answer counts from the intended start", async () => {
  const { measured } = await load((arrived, response) => setTimeout(() => created(arrived, response), 300), {
    plan: { ratePerSecond: 50, requests: 30, warmUpRequests: 0, repeatShare: 0 },
  });
  assert.equal(count(measured, "accepted"), 30);
  assert.ok(measured.every(({ endedMs, intendedMs }) => endedMs - intendedMs >= 295));
  const [first, last] = [measured[0], measured.at(-1)];
  assert.ok(first !== undefined && last !== undefined);
  assert.ok((last.firstByteSentMs ?? 0) - first.intendedMs < 30 * 300, "sent side by side");
});

test("in the warm phase few payloads are primed, then come again and again with keys of their own", async () => {
  const { arrived, measured, segment } = await load(created, { plan: { phase: "warm", repeatShare: 0 } });
  assert.equal(new Set(arrived.map(({ body }) => body.toString("latin1"))).size, 4);
  assert.equal(new Set(arrived.map(({ headers }) => headers["idempotency-key"])).size, 44);
  assert.ok(measured.every(({ repeat, phase }) => repeat > 0 && phase === "warm"));
  const primed = segment.requests.filter(({ index }) => index < 0);
  assert.ok(primed.every(({ repeat }) => repeat === 0));
});

test("a raw body is the file, under a name of its own in the path", async () => {
  const route = { protocol: "raw", method: "PUT", path: "/raw/{name}" } as const;
  const { arrived } = await load(created, { route, plan: { repeatShare: 0 } });
  assert.equal(new Set(arrived.map(({ path }) => path)).size, 44);
  for (const { path, body, headers } of arrived) {
    assert.match(path, /^\/raw\/flowcheck-run-.*-sea\.png$/);
    assert.equal(body.subarray(1, 4).toString(), "PNG");
    assert.equal(headers["content-type"], "image/png");
    assert.equal(Number(headers["content-length"]), body.length);
  }
});

test("a 2xx that is not the promised answer is wrong, whatever its status", async () => {
  const { measured } = await load((arrived, response) => {
    if (arrived.number % 3 === 0) response.writeHead(200).end("{}");
    else created(arrived, response);
  });
  assert.ok(count(measured, "wrong") > 10);
  assert.equal(count(measured, "wrong") + count(measured, "accepted"), measured.length);
  assert.ok(measured.some(({ reason }) => reason === "the status is 200, expected 201"));
});

test("a digest that is not that of the file which was sent is wrong", async () => {
  const { measured } = await load(
    (_, response) => response.writeHead(201).end(JSON.stringify({ file: { sha256: "0".repeat(64) } })),
    { route: { digestPointer: "/file/sha256" }, plan: { requests: 20 } },
  );
  assert.equal(count(measured, "wrong"), measured.length);
  assert.match(measured[0]?.reason ?? "", /digest at \/file\/sha256/);
});

test("shares that are used up are promises kept where the flow has shares, else failures", async () => {
  const refuse: Answering = (_, response) =>
    response.writeHead(429).end('{"code":"PERMISSION_RATE_EXCEEDED"}');
  const plan = { requests: 20, repeatShare: 0 };
  const promised = await load(refuse, { route: { hasShares: true }, plan });
  assert.equal(count(promised.measured, "refused"), 20);
  const other = await load(refuse, { plan });
  assert.equal(count(other.measured, "failed"), 20);
  assert.equal(other.measured[0]?.reason, "the status is 429 (PERMISSION_RATE_EXCEEDED)");
});

test("a third of errors is measured, and does not end the load", async () => {
  const { measured, segment } = await load((arrived, response) => {
    if (arrived.number % 3 === 0) response.writeHead(500).end();
    else created(arrived, response);
  });
  assert.equal(segment.health.stopped, null);
  assert.equal(measured.length, 44);
  assert.ok(count(measured, "failed") >= 13);
});

test("a target that dies in the middle is left alone, and its last requests are failures", async () => {
  const sockets = new Set<ServerResponse["socket"]>();
  const { measured, segment, unnamed } = await load(
    (arrived, response) => {
      sockets.add(response.socket);
      if (arrived.number < 30) created(arrived, response);
      else for (const socket of sockets) socket?.destroy();
    },
    { plan: { requests: 500 } },
  );
  assert.match(segment.health.stopped ?? "", /of the last 30 uploads failed .*broken off without an answer/);
  assert.ok(segment.health.completeShare < 0.7);
  assert.ok(measured.length < 350, `${measured.length} were sent`);
  assert.ok(count(measured, "accepted") > 10 && count(measured, "failed") > 10);
  assert.ok(unnamed > 10, "they may be stored");
});

test("a target that hangs is left alone, and what had no answer in time is told so", async () => {
  const { measured, segment } = await load(
    (arrived, response) => {
      if (arrived.number < 30) created(arrived, response);
    },
    { plan: { requests: 500, ratePerSecond: 100, timeoutMs: 400 } },
  );
  assert.match(segment.health.stopped ?? "", /uploads failed \(no answer within 0\.4 s\)/);
  const late = measured.filter(({ reason }) => reason === "no answer within 0.4 s");
  assert.ok(late.length >= 18);
  assert.ok(
    late.every(({ status, endedMs, firstByteSentMs }) => {
      return status === null && endedMs - (firstByteSentMs ?? 0) >= 390;
    }),
  );
});

test("the bounds of bytes and of requests end the load, and say so", async () => {
  const bytes = await load(created, { plan: { sentBytesMax: 4000, warmUpRequests: 0 } });
  assert.match(bytes.segment.health.stopped ?? "", /the bound of 4000 bytes was reached/);
  assert.ok(bytes.arrived.reduce((sum, { body }) => sum + body.length, 0) <= 4000);
  const requests = await load(created, { plan: { requestsMax: 10 } });
  assert.match(requests.segment.health.stopped ?? "", /the bound of 10 requests was reached/);
  assert.equal(requests.arrived.length, 10);
});

test("an interruption ends the load, and what was under way is not held against the target", async () => {
  const interrupt = new AbortController();
  const { segment, measured } = await load(
    (arrived, response) => {
      if (arrived.number === 10) interrupt.abort();
      created(arrived, response);
    },
    { signal: interrupt.signal, plan: { ratePerSecond: 50, requests: 400 } },
  );
  assert.equal(segment.health.stopped, "it was interrupted");
  assert.ok(measured.length < 200);
  assert.equal(count(measured, "failed"), 0);
});

test("a credential that is good for one request is another for each", async () => {
  let made = 0;
  const { arrived } = await load(created, {
    plan: { requests: 20 },
    input: { isOneTime: true, credential: async () => [`Authorization: Bearer grant-${made++}`] },
  });
  assert.equal(new Set(arrived.map(({ headers }) => headers.authorization)).size, arrived.length);
});
