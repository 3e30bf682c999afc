import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { test } from "node:test";
import { newUploadId } from "../uploads/upload-id.ts";
import { entropyBits, isInOrder } from "./id-strength.ts";

const sample = (make: (at: number) => string): string[] => Array.from({ length: 50 }, (_, at) => make(at));

/** A ULID or UUID of version 7 at so many milliseconds: the time first, then `tail`. */
const timed = (at: number, tail: string): string =>
  (1_700_000_000_000 + 3 * at).toString(16).padStart(12, "0") + tail;

for (const [name, make] of [
  ["random UUIDs", () => randomUUID()],
  ["16 random bytes in hexadecimal", () => randomBytes(16).toString("hex")],
  ["16 random bytes in base64url", () => randomBytes(16).toString("base64url")],
  ["this product's own ids", () => newUploadId()],
] as const) {
  test(`${name} cannot be guessed`, () => {
    const ids = sample(make);
    assert.ok(entropyBits(ids) >= 120, `${entropyBits(ids)} bits in ${ids.join(" ")}`);
    assert.equal(isInOrder(ids), false);
  });
}

for (const [name, make] of [
  ["a counter", (at: number) => String(995 + at)],
  ["a counter counted down", (at: number) => String(5000 - at)],
  ["the time with a counter", (at: number) => timed(at, String(at).padStart(6, "0"))],
  ["the time with 80 random bits", (at: number) => timed(at, randomBytes(10).toString("hex"))],
] as const) {
  test(`${name} is neither random enough nor without order`, () => {
    const ids = sample(make);
    assert.ok(entropyBits(ids) < 120, `${entropyBits(ids)} bits`);
    assert.equal(isInOrder(ids), true);
  });
}

test("64 random bits are too few", () => {
  const bits = entropyBits(sample(() => randomBytes(8).toString("hex")));
  assert.ok(bits > 55 && bits < 70, `${bits}`);
});
