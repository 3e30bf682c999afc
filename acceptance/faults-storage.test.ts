/**
 * The disk fails: it is full, it is read-only, its syncs fail. Uploads are refused with a reason and nothing of them is kept; the gate says that it is
 * not ready, and takes uploads again by itself when the disk is well.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { type TestContext, test } from "node:test";
import { assertNothingLeft, put, sha256Of, until } from "./fault-tools.ts";
import { machineFaults, mountSmallDisk, type SmallDisk } from "./faults/machine-faults.ts";
import { type GateOptions, type GateUnderTest, startGate } from "./gate-under-test.ts";
import { type ServiceUnderTest, startService } from "./service-under-test.ts";

const LARGE = 700_000;

interface Started {
  readonly gate: GateUnderTest;
  readonly service: ServiceUnderTest;
}

async function start(t: TestContext, options: Partial<GateOptions>, disk?: SmallDisk): Promise<Started> {
  const service = await startService();
  t.after(() => service.stop());
  const gate = await startGate({ flows: ["raw", "raw-receipt"], upstream: service.origin, ...options });
  t.after(() => gate.stop().then(disk?.unmount));
  return { gate, service };
}

async function isReady(gate: GateUnderTest): Promise<{ readonly ok: boolean; readonly reasons: string }> {
  const answer = await fetch(`${gate.operatorOrigin}/health/ready`);
  return { ok: answer.ok, reasons: await answer.text() };
}

/** Everything that the service was told was whole, and everything that was acknowledged was told. */
async function assertDelivered(
  service: ServiceUnderTest,
  path: string,
  sent: readonly Buffer[],
): Promise<void> {
  const got = (await service.received())
    .filter((one) => one.path === path)
    .map(({ files }) => files[0]?.sha256);
  assert.deepEqual(got.sort(), sent.map(sha256Of).sort());
}

test("the storage is read-only: 503, nothing kept, not ready; what rides in the records goes on; well again by itself", async (t) => {
  const disk = await mountSmallDisk(8);
  const { gate, service } = await start(t, { storage: disk.folder }, disk);
  const before = randomBytes(LARGE);
  assert.equal((await put(gate, "/raw/ro", before)).status, 201);
  await disk.remount("ro");
  for (const path of ["/raw/ro", "/receipts/ro"]) {
    const { status, body } = await put(gate, path, randomBytes(LARGE));
    assert.equal(status, 503, path);
    assert.equal(body.code, "STORAGE_WRITE_FAILED");
    assert.equal(body.retry, "later");
  }
  assert.equal(
    (await put(gate, "/receipts/ro-small", randomBytes(100))).status,
    503,
    "a receipt names a file",
  );
  const small = randomBytes(100);
  assert.equal((await put(gate, "/raw/ro", small)).status, 201);
  const { ok, reasons } = await isReady(gate);
  assert.equal(ok, false);
  assert.match(reasons, /"storage","ok":false/);
  await disk.remount("rw");
  const after = randomBytes(LARGE);
  assert.equal((await put(gate, "/raw/ro", after)).status, 201);
  assert.equal((await put(gate, "/receipts/ro", randomBytes(LARGE))).status, 201);
  assert.equal((await isReady(gate)).ok, true);
  await assertDelivered(service, "/raw/ro", [before, small, after]);
  await until("quarantine is empty", async () => ((await gate.quarantined()).length === 0 ? true : null));
  assert.equal((await gate.stored()).length, 1);
});

test("the storage is full: 507 for both deliveries, nothing kept, and well again by itself", async (t) => {
  const disk = await mountSmallDisk(8);
  const { gate } = await start(t, { storage: disk.folder }, disk);
  await disk.fill();
  for (const path of ["/raw/full", "/receipts/full"]) {
    const { status, body } = await put(gate, path, randomBytes(LARGE));
    assert.equal(status, 507, path);
    assert.equal(body.code, "STORAGE_FULL");
  }
  assert.equal((await put(gate, "/receipts/full-small", randomBytes(100))).status, 507);
  assert.equal((await isReady(gate)).ok, false);
  await assertNothingLeft(gate);
  await disk.empty();
  assert.equal((await put(gate, "/receipts/full", randomBytes(LARGE))).status, 201);
  assert.equal((await isReady(gate)).ok, true);
});

test("syncs of the storage fail: 503, nothing kept and nobody told; well again by itself", async (t) => {
  const faults = await machineFaults(t);
  const { gate, service } = await start(t, { env: faults.env });
  await faults.failSyncs("/quarantine");
  for (const path of ["/raw/sync", "/receipts/sync"]) {
    const { status, body } = await put(gate, path, randomBytes(LARGE));
    assert.equal(status, 503, path);
    assert.equal(body.code, "STORAGE_WRITE_FAILED");
  }
  assert.equal((await isReady(gate)).ok, false);
  await faults.failSyncs(null);
  await assertNothingLeft(gate);
  const content = randomBytes(LARGE);
  assert.equal((await put(gate, "/raw/sync", content)).status, 201);
  await assertDelivered(service, "/raw/sync", [content]);
  assert.equal((await isReady(gate)).ok, true);
});

test("syncs of the store fail at the release: 503, and the file is not left in the store", async (t) => {
  const faults = await machineFaults(t);
  const { gate, service } = await start(t, { env: faults.env });
  await faults.failSyncs("/store");
  const { status, body } = await put(gate, "/receipts/store", randomBytes(LARGE));
  assert.equal(status, 503);
  assert.equal(body.code, "STORAGE_WRITE_FAILED");
  await faults.failSyncs(null);
  await until("nothing is left", async () => ((await gate.stored()).length === 0 ? true : null));
  await assertNothingLeft(gate);
  assert.deepEqual(await service.received(), []);
  assert.equal((await put(gate, "/receipts/store", randomBytes(LARGE))).status, 201);
});
