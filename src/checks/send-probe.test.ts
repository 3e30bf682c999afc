import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { after, test } from "node:test";
import type { Probe, ProbeStep } from "./check.ts";
import { sendProbe } from "./send-probe.ts";

const ANSWER = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno";
const LIMITS = { deadlineMs: 5000, lingerMs: 0 };
const servers: Server[] = [];

after(() => {
  for (const server of servers) server.close();
});

/** A server that does `serve` with each connection. */
async function originOf(serve: (socket: Socket) => void): Promise<string> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => {});
    serve(socket);
  }).listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  return `http://127.0.0.1:${address.port}`;
}

function probe(...steps: readonly ProbeStep[]): Probe {
  return { content: { files: [], fields: [] }, steps: () => steps };
}

test("stops writing as soon as an answer comes, and says how much was taken by then", async () => {
  const origin = await originOf((socket) => socket.once("data", () => socket.write(ANSWER)));
  const endless: Probe = {
    content: { files: [], fields: [] },
    steps: function* () {
      while (true) yield new Uint8Array(65536);
    },
  };
  const exchange = await sendProbe(origin, endless, LIMITS);
  assert.equal(exchange.answers[0]?.status, 413);
  assert.ok(exchange.takenAtAnswerBytes !== null && exchange.takenAtAnswerBytes > 0);
  assert.ok(exchange.takenBytes >= exchange.takenAtAnswerBytes);
});

test("waits for an answer where the probe says so, and does not write on", async () => {
  const got: Buffer[] = [];
  const origin = await originOf((socket) =>
    socket.on("data", (bytes: Buffer) => {
      got.push(bytes);
      socket.write(ANSWER);
    }),
  );
  const exchange = await sendProbe(
    origin,
    probe(Buffer.from("head"), "await-answer", Buffer.from("body")),
    LIMITS,
  );
  assert.equal(Buffer.concat(got).toString(), "head");
  assert.equal(exchange.end, "left");
});

test("writes on after 100 Continue", async () => {
  const origin = await originOf((socket) => {
    socket.once("data", () => {
      socket.write("HTTP/1.1 100 Continue\r\n\r\n");
      socket.once("data", (bytes: Buffer) => socket.end(`HTTP/1.1 200 OK\r\n\r\n${bytes}`));
    });
  });
  const exchange = await sendProbe(
    origin,
    probe(Buffer.from("head"), "await-answer", Buffer.from("body")),
    LIMITS,
  );
  assert.deepEqual(exchange.interimStatuses, [100]);
  assert.equal(Buffer.from(exchange.answers[0]?.body ?? []).toString(), "body");
});

test("counts every answer on the connection while it lingers", async () => {
  const origin = await originOf((socket) => socket.once("data", () => socket.end(ANSWER + ANSWER)));
  const exchange = await sendProbe(origin, probe(Buffer.from("two requests")), { ...LIMITS, lingerMs: 1000 });
  assert.equal(exchange.answers.length, 2);
  assert.equal(exchange.end, "closed");
});

test("tells a reset from a close", async () => {
  const origin = await originOf((socket) => socket.once("data", () => socket.resetAndDestroy()));
  const exchange = await sendProbe(origin, probe(Buffer.from("hello")), LIMITS);
  assert.equal(exchange.end, "reset");
  assert.deepEqual(exchange.answers, []);
});

test("ends at the deadline where nothing ever comes", async () => {
  const origin = await originOf(() => {});
  const exchange = await sendProbe(origin, probe(Buffer.from("hello")), { deadlineMs: 50, lingerMs: 0 });
  assert.equal(exchange.end, "deadline");
});

test("breaks a connection off where the probe says so", async () => {
  const broken = Promise.withResolvers<string>();
  const origin = await originOf((socket) => {
    socket.on("error", (error: NodeJS.ErrnoException) => broken.resolve(error.code ?? ""));
    socket.resume();
  });
  await sendProbe(origin, probe(Buffer.from("hello"), "reset"), LIMITS);
  assert.equal(await broken.promise, "ECONNRESET");
});

test("rejects where nobody listens", async () => {
  const origin = await originOf(() => {});
  servers.at(-1)?.close();
  await assert.rejects(sendProbe(origin, probe(), LIMITS), /ECONNREFUSED/);
});

test("a refusal counts though the connection is reset behind its head", async () => {
  const cut = (head: string) =>
    originOf((socket) =>
      socket.once("data", () => {
        socket.write(`${head}\r\nContent-Length: 100\r\n\r\npart`, () =>
          setTimeout(() => socket.resetAndDestroy(), 20),
        );
      }),
    );
  const refused = await sendProbe(
    await cut("HTTP/1.1 413 Content Too Large"),
    probe(Buffer.from("a")),
    LIMITS,
  );
  assert.deepEqual([refused.answers[0]?.status, refused.end, refused.malformed], [413, "reset", null]);
  const taken = await sendProbe(await cut("HTTP/1.1 201 Created"), probe(Buffer.from("a")), LIMITS);
  assert.deepEqual(taken.answers, []);
  assert.match(taken.malformed ?? "", /middle of an answer/);
});

test("sees an early answer before all buffers are full", async () => {
  const origin = await originOf((socket) => {
    socket.once("data", () => {
      socket.pause();
      socket.end(ANSWER, () => setImmediate(() => socket.resetAndDestroy()));
    });
  });
  const pieces: Probe = {
    content: { files: [], fields: [] },
    steps: function* () {
      for (let sent = 0; sent < 500; sent += 1) yield new Uint8Array(65536);
    },
  };
  const exchange = await sendProbe(origin, pieces, LIMITS);
  assert.equal(exchange.answers[0]?.status, 413);
  assert.ok((exchange.takenAtAnswerBytes ?? 0) < 2 ** 20, `${exchange.takenAtAnswerBytes} bytes were taken`);
});
