/**
 * What inspection does with files that nobody made on purpose: cut anywhere, changed anywhere, random.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import { BAD_ARCHIVES } from "../../fixtures/files/bad-archives.ts";
import { BAD_DOCUMENTS } from "../../fixtures/files/bad-documents.ts";
import { BAD_IMAGES } from "../../fixtures/files/bad-images.ts";
import type { ByteSource } from "../uploads/byte-source.ts";
import { FILE_TYPES } from "../uploads/file-types.ts";
import type { InspectionReport } from "../uploads/stages.ts";
import { ByteReader } from "./byte-reader.ts";
import { flawFinding } from "./flaw.ts";
import { proveContent } from "./identify/prove-content.ts";
import { findSecondFormats } from "./identify/second-format.ts";
import { familyOf, readSignature } from "./identify/signature.ts";
import { inspectFile } from "./inspect-file.ts";

const FIXTURES = resolve(import.meta.dirname, "../../fixtures/files");
const GOOD: Readonly<Record<string, string>> = JSON.parse(readFileSync(join(FIXTURES, "good.json"), "utf8"));
const ALL_TYPES = FILE_TYPES.map(({ mediaType }) => mediaType);
const good = (name: string): Buffer => readFileSync(join(FIXTURES, "good", name));

const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
console.log(`seed ${seed}`);

/** mulberry32. */
function randomFrom(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A source that keeps the contract of `ByteSource` to the letter: what it gave is overwritten at the next read. */
function strictSource(bytes: Buffer): ByteSource & { bytesRead: number } {
  let last = Buffer.alloc(0);
  const source = {
    sizeBytes: bytes.length,
    bytesRead: 0,
    read: async (offset: number, lengthBytes: number) => {
      last.fill(0xaa);
      last = Buffer.from(bytes.subarray(offset, offset + lengthBytes));
      source.bytesRead += last.length;
      return last;
    },
    close: async () => {},
  };
  return source;
}

function inspect(
  bytes: Buffer,
  name: string | null,
  types: readonly string[] = ALL_TYPES,
): Promise<InspectionReport> {
  const stored = { key: "k", sizeBytes: bytes.length, sha256: "", inline: null };
  return inspectFile({
    file: { index: 0, field: "file", declaredName: name, declaredType: null, ...stored },
    rule: { types },
    nameRequired: false,
    source: strictSource(bytes),
    signal: new AbortController().signal,
  });
}

/** Files up to this size are cut at every length, larger ones at random lengths. */
const EVERY_LENGTH_BYTES_MAX = 2000;

const isText = (name: string): boolean => familyOf(GOOD[name] ?? "") === "text";

/** Lengths at which a file is a whole file of its type although it is not the original. */
function wholePrefixes(name: string, bytes: Buffer): ReadonlySet<number> {
  const lengths = new Set<number>();
  const text = bytes.toString("latin1");
  // A revision of a PDF ends with %%EOF, and the line end after it is white space.
  if (name.startsWith("pdf-"))
    for (const match of text.matchAll(/%%EOF\s*/g)) addRange(lengths, match.index + 5, match[0].length - 5);
  if (name === "jpeg-zero-padding.jpg") addRange(lengths, bytes.length - 512, 512);
  if (name === "jpeg-listed-pictures.jpg") addRange(lengths, text.indexOf("\xff\xd9") + 2, 0);
  if (name.startsWith("mp4-")) addBoxEnds(lengths, bytes);
  return lengths;
}

function addRange(lengths: Set<number>, from: number, count: number): void {
  for (let length = from; length <= from + count; length += 1) lengths.add(length);
}

/** After the first `moov` and `mdat`, a film ends at every box. */
function addBoxEnds(lengths: Set<number>, bytes: Buffer): void {
  const seen = new Set<string>();
  for (let at = 0; at < bytes.length; at += bytes.readUInt32BE(at)) {
    if (seen.has("moov") && seen.has("mdat")) lengths.add(at);
    seen.add(bytes.toString("latin1", at + 4, at + 8));
  }
}

for (const name of Object.keys(GOOD).filter(
  (file) => !isText(file) && good(file).length <= EVERY_LENGTH_BYTES_MAX,
)) {
  test(`${name} is not accepted when it is cut, at any length`, async () => {
    const bytes = good(name);
    const whole = wholePrefixes(name, bytes);
    for (let length = 0; length < bytes.length; length += 1) {
      const report = await inspect(bytes.subarray(0, length), name);
      if (report.verdict.outcome === "accept") assert.ok(whole.has(length), `accepted when cut at ${length}`);
    }
  });
}

test("files that are too large to be cut at every length are not accepted when cut at random ones", async () => {
  const random = randomFrom(seed);
  for (const name of Object.keys(GOOD).filter(
    (file) => !isText(file) && good(file).length > EVERY_LENGTH_BYTES_MAX,
  )) {
    const bytes = good(name);
    const whole = wholePrefixes(name, bytes);
    for (let round = 0; round < 60; round += 1) {
      const length = Math.floor(random() * bytes.length);
      const report = await inspect(bytes.subarray(0, length), name);
      assert.ok(
        report.verdict.outcome === "reject" || whole.has(length),
        `${name} accepted when cut at ${length}`,
      );
    }
  }
});

test("JSON is not accepted when it is cut inside, and text never when it is cut inside a character", async () => {
  for (const name of ["json-object.json", "json-escapes.json", "json-literals.json", "json-deep.json"]) {
    const bytes = good(name);
    for (let length = 0; length < bytes.length; length += 1) {
      assert.equal(
        (await inspect(bytes.subarray(0, length), name)).verdict.outcome,
        "reject",
        `${name} at ${length}`,
      );
    }
  }
  const text = Buffer.from("ü".repeat(3000));
  for (const length of [1, 4095, 4097, 5999]) {
    assert.equal((await inspect(text.subarray(0, length), "a.txt")).verdict.outcome, "reject");
  }
});

/** Walks like `inspectFile` and gives the steps it took; a flaw is an answer, anything else that is thrown is a bug. */
async function stepsFor(bytes: Buffer): Promise<{ steps: number; bytesRead: number }> {
  const { family } = readSignature(bytes.subarray(0, 4096), bytes.length <= 4096);
  const source = strictSource(bytes);
  const reader = new ByteReader(source, new AbortController().signal);
  try {
    if (family !== null) {
      const proof = await proveContent(reader, family, null, ALL_TYPES);
      await findSecondFormats(reader, family, proof.archive);
    }
  } catch (error) {
    if (flawFinding(error) === null) throw error;
  }
  return { steps: reader.stepsUsed, bytesRead: source.bytesRead };
}

function mutated(bytes: Buffer, random: () => number): Buffer {
  const copy = Buffer.from(bytes);
  const changes = 1 + Math.floor(random() * 4);
  for (let change = 0; change < changes; change += 1) {
    const at = Math.floor(random() * copy.length);
    const kind = random();
    if (kind < 0.4) copy[at] = Math.floor(random() * 256);
    else if (kind < 0.7) copy[at] = (copy[at] ?? 0) ^ (1 << Math.floor(random() * 8));
    else if (kind < 0.85) copy.fill(random() < 0.5 ? 0xff : 0, at, Math.min(at + 4, copy.length));
    else copy.copyWithin(at, Math.floor(random() * copy.length), Math.floor(random() * copy.length));
  }
  return copy;
}

test("mutated files throw nothing unexpected, and cost no more steps and reads than their size allows", async () => {
  const random = randomFrom(seed);
  const names = Object.keys(GOOD);
  const bad = [...BAD_ARCHIVES, ...BAD_IMAGES, ...BAD_DOCUMENTS]
    .map(({ bytes }) => bytes())
    .filter((bytes) => bytes.length < 50_000);
  const originals = [...names.map(good), ...bad];
  for (let round = 0; round < 5_000; round += 1) {
    const original = originals[round % originals.length] ?? Buffer.alloc(0);
    if (original.length === 0) continue;
    const { steps, bytesRead } = await stepsFor(mutated(original, random));
    assert.ok(steps <= 64 + original.length, `round ${round}: ${steps} steps for ${original.length} bytes`);
    assert.ok(
      bytesRead <= 1_000_000 + 64 * original.length,
      `round ${round}: ${bytesRead} bytes read of ${original.length}`,
    );
  }
});

test("every single bit of a small PNG matters, but for those of ancillary meaning that the CRC covers too", async () => {
  const bytes = good("png-bilevel.png");
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const flipped = Buffer.from(bytes);
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.equal((await inspect(flipped, "a.png")).verdict.outcome, "reject", `bit ${bit}`);
  }
});

/** A PNG whose compressed data, a JPEG whose scan, a GIF whose blocks are random: what honest files look like to a search. */
function randomPng(data: Buffer): Buffer {
  const image = good("png-rgb.png");
  const chunk = Buffer.concat([Buffer.alloc(4), Buffer.from("IDAT"), data, Buffer.alloc(4)]);
  chunk.writeUInt32BE(data.length, 0);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, 8 + data.length)), 8 + data.length);
  return Buffer.concat([image.subarray(0, 33), chunk, image.subarray(-12)]);
}

function randomJpeg(data: Buffer): Buffer {
  const image = good("jpeg-baseline.jpg");
  const scanAt = image.indexOf("\xff\xda", 0, "latin1");
  const stuffed = Buffer.from(data.map((byte) => (byte === 0xff ? 0xfe : byte)));
  return Buffer.concat([
    image.subarray(0, scanAt + 2 + image.readUInt16BE(scanAt + 2)),
    stuffed,
    image.subarray(-2),
  ]);
}

function randomGif(data: Buffer): Buffer {
  const blocks: Buffer[] = [];
  for (let at = 0; at < data.length; at += 255) {
    const block = data.subarray(at, at + 255);
    blocks.push(Buffer.from([block.length]), block);
  }
  const head = Buffer.from("GIF89a\x10\0\x10\0\0\0\0\x2c\0\0\0\0\x10\0\x10\0\0\x08", "latin1");
  return Buffer.concat([head, ...blocks, Buffer.from([0, 0x3b])]);
}

function randomWebp(data: Buffer): Buffer {
  const image = good("webp-lossy.webp");
  const even = data.subarray(0, data.length & ~1);
  const whole = Buffer.concat([image.subarray(0, 30), even]);
  whole.writeUInt32LE(whole.length - 8, 4);
  whole.writeUInt32LE(whole.length - 20, 16);
  return whole;
}

test("of 240 honest images with random compressed data not one is taken for a polyglot", async () => {
  for (let round = 0; round < 60; round += 1) {
    const data = randomBytes(200_000 + 1000 * round);
    const made = {
      "a.png": randomPng(data),
      "a.jpg": randomJpeg(data),
      "a.gif": randomGif(data),
      "a.webp": randomWebp(data),
    };
    for (const [name, bytes] of Object.entries(made)) {
      const report = await inspect(bytes, name);
      assert.equal(
        report.verdict.outcome,
        "accept",
        `${name}: ${report.findings.map(({ code, seen }) => `${code} ${seen}`)}`,
      );
    }
  }
});
