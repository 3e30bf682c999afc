/**
 * HTTP/2 from clients that mean harm, frame by frame; and over a distance, where a narrow window would hold an honest one back.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { after, before, test } from "node:test";
import { type Counted, CountingService } from "./counting-service.ts";
import { type GateUnderTest, startGate } from "./gate-under-test.ts";
import { askHttp2, openHttp2Client } from "./http2-client.ts";
import { FLAG, FRAME, headerBlock, RawHttp2, requestHeaders } from "./raw-http2.ts";
import { makeCertificate, type TestCertificate } from "./tls-files.ts";

const MEGABYTE = 1024 * 1024;
const service = new CountingService();
let certificate: TestCertificate;
let gate: GateUnderTest;

before(async () => {
  certificate = await makeCertificate("edge");
  gate = await startGate({
    upstream: await service.listen(),
    flows: ["raw", "large"],
    passThrough: true,
    tls: certificate,
  });
});

after(async () => {
  await gate?.stop();
  await service.stop();
  await certificate?.remove();
});

const openRaw = (): Promise<RawHttp2> => RawHttp2.open(gate.origin, certificate.pem);

/** Ends when the gate has had enough. */
async function isEnded(raw: RawHttp2): Promise<void> {
  await raw.until(({ type }) => type === FRAME.goaway);
  const givesUpAt = performance.now() + 10_000;
  while (!raw.isClosed) {
    assert.ok(performance.now() < givesUpAt, "the connection is still open");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function othersAreServed(): Promise<void> {
  const session = openHttp2Client(gate.origin, certificate.pem);
  assert.equal((await askHttp2(session, { path: "/thing" })).status, 201);
  session.destroy();
}

test("streams that are opened and reset again and again end the connection", async () => {
  const raw = await openRaw();
  const before = service.counted;
  for (let index = 0; index < 3000; index += 1) {
    raw.headers(2 * index + 1, requestHeaders("GET", "/thing"), true);
    raw.reset(2 * index + 1, 8);
  }
  await isEnded(raw);
  assert.ok(service.counted - before < 2000, `${service.counted - before} requests reached the service`);
  await othersAreServed();
});

test("a header block without end ends the connection", async () => {
  const raw = await openRaw();
  raw.send(FRAME.headers, FLAG.endStream, 1, headerBlock(requestHeaders("GET", "/thing")));
  const more = headerBlock([["x-a", "a".repeat(8000)]]);
  for (let index = 0; index < 200 && !raw.isClosed; index += 1) raw.send(FRAME.continuation, 0, 1, more);
  await isEnded(raw);
  await othersAreServed();
});

for (const [name, type, payload] of [
  ["pings", FRAME.ping, Buffer.alloc(8)],
  ["settings", FRAME.settings, Buffer.alloc(0)],
] as const) {
  test(`${name} without end, from a client that reads no answers, do not grow the gate`, async () => {
    const raw = await openRaw();
    const startBytes = await residentBytes();
    raw.socket.pause();
    let sent = 0;
    const givesUpAt = performance.now() + 4000;
    while (!raw.isClosed && sent < 300_000 && performance.now() < givesUpAt) {
      for (let index = 0; index < 1000; index += 1) raw.send(type, 0, 0, payload);
      sent += 1000;
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok((await residentBytes()) - startBytes < 64 * MEGABYTE);
    await othersAreServed();
    raw.close();
  });
}

async function residentBytes(): Promise<number> {
  const text = await (await fetch(`${gate.operatorOrigin}/metrics`)).text();
  return Number(/^process_resident_memory_bytes (\S+)$/m.exec(text)?.[1]);
}

const MALFORMED: readonly (readonly [string, readonly (readonly [string, string])[]])[] = [
  ["a header in capitals", requestHeaders("GET", "/thing", ["X-A", "b"])],
  ["a header of one connection", requestHeaders("GET", "/thing", ["connection", "close"])],
  ["Transfer-Encoding", requestHeaders("PUT", "/raw/a.bin", ["transfer-encoding", "chunked"])],
  ["TE with more than trailers", requestHeaders("GET", "/thing", ["te", "gzip"])],
  ["a pseudo-header twice", [...requestHeaders("GET", "/thing"), [":path", "/other"]]],
  [
    "a pseudo-header behind a header",
    [
      [":method", "GET"],
      [":scheme", "https"],
      ["x-a", "b"],
      [":path", "/thing"],
    ],
  ],
  ["a pseudo-header that nobody knows", [...requestHeaders("GET", "/thing"), [":x", "y"]]],
  [
    "no path",
    [
      [":method", "GET"],
      [":scheme", "https"],
      [":authority", "localhost"],
    ],
  ],
  ["a line end in the path", requestHeaders("GET", "/thing HTTP/1.1\r\nx-a: b")],
  ["a Content-Length that is no number", requestHeaders("PUT", "/raw/a.bin", ["content-length", "+3"])],
  [
    "two Content-Lengths",
    requestHeaders("PUT", "/raw/a.bin", ["content-length", "3"], ["content-length", "4"]),
  ],
  [
    "an authority with a path",
    [
      [":method", "GET"],
      [":scheme", "https"],
      [":path", "/thing"],
      [":authority", "a/b"],
    ],
  ],
  [
    "two authorities in one",
    [
      [":method", "GET"],
      [":scheme", "https"],
      [":path", "/thing"],
      [":authority", "a, b"],
    ],
  ],
];

for (const [name, headers] of MALFORMED) {
  test(`${name} is refused and does not reach the service`, async () => {
    const { counted } = service;
    const raw = await openRaw();
    raw.headers(1, headers, false);
    raw.send(FRAME.data, FLAG.endStream, 1, Buffer.from("abc"));
    const frame = await raw.until(
      ({ type, streamId }) => type === FRAME.goaway || (streamId === 1 && type !== FRAME.data),
    );
    // A problem as an answer begins with HEADERS; its status is among the indexed ones, 400 as the byte 0x8c.
    if (frame?.type === FRAME.headers) assert.equal(frame.payload[0], 0x8c);
    raw.close();
    assert.equal(service.counted, counted);
  });
}

for (const [name, declared] of [
  ["shorter", "2"],
  ["longer", "4"],
] as const) {
  test(`a Content-Length that is ${name} than the body ends the stream with an error`, async () => {
    const { counted } = service;
    const raw = await openRaw();
    raw.headers(1, requestHeaders("PUT", "/raw/a.bin", ["content-length", declared]), false);
    raw.send(FRAME.data, FLAG.endStream, 1, Buffer.from("abc"));
    const frame = await raw.until(({ type, streamId }) => streamId === 1 && type === FRAME.rstStream);
    // PROTOCOL_ERROR, of the stream or of the whole connection.
    assert.equal(frame?.payload.readUInt32BE(0) ?? 1, 1);
    raw.close();
    assert.equal(service.counted, counted);
  });
}

test("headers with bytes that no header has are nobody's: neither the gate nor the service gets them", async () => {
  for (const header of [
    ["x-a", "b\r\nx-c: d"],
    ["x-a", "b\0"],
    ["x a", "b"],
    ["x-a", " b"],
  ] as const) {
    const raw = await openRaw();
    raw.headers(1, requestHeaders("GET", "/thing", header), true);
    await raw.until(({ type, streamId }) => streamId === 1 && type === FRAME.data);
    const { headers } = JSON.parse(textOf(raw)) as Counted;
    assert.deepEqual(
      Object.keys(headers).filter((name) => /^x[- ][ac]$/.test(name)),
      [],
    );
    raw.close();
  }
});

const textOf = ({ frames }: RawHttp2): string =>
  Buffer.concat(frames.filter(({ type }) => type === FRAME.data).map(({ payload }) => payload)).toString();

test("trailers never become headers", async () => {
  const raw = await openRaw();
  raw.headers(1, requestHeaders("PUT", "/past/a.bin"), false);
  raw.send(FRAME.data, 0, 1, Buffer.from("abc"));
  raw.headers(1, [["x-canary", "trailer"]], true);
  await raw.until(({ type, streamId }) => streamId === 1 && type === FRAME.data);
  assert.doesNotMatch(textOf(raw), /x-canary/);
  raw.close();
});

test("a client at a distance has a megabyte on its way, not 64 KiB", async () => {
  const distance = await farAway(Number(new URL(gate.origin).port), 20);
  const session = openHttp2Client(`https://127.0.0.1:${distance.port}`, certificate.pem);
  await once(session, "remoteSettings");
  const answer = await askHttp2(session, {
    method: "PUT",
    path: "/large/far.bin",
    body: Buffer.alloc(12 * MEGABYTE, 5),
  });
  assert.equal((JSON.parse(answer.body.toString()) as Counted).sizeBytes, 12 * MEGABYTE);
  assert.ok(distance.onTheWayMax() > 700_000, `at most ${distance.onTheWayMax()} bytes were on their way`);
  session.destroy();
  distance.close();
});

/** A relay that holds every byte back for some milliseconds, both ways, and counts how many it holds of those that go to the gate. */
async function farAway(gatePort: number, delayMs: number) {
  let onTheWay = 0;
  let most = 0;
  const later = (from: Socket, to: Socket, count: (change: number) => void): void => {
    from.on("data", (bytes: Buffer) => {
      count(bytes.length);
      setTimeout(() => {
        count(-bytes.length);
        if (to.writable) to.write(bytes);
      }, delayMs);
    });
    from.on("close", () => setTimeout(() => to.destroy(), delayMs)).on("error", () => {});
  };
  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ port: gatePort, host: "127.0.0.1", noDelay: true });
    later(near, far, (change) => {
      onTheWay += change;
      most = Math.max(most, onTheWay);
    });
    later(far, near, () => {});
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { port: address.port, onTheWayMax: () => most, close: () => server.close() };
}
