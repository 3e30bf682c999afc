/**
 * Refusals while the body still flows: they come early, they are really received, and little is taken after them (lesson T46).
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { request } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { AnswerReader, headerOf } from "../src/checks/answer-reader.ts";
import type { ProbeStep, Target } from "../src/checks/check.ts";
import { htmlFile } from "../src/checks/payloads/document-files.ts";
import { controlRequest } from "../src/checks/payloads/upload.ts";
import {
  headBytes,
  probeSteps,
  type UploadRequest,
  withHeader,
  withLines,
} from "../src/checks/payloads/upload-request.ts";
import { sendProbe } from "../src/checks/send-probe.ts";
import { type GateUnderTest, startGate } from "./gate-under-test.ts";
import { type ServiceUnderTest, startService } from "./service-under-test.ts";
import { targetsAt } from "./targets.ts";

const MEGABYTE = 1024 * 1024;
const BODY_BYTES = 256 * MEGABYTE;
/** What two processes on one machine hold in socket buffers, and what the gate drains. */
const TAKEN_BYTES_MAX = 32 * MEGABYTE;
const run = promisify(execFile);
let service: ServiceUnderTest;
let gate: GateUnderTest;
let targets: Readonly<Record<string, Target>>;

before(async () => {
  service = await startService();
  gate = await startGate({ upstream: service.origin, flows: ["photos", "raw", "tables"] });
  targets = targetsAt(gate.origin, "early");
});

after(async () => {
  await gate?.stop();
  await service?.stop();
});

/** The control's head with a body of 256 MiB announced, and lines replaced. */
function hugeRequest(name: string, ...lines: readonly string[]): UploadRequest {
  const target = targets[name];
  assert.ok(target);
  const request = withHeader(controlRequest(target), "Content-Length", `Content-Length: ${BODY_BYTES}`);
  return lines.reduce(
    (changed, line) => withHeader(changed, line.slice(0, line.indexOf(":")), line),
    request,
  );
}

function* flood(): Iterable<ProbeStep> {
  const chunk = new Uint8Array(65536);
  for (let sent = 0; sent < BODY_BYTES; sent += chunk.length) yield chunk;
}

const REFUSALS = [
  { name: "too large, as a form", of: () => hugeRequest("photos"), status: 413, code: "BODY_TOO_LARGE" },
  { name: "too large, as a raw body", of: () => hugeRequest("raw"), status: 413, code: "FILE_TOO_LARGE" },
  {
    name: "of another format",
    of: () => hugeRequest("photos", "Content-Type: application/json"),
    status: 415,
    code: "CONTENT_TYPE_UNSUPPORTED",
  },
  {
    name: "compressed",
    of: () => hugeRequest("raw", "Content-Encoding: gzip"),
    status: 415,
    code: "CONTENT_ENCODING_UNSUPPORTED",
  },
  {
    name: "to nowhere",
    of: () => ({ ...hugeRequest("raw"), line: "PUT /nowhere HTTP/1.1" }),
    status: 404,
    code: "ROUTE_UNKNOWN",
  },
  {
    name: "by another method",
    of: () => ({ ...hugeRequest("raw"), line: "PATCH /raw/a.bin HTTP/1.1" }),
    status: 405,
    code: "METHOD_NOT_ALLOWED",
  },
] as const;

for (const { name, of, status, code } of REFUSALS) {
  test(`a body ${name} is refused while it flows, and the sender sees the answer`, async () => {
    for (let round = 0; round < 5; round += 1) {
      const exchange = await sendProbe(gate.origin, probeSteps(of(), flood), {
        deadlineMs: 10_000,
        lingerMs: 0,
      });
      assert.equal(exchange.answers[0]?.status, status);
      assert.match(Buffer.from(exchange.answers[0]?.body ?? []).toString(), new RegExp(`"code":"${code}"`));
      assert.ok(exchange.takenBytes < TAKEN_BYTES_MAX, `${exchange.takenBytes} bytes taken`);
    }
  });

  test(`a body ${name} with Expect: 100-continue is never asked for`, async () => {
    const probe = probeSteps(withLines(of(), "Expect: 100-continue"), () => ["await-answer"]);
    const exchange = await sendProbe(gate.origin, probe, { deadlineMs: 10_000, lingerMs: 1000 });
    assert.deepEqual([exchange.interimStatuses, exchange.answers[0]?.status], [[], status]);
    assert.equal(exchange.answers.length, 1);
  });
}

test("a sender that reads nothing until it has written four megabytes still gets its answer", async () => {
  for (let round = 0; round < 10; round += 1) {
    const reader = new AnswerReader();
    const { hostname, port } = new URL(gate.origin);
    const socket = connect({ host: hostname, port: Number(port) });
    await once(socket, "connect");
    const errors: string[] = [];
    socket.on("error", (error: NodeJS.ErrnoException) => errors.push(error.code ?? ""));
    socket.pause();
    socket.write(headBytes(hugeRequest("raw")));
    await new Promise((resolve) => socket.write(new Uint8Array(4 * MEGABYTE - 4096), resolve));
    socket.on("data", (bytes: Buffer) => reader.push(bytes)).resume();
    await Promise.race([once(socket, "end"), once(socket, "close")]);
    socket.destroy();
    assert.deepEqual([reader.answers[0]?.status, errors], [413, []]);
  }
});

test("after an early refusal the connection ends: what follows is never read as a request", async () => {
  const canary = "GET /any/canary HTTP/1.1\r\nHost: gate\r\n\r\n";
  const probe = probeSteps(hugeRequest("raw"), function* (): Iterable<ProbeStep> {
    yield Buffer.from(canary.repeat(1000));
    yield "await-answer";
  });
  const exchange = await sendProbe(gate.origin, probe, { deadlineMs: 10_000, lingerMs: 3000 });
  const [answer] = exchange.answers;
  assert.ok(answer);
  assert.equal(exchange.answers.length, 1);
  assert.equal(headerOf(answer, "connection"), "close");
  assert.equal(exchange.end, "closed");
});

test("a file of the wrong type is refused from its first bytes, before the rest is sent", async () => {
  const target = targets.photos;
  assert.ok(target);
  const request = controlRequest(target, {
    bytes: Buffer.concat([htmlFile().bytes, new Uint8Array(200_000)]),
  });
  const probe = probeSteps(request, () => [request.body.subarray(0, 8192), "await-answer"]);
  const exchange = await sendProbe(gate.origin, probe, { deadlineMs: 10_000, lingerMs: 0 });
  assert.equal(exchange.answers[0]?.status, 415);
  assert.ok(exchange.takenBytes < 10_000);
});

test("100 Continue is sent where the body is wanted", async () => {
  const target = targets.raw;
  assert.ok(target);
  const request = withLines(controlRequest(target), "Expect: 100-continue");
  const exchange = await sendProbe(
    gate.origin,
    probeSteps(request, () => ["await-answer", request.body]),
    { deadlineMs: 10_000, lingerMs: 0 },
  );
  assert.deepEqual([exchange.interimStatuses, exchange.answers[0]?.status], [[100], 201]);
});

test("an expectation that nobody knows is refused", async () => {
  const target = targets.raw;
  assert.ok(target);
  const request = withLines(controlRequest(target), "Expect: 200-maybe");
  const exchange = await sendProbe(
    gate.origin,
    probeSteps(request, () => ["await-answer"]),
    { deadlineMs: 10_000, lingerMs: 0 },
  );
  assert.equal(exchange.answers[0]?.status, 417);
});

test("curl shows the refusal, with and without Expect", async () => {
  const big = join(gate.folder, "big.png");
  await writeFile(big, new Uint8Array(20 * MEGABYTE));
  for (const expect of ["Expect: 100-continue", "Expect:"]) {
    const { stdout } = await run("curl", [
      "-sS",
      "-H",
      expect,
      "-F",
      `picture=@${big};type=image/png`,
      "-F",
      "caption=a",
      `${gate.origin}/photos`,
    ]);
    assert.equal((JSON.parse(stdout) as { code: string }).code, "BODY_TOO_LARGE");
  }
});

test("Node's own client gets the refusal while it still writes", async () => {
  const outgoing = request(`${gate.origin}/raw/a.bin`, {
    method: "PUT",
    headers: { "content-length": BODY_BYTES },
  });
  const answered = once(outgoing, "response");
  outgoing.on("error", () => {});
  const write = () => {
    while (outgoing.writable && outgoing.write(new Uint8Array(65536)));
  };
  outgoing.on("drain", write);
  write();
  const [incoming] = await answered;
  assert.equal(incoming.statusCode, 413);
  incoming.resume();
  outgoing.destroy();
});

test("after all of that the gate takes an upload, and nothing is left in quarantine", async () => {
  const target = targets.raw;
  assert.ok(target);
  const request = controlRequest(target);
  const exchange = await sendProbe(
    gate.origin,
    probeSteps(request, () => [request.body]),
    { deadlineMs: 10_000, lingerMs: 0 },
  );
  assert.equal(exchange.answers[0]?.status, 201);
  assert.deepEqual(await gate.quarantined(), []);
});
