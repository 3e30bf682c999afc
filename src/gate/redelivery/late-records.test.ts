import assert from "node:assert/strict";
import { test } from "node:test";
import { GateError } from "../../problems/gate-error.ts";
import { openLog } from "../../signals/log.ts";
import { LateRecords } from "./late-records.ts";

const log = openLog("off");

/** Records that take nothing until they are well. */
function sickRecords(): {
  isWell: boolean;
  readonly written: string[];
  write(id: string): () => Promise<void>;
} {
  const records = {
    isWell: false,
    written: [] as string[],
    write: (id: string) => async (): Promise<void> => {
      if (!records.isWell) throw new GateError("RECORDS_UNAVAILABLE");
      records.written.push(id);
    },
  };
  return records;
}

test("entries are written in order as soon as the records take them, and once", async () => {
  const records = sickRecords();
  const late = new LateRecords(log);
  for (const id of ["a", "b", "c"]) late.add(id, records.write(id));
  await late.flush();
  assert.equal(late.count, 3);
  records.isWell = true;
  await late.flush();
  await late.flush();
  assert.deepEqual(records.written, ["a", "b", "c"]);
  await late.close();
});

test("they are written by themselves, without anybody asking", async () => {
  const records = sickRecords();
  const late = new LateRecords(log);
  const written = new Promise<void>((resolve) => {
    late.add("a", async () => {
      await records.write("a")();
      resolve();
    });
  });
  records.isWell = true;
  await written;
  await late.close();
});

test("one that can never be written does not keep the others waiting", async () => {
  const records = sickRecords();
  records.isWell = true;
  const late = new LateRecords(log);
  late.add("decided", async () => {
    throw new GateError("RECORDS_STATE_CONFLICT");
  });
  late.add("b", records.write("b"));
  await late.flush();
  assert.deepEqual(records.written, ["b"]);
  assert.equal(late.count, 0);
  await late.close();
});

test("memory is bounded: what is too much is left to the next start", async () => {
  const records = sickRecords();
  const late = new LateRecords(log);
  for (let count = 0; count < 1100; count += 1) late.add(String(count), records.write(String(count)));
  assert.equal(late.count, 1000);
  await late.close();
});
