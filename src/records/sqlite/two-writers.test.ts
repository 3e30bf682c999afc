/**
 * Several processes append to one audit chain and claim the same keys at once, as a gate and the command line beside it do. This file is also
 * those processes.
 */
import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { GateError } from "../../problems/gate-error.ts";
import { sampleUpload } from "../records.contract.ts";
import { assertWhole, sampleEntry } from "../records-audit.contract.ts";
import { openSqliteRecords } from "./open-sqlite-records.ts";

const WRITERS = 3;
const TURNS = 60;
const KEYS = 40;

const writerPath = process.env.RECORDS_TO_APPEND;
if (writerPath === undefined) registerTests();
else await write(writerPath, process.env.WRITER ?? "");

/** Waits for the word, so that all write at once; tells how many keys it got. */
async function write(path: string, name: string): Promise<void> {
  const records = await openSqliteRecords({ path, busyTimeoutMs: 30_000 });
  process.send?.("ready");
  await once(process, "message");
  let claimed = 0;
  for (let turn = 0; turn < TURNS; turn += 1) {
    await Promise.all([
      records.note({ audit: [sampleEntry({ principal: name, atMs: turn })] }),
      records.note({ audit: [sampleEntry({ principal: name, atMs: turn })] }),
      turn < KEYS ? claim(String(turn)) : null,
    ]);
  }
  await records.close();
  process.send?.(claimed);
  process.disconnect?.();

  async function claim(scope: string): Promise<void> {
    try {
      const expiresAtMs = Number.MAX_SAFE_INTEGER;
      await records.begin(sampleUpload(), [], {
        idempotency: { kind: "claim", scope, fingerprint: "f", expiresAtMs },
        audit: [sampleEntry({ principal: name })],
      });
      claimed += 1;
    } catch (error) {
      if (!(error instanceof GateError && error.code === "RECORDS_KEY_TAKEN")) throw error;
    }
  }
}

async function runWriters(path: string): Promise<number> {
  const writers = Array.from({ length: WRITERS }, (_, index) =>
    fork(import.meta.filename, {
      env: { ...process.env, RECORDS_TO_APPEND: path, WRITER: `writer-${index}` },
    }),
  );
  await Promise.all(writers.map((writer) => once(writer, "message")));
  const claims = writers.map((writer) => once(writer, "message"));
  const exits = writers.map((writer) => once(writer, "exit"));
  for (const writer of writers) writer.send("go");
  assert.deepEqual(
    (await Promise.all(exits)).map(([code]) => code),
    writers.map(() => 0),
  );
  return (await Promise.all(claims)).reduce((sum, [claimed]) => sum + Number(claimed), 0);
}

function registerTests(): void {
  test("processes that append at once make one chain without gaps, and a key is claimed by one of them", async () => {
    const folder = await mkdtemp(join(tmpdir(), "sluicegate-writers-"));
    const path = join(folder, "records.sqlite");
    const own = await openSqliteRecords({ path });
    assert.equal(await runWriters(path), KEYS);
    await own.note({ audit: [sampleEntry({ principal: "own" })] });
    const entries = await assertWhole(own);
    assert.equal(entries.length, WRITERS * TURNS * 2 + KEYS + 1);
    const writerOf = entries.map(({ principal }) => principal);
    const changesOfWriter = writerOf.filter((principal, index) => principal !== writerOf[index + 1]).length;
    assert.ok(changesOfWriter > WRITERS + 1, "the processes did not write at the same time");
    await own.close();
    await rm(folder, { recursive: true });
  });
}
