/**
 * The records database fails: locked by somebody, full, its syncs fail, damaged. Without a record nothing is acknowledged; what a service had said
 * meanwhile is recorded as soon as it can be.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { open, stat } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import { assertNothingLeft, put, until, untilState } from "./fault-tools.ts";
import { machineFaults, mountSmallDisk } from "./faults/machine-faults.ts";
import { type GateOptions, type GateUnderTest, restartGate, startGate } from "./gate-under-test.ts";
import { type ServiceUnderTest, startService } from "./service-under-test.ts";

const FLOWS = ["raw", "raw-receipt", "raw-retry"];

interface Started {
  readonly gate: GateUnderTest;
  readonly service: ServiceUnderTest;
  readonly options: GateOptions;
}

async function start(
  t: TestContext,
  more: Partial<GateOptions> = {},
  after: () => Promise<void> = async () => {},
): Promise<Started> {
  const service = await startService();
  t.after(() => service.stop());
  const options = { flows: FLOWS, upstream: service.origin, ...more };
  const gate = await startGate(options);
  t.after(() => gate.stop().then(after));
  return { gate, service, options };
}

const databaseOf = (gate: GateUnderTest): string => join(gate.folder, "data/records.sqlite");

/** Holds the write lock of the gate's database, as a careless backup or a stray shell would. */
function lock(gate: GateUnderTest): () => void {
  const database = new DatabaseSync(databaseOf(gate), { timeout: 5000 });
  database.exec("BEGIN EXCLUSIVE");
  return () => {
    database.exec("ROLLBACK");
    database.close();
  };
}

const uploadsAt = async (service: ServiceUnderTest): Promise<readonly unknown[]> =>
  (await service.received()).filter(({ method }) => method === "PUT");

const isReady = async (gate: GateUnderTest): Promise<boolean> =>
  (await fetch(`${gate.operatorOrigin}/health/ready`)).ok;

test("locked by another process: 503 with Retry-After, nothing kept, not ready, and well again by itself", async (t) => {
  const { gate, service } = await start(t);
  const unlock = lock(gate);
  for (const size of [500, 500_000]) {
    const { status, body, headers } = await put(gate, "/raw/locked", randomBytes(size));
    assert.equal(status, 503);
    assert.equal(body.code, "RECORDS_UNAVAILABLE");
    assert.ok(Number(headers.get("retry-after")) > 0);
  }
  assert.equal(await isReady(gate), false);
  unlock();
  assert.deepEqual(await service.received(), [], "the service hears of nothing that is not on record");
  await assertNothingLeft(gate);
  assert.equal((await put(gate, "/raw/locked", randomBytes(500_000))).status, 201);
  assert.equal(await isReady(gate), true);
});

for (const [path, size] of [
  ["/raw/late", 500],
  ["/raw/late", 500_000],
  ["/receipts/late", 500_000],
] as const) {
  test(`locked while the service answers (${path}, ${size} bytes): the client hears what is known, and it is recorded later`, async (t) => {
    const { gate, service } = await start(t);
    await service.fail("later");
    const sent = put(gate, path, randomBytes(size));
    await until("the service has it", async () =>
      (await service.received())[0]?.files.length === 1 ? true : null,
    );
    const unlock = lock(gate);
    await service.answerNow();
    const { status, body } = await sent;
    assert.equal(status, 503);
    assert.equal(body.code, "RECORDS_UNAVAILABLE");
    assert.equal(body.serviceStatus, 201);
    assert.match(String(body.detail), /Ask the service whether it has the upload/);
    unlock();
    await untilState(gate, String(body.uploadId), "delivered");
    await until("quarantine is empty", async () => ((await gate.quarantined()).length === 0 ? true : null));
    assert.equal((await gate.stored()).length, path === "/raw/late" ? 0 : 1);
    assert.equal((await uploadsAt(service)).length, 1, "once");
  });
}

test("locked while a delivery is tried again: nothing is sent that could not be recorded, and it goes on", async (t) => {
  const { gate, service } = await start(t);
  await service.fail("500");
  await service.fail("later");
  const { status, body } = await put(gate, "/retry/locked", randomBytes(200_000));
  assert.equal(status, 202);
  await until("the second try is at the service", async () =>
    (await service.received())[1]?.files.length === 1 ? true : null,
  );
  const unlock = lock(gate);
  await service.answerNow();
  assert.equal((await put(gate, "/retry/other", randomBytes(10))).status, 503);
  unlock();
  await untilState(gate, String(body.uploadId), "delivered");
  assert.equal((await uploadsAt(service)).length, 2);
});

test("the disk of the records is full: 503, nothing kept, and well again when there is room", async (t) => {
  const disk = await mountSmallDisk(4);
  const { gate } = await start(t, { records: join(disk.folder, "records.sqlite") }, disk.unmount);
  assert.equal((await put(gate, "/raw/full", randomBytes(30_000))).status, 201);
  await disk.fill();
  const statuses: number[] = [];
  for (let round = 0; round < 40; round += 1)
    statuses.push((await put(gate, "/raw/full", randomBytes(30_000))).status);
  assert.equal(statuses.at(-1), 503);
  assert.deepEqual([...new Set(statuses)].sort(), statuses.includes(201) ? [201, 503] : [503]);
  assert.equal(await isReady(gate), false);
  await disk.empty();
  assert.equal((await put(gate, "/raw/full", randomBytes(30_000))).status, 201);
  assert.equal(await isReady(gate), true);
  const acknowledged = statuses.filter((status) => status === 201).length + 2;
  await until("all that was acknowledged is delivered", async () =>
    (await gate.uploads()).filter(({ state }) => state === "delivered").length >= acknowledged ? true : null,
  );
  await assertNothingLeft(gate);
});

test("syncs of the records fail: 503, nobody is told anything, and well again by itself", async (t) => {
  const faults = await machineFaults(t);
  const { gate, service } = await start(t, { env: faults.env });
  assert.equal((await put(gate, "/raw/sync", randomBytes(1000))).status, 201);
  await faults.failSyncs("records.sqlite");
  const { status, body } = await put(gate, "/raw/sync", randomBytes(1000));
  assert.equal(status, 503);
  assert.equal(body.code, "RECORDS_UNAVAILABLE");
  assert.equal((await service.received()).length, 1);
  assert.equal(await isReady(gate), false);
  await faults.failSyncs(null);
  assert.equal((await put(gate, "/raw/sync", randomBytes(1000))).status, 201);
  assert.equal(await isReady(gate), true);
  assert.equal((await gate.run("audit", "verify")).exitCode, 0);
});

/** Overwrites a part of a file with noise. */
async function damage(path: string, from: number, length: number): Promise<void> {
  const file = await open(path, "r+");
  await file.write(randomBytes(length), 0, length, from);
  await file.sync();
  await file.close();
}

test("damaged while the gate was stopped: it does not start, says why, and leaves everything as it is", async (t) => {
  const { gate, options } = await start(t);
  for (let round = 0; round < 30; round += 1) await put(gate, "/raw/damage", randomBytes(2000));
  gate.signal("SIGTERM");
  await gate.ended();
  const path = databaseOf(gate);
  const { size } = await stat(path);
  for (const [from, length] of [
    [0, 100],
    [4096, size - 4096],
  ] as const) {
    await damage(path, from, length);
    await assert.rejects(restartGate(gate, options), (error: Error) => {
      assert.match(error.message, /the gate has ended/);
      assert.match(error.message, /records database/);
      assert.match(error.message, /backup/);
      return true;
    });
  }
});

/** Makes the records larger than what the gate keeps of them in memory, as those of a busy year are. */
function growRecords(path: string): void {
  const database = new DatabaseSync(path);
  const columns = database
    .prepare("SELECT name FROM pragma_table_info('uploads') WHERE name NOT IN ('seq', 'id')")
    .all();
  const names = columns.map(({ name }) => String(name)).join(", ");
  database.exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
    INSERT INTO uploads (id, ${names}) SELECT lower(hex(randomblob(13))), ${names} FROM n, (SELECT * FROM uploads LIMIT 1);
    PRAGMA wal_checkpoint(TRUNCATE)`);
  database.close();
}

test("damaged while the gate runs: 503 and not ready as soon as the damage is met, and the gate lives", async (t) => {
  const { gate, options } = await start(t);
  await put(gate, "/raw/damage", randomBytes(2000));
  gate.signal("SIGTERM");
  await gate.ended();
  const path = databaseOf(gate);
  growRecords(path);
  const again = await restartGate(gate, options);
  t.after(() => again.stop());
  const { size } = await stat(path);
  assert.ok(size > 30_000_000, String(size));
  await damage(path, 8 * 4096, size - 8 * 4096);
  const { status, body } = await until("a refusal", async () => {
    const answer = await put(again, "/raw/damage", randomBytes(2000));
    return answer.status === 201 ? null : answer;
  });
  assert.equal(status, 503);
  assert.equal(body.code, "RECORDS_UNAVAILABLE");
  assert.equal(await isReady(again), false);
  assert.equal(again.isRunning(), true);
  await assertNothingLeft(again);
});
