/**
 * What inspection costs: reads in proportion to the structure, a bounded number of steps, an end when it is told to stop.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import { type ByteSource, memorySource } from "../uploads/byte-source.ts";
import { FILE_TYPES } from "../uploads/file-types.ts";
import type { InspectionReport } from "../uploads/stages.ts";
import { ByteReader } from "./byte-reader.ts";
import { flawFinding } from "./flaw.ts";
import { walkPng } from "./identify/png.ts";
import { inspectFile } from "./inspect-file.ts";

const ALL_TYPES = FILE_TYPES.map(({ mediaType }) => mediaType);
const GIB = 1024 ** 3;

/** A large file of which only some stretches are not zero. */
interface SparseSource extends ByteSource {
  readonly counts: { reads: number; bytes: number };
}

function sparseSource(sizeBytes: number, stretches: readonly (readonly [number, Buffer])[]): SparseSource {
  const counts = { reads: 0, bytes: 0 };
  const read = async (offset: number, lengthBytes: number): Promise<Uint8Array> => {
    const out = Buffer.alloc(Math.max(0, Math.min(lengthBytes, sizeBytes - offset)));
    counts.reads += 1;
    counts.bytes += out.length;
    for (const [at, bytes] of stretches) {
      const from = Math.max(offset, at);
      const to = Math.min(offset + out.length, at + bytes.length);
      if (from < to) bytes.copy(out, from - offset, from - at, to - at);
    }
    return out;
  };
  return { sizeBytes, read, close: async () => {}, counts };
}

function inspect(
  name: string,
  source: ByteSource,
  signal = new AbortController().signal,
): Promise<InspectionReport> {
  const stored = { key: "k", sizeBytes: source.sizeBytes, sha256: "", inline: null };
  const file = { index: 0, field: "f", declaredName: name, declaredType: null, ...stored };
  return inspectFile({ file, rule: { types: ALL_TYPES }, nameRequired: true, source, signal });
}

/** A stored entry of `dataBytes` zero bytes: local header, and directory with end record and Zip64 where needed. */
function largeZip(dataBytes: number): { size: number; stretches: [number, Buffer][] } {
  const wide = (values: number[]): Buffer => {
    const extra = Buffer.alloc(4 + values.length * 8);
    extra.writeUInt16LE(1, 0);
    extra.writeUInt16LE(values.length * 8, 2);
    for (const [at, value] of values.entries()) extra.writeBigUInt64LE(BigInt(value), 4 + at * 8);
    return extra;
  };
  const local = Buffer.alloc(31);
  local.write("PK\x03\x04", 0, "latin1");
  local.writeUInt32LE(0xffffffff, 18);
  local.writeUInt32LE(0xffffffff, 22);
  local.writeUInt16LE(1, 26);
  local.writeUInt16LE(20, 28);
  local.write("a", 30);
  const start = Buffer.concat([local, wide([dataBytes, dataBytes])]);
  const central = Buffer.alloc(47);
  central.write("PK\x01\x02", 0, "latin1");
  central.writeUInt32LE(0xffffffff, 20);
  central.writeUInt32LE(0xffffffff, 24);
  central.writeUInt16LE(1, 28);
  central.writeUInt16LE(20, 30);
  central.write("a", 46);
  const directory = Buffer.concat([central, wide([dataBytes, dataBytes])]);
  const directoryAt = start.length + dataBytes;
  const record = Buffer.alloc(56);
  record.write("PK\x06\x06", 0, "latin1");
  record.writeBigUInt64LE(44n, 4);
  record.writeBigUInt64LE(1n, 24);
  record.writeBigUInt64LE(1n, 32);
  record.writeBigUInt64LE(BigInt(directory.length), 40);
  record.writeBigUInt64LE(BigInt(directoryAt), 48);
  const locator = Buffer.alloc(20);
  locator.write("PK\x06\x07", 0, "latin1");
  locator.writeBigUInt64LE(BigInt(directoryAt + directory.length), 8);
  locator.writeUInt32LE(1, 16);
  const end = Buffer.alloc(22, 0xff);
  end.write("PK\x05\x06\0\0\0\0", 0, "latin1");
  end.writeUInt16LE(0, 20);
  const tail = Buffer.concat([directory, record, locator, end]);
  return {
    size: directoryAt + tail.length,
    stretches: [
      [0, start],
      [directoryAt, tail],
    ],
  };
}

test("an archive of 5 GiB with Zip64 is read in a few hundred kilobytes", async () => {
  const { size, stretches } = largeZip(5 * GIB);
  const source = sparseSource(size, stretches);
  const report = await inspect("a.zip", source);
  assert.equal(report.verdict.outcome, "accept", JSON.stringify(report.findings));
  assert.ok(source.counts.bytes < 400_000, `${source.counts.bytes} bytes read`);
});

test("a film of 5 GiB is read in a few hundred kilobytes", async () => {
  const film = readFileSync(resolve(import.meta.dirname, "../../fixtures/files/good/mp4-moov-first.mp4"));
  const mdat = Buffer.alloc(16);
  mdat.writeUInt32BE(1, 0);
  mdat.write("mdat", 4);
  mdat.writeBigUInt64BE(BigInt(5 * GIB), 8);
  const source = sparseSource(film.length + 5 * GIB, [
    [0, film],
    [film.length, mdat],
  ]);
  const report = await inspect("a.mp4", source);
  assert.equal(report.verdict.outcome, "accept", JSON.stringify(report.findings));
  assert.ok(source.counts.bytes < 400_000, `${source.counts.bytes} bytes read`);
});

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}

test("a file of too many tiny parts is given up as too complex, not walked to its end", async () => {
  const png = readFileSync(resolve(import.meta.dirname, "../../fixtures/files/good/png-rgb.png"));
  const empty = chunk("teXt", Buffer.alloc(0));
  const bytes = Buffer.concat([
    png.subarray(0, 33),
    ...Array.from({ length: 2000 }, () => empty),
    png.subarray(33),
  ]);
  const source = memorySource(bytes);
  const { signal } = new AbortController();
  assert.deepEqual(await walkPng(new ByteReader(source, signal, 2100)), []);
  const isTooComplex = (error: unknown): boolean => flawFinding(error)?.code === "FILE_TOO_COMPLEX";
  await assert.rejects(walkPng(new ByteReader(source, signal, 1900)), isTooComplex);
});

test("an inspection that is told to stop throws the reason, and a storage failure goes on upwards", async () => {
  const controller = new AbortController();
  const text = Buffer.from("x".repeat(3_000_000));
  const inner = sparseSource(text.length, [[0, text]]);
  const stopping: ByteSource = {
    ...inner,
    read: (offset, lengthBytes) => {
      if (offset > 1_000_000) controller.abort(new Error("deadline"));
      return inner.read(offset, lengthBytes);
    },
  };
  await assert.rejects(inspect("a.txt", stopping, controller.signal), /deadline/);
  const failing: ByteSource = { ...inner, read: () => Promise.reject(new Error("disk gone")) };
  await assert.rejects(inspect("a.txt", failing), /disk gone/);
});

test("where the flow takes any octets not a byte is read, all steps count as done, and the type stays unknown", async () => {
  const source = sparseSource(5 * GIB, []);
  const stored = { key: "k", sizeBytes: source.sizeBytes, sha256: "", inline: null };
  const file = { index: 0, field: "f", declaredName: "dump.bin", declaredType: null, ...stored };
  const signal = new AbortController().signal;
  const report = await inspectFile({ file, rule: { types: "any" }, nameRequired: true, source, signal });
  assert.equal(report.verdict.outcome, "accept");
  assert.equal(report.verifiedType, null);
  assert.equal(report.stepsDone.size, 3);
  assert.equal(source.counts.reads, 0);
});
