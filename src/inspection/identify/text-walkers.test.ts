import assert from "node:assert/strict";
import { isUtf8 } from "node:buffer";
import { test } from "node:test";
import { GateError } from "../../problems/gate-error.ts";
import { findForbidden } from "./control-bytes.ts";
import { JsonCheck } from "./json-check.ts";
import { canBeText, TextCheck } from "./text.ts";

const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
console.log(`seed ${seed}`);

function randomFrom(start: number): (below: number) => number {
  let state = start >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Cuts bytes at random places, among them empty pieces. */
function pieces(bytes: Buffer, random: (below: number) => number): Buffer[] {
  const cut: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = random(4) === 0 ? 0 : 1 + random(random(3) === 0 ? 40 : 4);
    cut.push(bytes.subarray(at, at + length));
    at += length;
  }
  return cut;
}

function codeOf(run: () => void): string | null {
  try {
    run();
    return null;
  } catch (error) {
    if (!(error instanceof GateError)) throw error;
    return error.code;
  }
}

function feed(
  bytes: Buffer,
  random: (below: number) => number,
  take: (piece: Buffer, offset: number) => void,
): void {
  let offset = 0;
  for (const piece of pieces(bytes, random)) {
    take(piece, offset);
    offset += piece.length;
  }
}

const TOKENS = [
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  '"a"',
  '"\\u00e9\\n"',
  '"\\x"',
  "1",
  "-0.5e+3",
  "01",
  "1.",
  "true",
  "nul",
  "null",
  " ",
  "\n",
  "é",
  '"',
  "\t",
  "+",
  "-",
  "e5",
];

test("JSON is judged as JSON.parse judges it, however it is cut", () => {
  const random = randomFrom(seed);
  let valid = 0;
  for (let round = 0; round < 30_000; round += 1) {
    const text = Array.from({ length: 1 + random(9) }, () => TOKENS[random(TOKENS.length)] ?? "").join("");
    const check = new JsonCheck();
    const code = codeOf(() => feed(Buffer.from(text), random, (piece, offset) => check.push(piece, offset)));
    const isAccepted = code === null && check.isWhole();
    assert.equal(isAccepted, isJson(text), JSON.stringify(text));
    valid += isAccepted ? 1 : 0;
  }
  assert.ok(valid > 500, `only ${valid} valid samples`);
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

test("generated JSON documents of every kind of value are whole at their end and not before", () => {
  const random = randomFrom(seed + 1);
  for (let round = 0; round < 2_000; round += 1) {
    const text = JSON.stringify(randomValue(random, 4), null, random(3));
    const check = new JsonCheck();
    feed(Buffer.from(text), random, (piece, offset) => check.push(piece, offset));
    assert.ok(check.isWhole(), text);
  }
});

function randomValue(random: (below: number) => number, depth: number): unknown {
  const kind = random(depth === 0 ? 5 : 7);
  if (kind === 5) return Array.from({ length: random(4) }, () => randomValue(random, depth - 1));
  if (kind === 6)
    return Object.fromEntries(
      Array.from({ length: random(4) }, (_, at) => [`k"${at}`, randomValue(random, depth - 1)]),
    );
  return [null, true, random(1e9) / 7 - 1e7, -random(100), `ü"\\\n😀${random(99)}`][kind];
}

const UTF8_BITS = ["a", "ü", "€", "😀", "\n"];
const WRONG_BITS = ["\xff", "\xc0\x80", "\xed\xa0\x80", "\xe2\x82", "\xf0\x9f", "\x80", "\xf5\x80\x80\x80"];

test("UTF-8 is judged as the platform judges it, however it is cut, and the offset is that of the first wrong character", () => {
  const random = randomFrom(seed + 2);
  for (let round = 0; round < 20_000; round += 1) {
    const bits = Array.from({ length: random(20) }, () =>
      Buffer.from(UTF8_BITS[random(UTF8_BITS.length)] ?? ""),
    );
    const valid = Buffer.concat(bits);
    const wrong =
      random(3) === 0 ? Buffer.from(WRONG_BITS[random(WRONG_BITS.length)] ?? "", "latin1") : Buffer.alloc(0);
    const bytes = Buffer.concat([valid, wrong, Buffer.from(random(2) === 0 ? "" : "tail")]);
    const check = new TextCheck();
    let offset: unknown = null;
    try {
      feed(bytes, random, (piece, at) => check.push(piece, at));
      check.end(bytes.length);
    } catch (error) {
      offset = error instanceof GateError ? error.details.byteOffset : error;
    }
    assert.equal(offset === null, isUtf8(bytes), bytes.toString("hex"));
    assert.equal(offset, isUtf8(bytes) ? null : valid.length, bytes.toString("hex"));
  }
});

test("forbidden control bytes are found at every place and alignment, and no other byte is", () => {
  for (let length = 0; length < 40; length += 1) {
    for (let start = 0; start < 5; start += 1) {
      const bytes = Buffer.alloc(64, 0x61).subarray(start, start + length);
      assert.equal(findForbidden(bytes), -1);
      for (let at = 0; at < length; at += 1) {
        bytes[at] = 0x0b;
        if (at + 1 < length) bytes[at + 1] = 0;
        assert.equal(findForbidden(bytes), at, `${start} ${length} ${at}`);
        bytes.fill(0x61);
      }
    }
  }
  for (let byte = 0; byte < 256; byte += 1) {
    const isBad = byte < 0x20 && ![0x09, 0x0a, 0x0c, 0x0d].includes(byte);
    assert.equal(findForbidden(Buffer.from([0x61, byte, 0x61, 0x61, 0x61, byte])), isBad ? 1 : -1, `${byte}`);
  }
});

test("the head of a text may be cut inside a character, but not a whole text", () => {
  const euro = Buffer.from("a€");
  assert.ok(canBeText(euro.subarray(0, 3), false));
  assert.ok(!canBeText(euro.subarray(0, 3), true));
  assert.ok(canBeText(euro, true));
  assert.ok(!canBeText(Buffer.from("a\xffb", "latin1"), false));
});

test("arrays and objects may be 512 deep and not 513", () => {
  const deep = (depth: number): string | null =>
    codeOf(() => new JsonCheck().push(Buffer.from("[".repeat(depth)), 0));
  assert.equal(deep(512), null);
  assert.equal(deep(513), "FILE_TOO_COMPLEX");
});
