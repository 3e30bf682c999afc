import assert from "node:assert/strict";
import { test } from "node:test";
import type { FieldRule } from "../flows/flow.ts";
import { GateError } from "../problems/gate-error.ts";
import { FieldText } from "./field-text.ts";

const rule: FieldRule = { lengthCharsMin: 0, lengthCharsMax: 5, countMax: 1, optional: false };
const read = (bytes: Uint8Array, own: Partial<FieldRule> = {}): string => {
  const field = new FieldText("caption", { ...rule, ...own });
  for (const byte of bytes) field.write(Uint8Array.of(byte));
  return field.finish();
};
const code =
  (expected: string) =>
  (error: unknown): boolean =>
    error instanceof GateError && error.code === expected;

test("a text at its limit passes, counted in code points however many bytes they take", () => {
  assert.equal(read(Buffer.from("ёжик😀")), "ёжик😀");
});

test("one character more is refused", () => {
  assert.throws(() => read(Buffer.from("abcdef")), code("FIELD_TOO_LONG"));
});

test("bytes beyond what any allowed text could have are refused while they arrive", () => {
  const field = new FieldText("caption", rule);
  field.write(new Uint8Array(20));
  assert.throws(() => field.write(new Uint8Array(1)), code("FIELD_TOO_LONG"));
});

test("an empty text passes unless the flow asks for more", () => {
  assert.equal(read(new Uint8Array()), "");
  assert.throws(() => read(new Uint8Array(), { lengthCharsMin: 1 }), code("FIELD_TOO_SHORT"));
});

test("line breaks and tabs are text; NUL, escape and broken UTF-8 are not", () => {
  assert.equal(read(Buffer.from("a\r\n\tb")), "a\r\n\tb");
  for (const bytes of [[0x61, 0x00], [0x1b, 0x5b], [0xc3], [0xff], [0xed, 0xa0, 0x80]]) {
    assert.throws(() => read(Uint8Array.from(bytes)), code("FIELD_NOT_TEXT"));
  }
});
