/**
 * What happens when something breaks: the service is gone, the disk is full, there is no place left, the client goes away. The fault is the real
 * one each time; after it nothing is left over and the next upload works.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { promisify } from "node:util";
import { assertNothingLeft, until } from "./fault-tools.ts";
import { freePort } from "./free-port.ts";
import { type GateUnderTest, startGate } from "./gate-under-test.ts";
import { startService } from "./service-under-test.ts";

const run = promisify(execFile);

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly problem: { readonly code?: string; readonly retry?: string };
}

async function put(gate: GateUnderTest, bytes: Buffer<ArrayBuffer>, path = "/raw/file"): Promise<Answer> {
  const answer = await fetch(gate.origin + path, { method: "PUT", body: bytes });
  return {
    status: answer.status,
    headers: answer.headers,
    problem: (await answer.json()) as Answer["problem"],
  };
}

async function serve(
  t: TestContext,
  options: Partial<Parameters<typeof startGate>[0]> = {},
): Promise<GateUnderTest> {
  const service = options.upstream === undefined ? await startService() : null;
  const gate = await startGate({
    flows: ["raw", "raw-receipt"],
    upstream: service?.origin ?? "",
    ...options,
  });
  t.after(async () => {
    await gate.stop();
    await service?.stop();
  });
  return gate;
}

test("a service that is not there: 502, worth a retry, nothing kept", async (t) => {
  const gate = await serve(t, { upstream: `http://127.0.0.1:${await freePort()}` });
  const { status, problem, headers } = await put(gate, randomBytes(200_000));
  assert.equal(status, 502);
  assert.equal(problem.code, "UPSTREAM_UNREACHABLE");
  assert.equal(problem.retry, "later");
  assert.ok(Number(headers.get("retry-after")) > 0);
  assert.deepEqual(
    (await gate.uploads()).map(({ state }) => state),
    ["rejected"],
  );
  await assertNothingLeft(gate);
});

test("a disk that is full: 507, nothing kept, and small uploads go on", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "sluicegate-full-"));
  await run("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", folder]);
  const storage = join(folder, "store");
  await mkdir(storage);
  const gate = await serve(t, { storage });
  // Hooks run in this order: the gate lets go of the disk first.
  t.after(async () => {
    await run("umount", [folder]);
    await rm(folder, { recursive: true });
  });
  const { status, problem } = await put(gate, randomBytes(1_000_000));
  assert.equal(status, 201, JSON.stringify(problem));
  await run("sh", ["-c", `head -c 1500k /dev/urandom > ${join(folder, "ballast")}`]);
  const full = await put(gate, randomBytes(1_000_000));
  assert.equal(full.status, 507);
  assert.equal(full.problem.code, "STORAGE_FULL");
  assert.equal(
    (await put(gate, randomBytes(1000))).status,
    201,
    "what rides in the records needs no room there",
  );
  await rm(join(folder, "ballast"));
  assert.equal((await put(gate, randomBytes(1_000_000))).status, 201);
});

test("one upload more than limits.uploads: 503 with Retry-After, and the place is free again when the first one ends", async (t) => {
  const gate = await serve(t, { limits: "uploads: 1" });
  const first = request(`${gate.origin}/raw/slow`, { method: "PUT", headers: { "content-length": 10 } });
  const answered = new Promise<number>((resolve) =>
    first.on("response", (answer) => resolve(answer.statusCode ?? 0)),
  );
  first.write("12345");
  await untilActive(gate, 1);
  const second = await put(gate, randomBytes(10));
  assert.equal(second.status, 503);
  assert.equal(second.problem.code, "GATE_BUSY");
  assert.ok(Number(second.headers.get("retry-after")) > 0);
  first.end("67890");
  assert.equal(await answered, 201);
  assert.equal((await put(gate, randomBytes(10))).status, 201);
});

test("a client that goes away in the middle leaves no file, no descriptor and no place taken", async (t) => {
  const gate = await serve(t);
  for (let round = 0; round < 10; round += 1) {
    const outgoing = request(`${gate.origin}/raw/gone`, {
      method: "PUT",
      headers: { "content-length": 900_000 },
    });
    outgoing.on("error", () => {});
    outgoing.write(randomBytes(300_000));
    await untilActive(gate, 1);
    outgoing.destroy();
    await untilActive(gate, 0);
  }
  // A place is free a moment before the last bytes are gone and the end is on record.
  await until("all ten have ended", async () => {
    const ended = (await gate.uploads()).filter(({ state }) => state === "aborted");
    return ended.length === 10 && (await gate.quarantined()).length === 0 ? true : null;
  });
  await assertNothingLeft(gate);
  assert.equal((await put(gate, randomBytes(900_000))).status, 201);
});

/** Waits until the metrics count so many uploads at work. */
async function untilActive(gate: GateUnderTest, count: number): Promise<void> {
  const givesUpAt = performance.now() + 10_000;
  while (performance.now() < givesUpAt) {
    const metrics = await (await fetch(`${gate.operatorOrigin}/metrics`)).text();
    if (metrics.includes(`sluicegate_uploads_active ${count}\n`)) return;
  }
  throw new Error(`there never were ${count} uploads at work`);
}
