import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import {
  bodyOf,
  call,
  codeOf,
  type Handler,
  openUpstreams,
  relayAll,
  reportOf,
  startCall,
  startGate,
  startService,
} from "../../test/upstream/relay-gate.ts";
import { GateError } from "../problems/gate-error.ts";
import { connectUpstream } from "./connect-upstream.ts";
import type { AnswerOptions, UpstreamRequest } from "./upstream.ts";

const sendAll =
  (made: UpstreamRequest, options: AnswerOptions = {}): Handler =>
  (upstream, req, res) => {
    req.resume();
    return upstream.send(made, res, options);
  };

test("a request written anew arrives as written, in one chunk or in many", async () => {
  const url = await startService(async (req, res) => {
    const body = await bodyOf(req);
    res.end(
      JSON.stringify([
        req.method,
        req.url,
        req.headers["content-length"],
        createHash("sha256").update(body).digest("hex"),
      ]),
    );
  });
  for (const sizes of [[1000], [65_536, 65_536, 1], [0], []]) {
    const chunks = sizes.map((size) => randomBytes(size));
    const whole = Buffer.concat(chunks);
    const body = (async function* () {
      yield* chunks;
    })();
    const gate = await startGate(
      url,
      sendAll({ method: "PUT", target: "/x?y", headers: ["Host", "h"], body, bodyBytes: whole.length }),
    );
    const answer = JSON.parse((await call(gate.port)).body.toString());
    assert.deepEqual(answer, [
      "PUT",
      "/x?y",
      String(whole.length),
      createHash("sha256").update(whole).digest("hex"),
    ]);
  }
});

test("a chunk is read from its source only when the one before has gone out", async () => {
  const hash = createHash("sha256");
  const url = await startService(async (req, res) => {
    const got = createHash("sha256");
    for await (const chunk of req) {
      got.update(chunk as Buffer);
      await turn();
    }
    res.end(got.digest("hex"));
  });
  const buffer = Buffer.alloc(256 * 1024);
  const body = (async function* () {
    for (let index = 0; index < 64; index += 1) {
      buffer.fill(index);
      hash.update(buffer);
      yield buffer;
    }
  })();
  const gate = await startGate(
    url,
    sendAll({ method: "POST", target: "/", headers: [], body, bodyBytes: 64 * buffer.length }),
  );
  const answer = await call(gate.port);
  assert.equal(answer.body.toString(), hash.digest("hex"));
});

test("a body that cannot be read ends the exchange with its own error, and its source is given back", async () => {
  const url = await startService((req) => void req.resume());
  for (const failAt of [0, 3]) {
    let isClosed = false;
    const body = (async function* () {
      try {
        for (let index = 0; ; index += 1) {
          if (index === failAt) throw new GateError("STORAGE_READ_FAILED");
          yield Buffer.alloc(100_000);
        }
      } finally {
        isClosed = true;
      }
    })();
    const gate = await startGate(
      url,
      sendAll({ method: "POST", target: "/", headers: [], body, bodyBytes: 1e6 }),
    );
    assert.equal((await call(gate.port)).body.toString(), "STORAGE_READ_FAILED");
    assert.equal(isClosed, true);
  }
});

test("a delivery goes on to the service's status when its client leaves", async () => {
  const left = Promise.withResolvers<void>();
  const url = await startService(
    (_req, res) => void left.promise.then(() => res.writeHead(201).end("thanks")),
  );
  const statuses: number[] = [];
  const beforeHead = async (status: number): Promise<void> => void statuses.push(status);
  const gate = await startGate(url, async (upstream, req, res) => {
    req.resume();
    res.once("close", left.resolve);
    return upstream.send({ method: "POST", target: "/", headers: [], body: null, bodyBytes: 0 }, res, {
      beforeHead,
    });
  });
  const outcome = gate.nextOutcome();
  const req = startCall({ port: gate.port }).end();
  setTimeout(() => req.destroy(), 50);
  assert.equal(reportOf(await outcome).status, 201);
  assert.deepEqual(statuses, [201]);
});

test("close breaks off what runs", async () => {
  const url = await startService((req) => void req.resume());
  const gate = await startGate(url);
  const outcome = gate.nextOutcome();
  const answer = call(gate.port, { method: "POST", body: Buffer.from("x") });
  setTimeout(() => void gate.upstream.close(), 50);
  assert.equal(codeOf(await outcome), "UPSTREAM_UNREACHABLE");
  assert.equal((await answer).status, 502);
});

test("connections beyond the limit wait for a free one", async () => {
  let atOnce = 0;
  let mostAtOnce = 0;
  const url = await startService((_req, res) => {
    atOnce += 1;
    mostAtOnce = Math.max(mostAtOnce, atOnce);
    setTimeout(() => {
      atOnce -= 1;
      res.end();
    }, 10);
  });
  const upstream = connectUpstream({ name: "few", url, timeoutMs: 10_000, connectionsMax: 2 });
  openUpstreams.add(upstream);
  const gate = await startGate(url, (_own, req, res) => relayAll()(upstream, req, res));
  const answers = await Promise.all(Array.from({ length: 12 }, () => call(gate.port)));
  assert.ok(answers.every((answer) => answer.status === 200));
  assert.equal(mostAtOnce, 2);
});
