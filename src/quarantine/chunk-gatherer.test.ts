import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { ChunkGatherer } from "./chunk-gatherer.ts";

const bufferBytes = (chunks: readonly Uint8Array[]): number =>
  [...new Set(chunks.map(({ buffer }) => buffer))].reduce((total, { byteLength }) => total + byteLength, 0);

test("a byte at a time is held in few buffers, not in an object a byte", () => {
  const bytes = randomBytes(60_000);
  const gatherer = new ChunkGatherer();
  for (let index = 0; index < bytes.length; index += 1) gatherer.add(bytes.subarray(index, index + 1));
  assert.equal(gatherer.totalBytes, 60_000);
  const chunks = gatherer.take();
  assert.ok(chunks.length <= 4, `${chunks.length} chunks`);
  assert.ok(bufferBytes(chunks) <= 64 * 1024, `${bufferBytes(chunks)} bytes held`);
  assert.deepEqual(Buffer.concat(chunks), bytes);
});

test("a large view is held without a copy", () => {
  const slab = randomBytes(65_536);
  const gatherer = new ChunkGatherer();
  const view = slab.subarray(200, 65_000);
  gatherer.add(view);
  assert.equal(gatherer.take()[0], view);
});

test("a view does not keep a much larger buffer alive", () => {
  const slab = new Uint8Array(1_000_000);
  const gatherer = new ChunkGatherer();
  gatherer.add(slab.subarray(0, 5000));
  gatherer.add(Buffer.from(slab.buffer, 0, 5000));
  gatherer.add(slab.subarray(0, 100));
  assert.ok(bufferBytes(gatherer.take()) < 30_000);
});

test("small and large chunks stay in order, also across takes", () => {
  const gatherer = new ChunkGatherer();
  const sent: Buffer[] = [];
  const got: Uint8Array[] = [];
  for (let round = 0; round < 300; round += 1) {
    const chunk = randomBytes([1, 5000, 17, 0, 4095, 4096, 30_000][round % 7] ?? 0);
    sent.push(chunk);
    gatherer.add(chunk);
    if (round % 11 === 0) got.push(...gatherer.take());
  }
  got.push(...gatherer.take());
  assert.deepEqual(Buffer.concat(got), Buffer.concat(sent));
});

test("what was taken does not change when more is added", () => {
  const gatherer = new ChunkGatherer();
  gatherer.add(Buffer.from("first"));
  const taken = gatherer.take();
  gatherer.add(Buffer.from("second"));
  assert.equal(Buffer.concat(taken).toString(), "first");
  assert.equal(Buffer.concat(gatherer.take()).toString(), "second");
});

test("joined bytes own their whole buffer", () => {
  const gatherer = new ChunkGatherer();
  gatherer.add(Buffer.from("some "));
  gatherer.add(Buffer.from("text"));
  const joined = gatherer.takeJoined();
  assert.equal(Buffer.from(joined).toString(), "some text");
  assert.equal(joined.buffer.byteLength, 9);
  assert.equal(gatherer.totalBytes, 0);
  assert.equal(gatherer.takeJoined().byteLength, 0);
});
