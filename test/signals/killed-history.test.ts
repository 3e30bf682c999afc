/**
 * Kills a process that writes history, at random moments, and looks for what it had written. This file is also that process.
 */
import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { sampleSignal } from "../../fixtures/signals/sample-signal.ts";
import { openSqliteRecords } from "../../src/records/sqlite/open-sqlite-records.ts";
import { openHistoryReader } from "../../src/signals/history/reader/open-history-reader.ts";
import { openHistoryWriter } from "../../src/signals/history/rolling-history.ts";
import { openLog } from "../../src/signals/log.ts";

const ROUNDS = 6;
const EVER = { fromMs: 0, toMs: 4_000_000_000_000 };

const writerPath = process.env.HISTORY_TO_WRITE;
if (writerPath === undefined) registerTests();
else await writeUntilKilled(writerPath);

/** Tells the parent how many requests are written once a flush has resolved. */
async function writeUntilKilled(path: string): Promise<never> {
  const records = await openSqliteRecords({ path });
  const writer = await openHistoryWriter({ store: records, log: openLog("off"), writeEveryMs: 0 });
  let taken = 0;
  for (;;) {
    for (let index = 0; index < 50; index++)
      writer.take(sampleSignal({ outcome: index === 0 ? "failed" : "accepted" }));
    taken += 50;
    await writer.flush();
    process.send?.(taken);
  }
}

/** Kills the writer after so many flushes. @returns how many requests were written for certain */
async function killAfter(path: string, flushes: number): Promise<number> {
  const writer = fork(import.meta.filename, { env: { ...process.env, HISTORY_TO_WRITE: path } });
  let [written, heard] = [0, 0];
  writer.on("message", (message) => {
    written = Number(message);
    heard += 1;
    if (heard === flushes) writer.kill("SIGKILL");
  });
  const [, signal] = await once(writer, "close");
  assert.equal(signal, "SIGKILL", "the writer must not end by itself");
  return written;
}

function registerTests(): void {
  test(`what was written survives kill -9 at ${ROUNDS} random moments, is whole, and is counted once`, async (t) => {
    const seed = Number(process.env.SEED ?? Date.now() % 1e9);
    t.diagnostic(`SEED=${seed}`);
    const folder = await mkdtemp(join(tmpdir(), "sluicegate-killed-history-"));
    t.after(() => rm(folder, { recursive: true }));
    const path = join(folder, "records.sqlite");
    let [least, most] = [0, 0];
    for (let round = 0; round < ROUNDS; round++) {
      const written = await killAfter(path, 1 + ((seed + round * 7) % 23));
      least += written;
      // One flush may have been on its way.
      most += written + 50;
      const reader = openHistoryReader(path);
      const flow = (await reader.totals(EVER)).get("avatars");
      const count = flow?.requests ?? 0;
      assert.ok(count >= least && count <= most, `${count} requests, ${least} to ${most} written`);
      assert.deepEqual(flow?.outcomes, { accepted: (count / 50) * 49, failed: count / 50 });
      const minutes = await reader.minutes({ flow: "avatars", range: EVER });
      assert.equal(
        minutes.reduce((sum, { requests }) => sum + requests, 0),
        count,
      );
      await reader.close();
    }
    const database = new DatabaseSync(path, { readOnly: true });
    assert.equal(database.prepare("PRAGMA integrity_check").get()?.integrity_check, "ok");
    database.close();
  });
}
