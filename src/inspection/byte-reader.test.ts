import assert from "node:assert/strict";
import { test } from "node:test";
import { GateError } from "../problems/gate-error.ts";
import { type ByteSource, memorySource } from "../uploads/byte-source.ts";
import { ByteReader, WINDOW_BYTES_MAX } from "./byte-reader.ts";

const signal = new AbortController().signal;

/** A source that counts what is read of it. */
function countingSource(bytes: Buffer): ByteSource & { reads: number[] } {
  const inner = memorySource(bytes);
  const reads: number[] = [];
  const read = async (offset: number, lengthBytes: number): Promise<Uint8Array> => {
    const got = await inner.read(offset, lengthBytes);
    reads.push(got.length);
    return got;
  };
  return { ...inner, read, reads };
}

const numbered = (length: number): Buffer => Buffer.from(Array.from({ length }, (_, at) => at % 251));

test("a view has the bytes asked for, at any offset and in any order", async () => {
  const bytes = numbered(900_000);
  const reader = new ByteReader(memorySource(bytes), signal);
  for (const [offset, length] of [
    [0, 10],
    [899_990, 100],
    [5, 4096],
    [4000, WINDOW_BYTES_MAX],
    [300_000, 1],
    [900_000, 5],
    [900_001, 5],
  ] as const) {
    assert.deepEqual(await reader.read(offset, length), bytes.subarray(offset, offset + length));
  }
});

test("pieces of a whole file are the file, and no read is larger than the window", async () => {
  const bytes = numbered(1_500_000);
  const source = countingSource(bytes);
  const seen: Buffer[] = [];
  await new ByteReader(source, signal).eachPiece(0, bytes.length, "all", (piece) =>
    seen.push(Buffer.from(piece)),
  );
  assert.ok(Buffer.concat(seen).equals(bytes));
  assert.ok(Math.max(...source.reads) <= WINDOW_BYTES_MAX);
  assert.equal(
    source.reads.reduce((sum, length) => sum + length, 0),
    bytes.length,
  );
  assert.ok(source.reads.length < 20, `${source.reads.length} reads`);
});

test("a jump costs four kilobytes, not a window", async () => {
  const source = countingSource(numbered(10_000_000));
  const reader = new ByteReader(source, signal);
  for (let offset = 0; offset < 10_000_000; offset += 1_000_000) await reader.read(offset, 30);
  assert.ok(source.reads.every((length) => length <= 4096));
});

test("what is missing at the end of the file is FILE_TRUNCATED, with the offset of the end", async () => {
  const reader = new ByteReader(memorySource(numbered(100)), signal);
  const isCutOff = (error: unknown): boolean =>
    error instanceof GateError && error.code === "FILE_TRUNCATED" && error.details.byteOffset === 100;
  await assert.rejects(reader.exactly(90, 11, "a part"), isCutOff);
  await assert.rejects(
    reader.eachPiece(0, 101, "a part", () => {}),
    isCutOff,
  );
  assert.equal((await reader.exactly(90, 10, "a part")).length, 10);
});

test("steps beyond the budget are FILE_TOO_COMPLEX", () => {
  const reader = new ByteReader(memorySource(numbered(10)), signal, 3);
  for (let step = 0; step < 3; step += 1) reader.step(0);
  assert.throws(
    () => reader.step(7),
    (error) =>
      error instanceof GateError && error.code === "FILE_TOO_COMPLEX" && error.details.byteOffset === 7,
  );
});

test("a source that gives fewer bytes than it has is a storage failure, not a flaw of the file", async () => {
  const source: ByteSource = { sizeBytes: 100, read: async () => new Uint8Array(3), close: async () => {} };
  await assert.rejects(
    new ByteReader(source, signal).read(0, 10),
    (error) => error instanceof GateError && error.code === "STORAGE_READ_FAILED",
  );
});

test("an aborted signal stops the next read", async () => {
  const controller = new AbortController();
  const reader = new ByteReader(memorySource(numbered(1_000_000)), controller.signal);
  await reader.read(0, 10);
  controller.abort(new Error("enough"));
  await assert.rejects(reader.read(500_000, 10), /enough/);
});
