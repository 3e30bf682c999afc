import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { GateError } from "../../problems/gate-error.ts";
import { readKey } from "./read-key.ts";

/** Structured Fields string. @see RFC 9651 section 4.1.6 */
const quoted = (key: string): string => `"${key.replace(/["\\]/g, "\\$&")}"`;

test("a string in quotes and a bare token are the same key", () => {
  for (const [written, key] of [
    ['"8e03978e-40d5-43dd-bc93-6894a57f9324"', "8e03978e-40d5-43dd-bc93-6894a57f9324"],
    ["8e03978e-40d5-43dd-bc93-6894a57f9324", "8e03978e-40d5-43dd-bc93-6894a57f9324"],
    [" \t abc\t ", "abc"],
    [' "abc" ', "abc"],
    ['" a "', " a "],
    ['"a\\"b\\\\c"', 'a"b\\c'],
    ['"a,b;c"', "a,b;c"],
    ["YWJj+/==", "YWJj+/=="],
    ["a\\b", "a\\b"],
    ["~!#$%&()*+-./:<=>?@[]^_`{|}", "~!#$%&()*+-./:<=>?@[]^_`{|}"],
    ["k".repeat(255), "k".repeat(255)],
    [`"${"\\\\".repeat(255)}"`, "\\".repeat(255)],
  ] as const) {
    assert.equal(readKey([written]), key, written);
  }
});

test("anything else is refused, with what is wrong and without the key", () => {
  for (const [values, seen] of [
    [["abc", "abc"], "2 headers"],
    [[], "0 headers"],
    [[""], "an empty key"],
    [["  "], "an empty key"],
    [['""'], "an empty key"],
    [["k".repeat(256)], "256 characters"],
    [[`"${"k".repeat(256)}"`], "256 characters"],
    [["abc,def"], "the character U+002C at position 4, which a key without quotes cannot have"],
    [["abc;p=1"], "the character U+003B at position 4, which a key without quotes cannot have"],
    [["abc def"], "the character U+0020 at position 4, which a key without quotes cannot have"],
    [["'abc'"], "the character U+0027 at position 1, which a key without quotes cannot have"],
    [['ab"c'], "the character U+0022 at position 3, which a key without quotes cannot have"],
    [["caf\u00e9"], "the character U+00E9 at position 4, which a key without quotes cannot have"],
    [['"abc'], "no closing quote"],
    [['"abc\\"'], "no closing quote"],
    [['"'], "no closing quote"],
    [['"abc\\'], "a backslash before something other than a quote or a backslash"],
    [['"a\\bc"'], "a backslash before something other than a quote or a backslash"],
    [['"a\u00e9"'], "the character U+00E9 at position 3"],
    [['"a\tb"'], "the character U+0009 at position 3"],
    [['"a\u007f"'], "the character U+007F at position 3"],
    [['"abc", "def"'], "a list"],
    [['"abc",'], "a list"],
    [['"abc";v=1'], "a parameter after the key"],
    [['"abc" ;v=1'], "a parameter after the key"],
    [['"abc"def'], "more characters after the closing quote"],
    [['"abc""def"'], "more characters after the closing quote"],
  ] as const) {
    assert.throws(
      () => readKey(values),
      (error) => {
        assert.ok(error instanceof GateError);
        assert.equal(error.code, "IDEMPOTENCY_KEY_INVALID");
        assert.equal(error.status, 400);
        assert.equal(error.seen, seen, JSON.stringify(values));
        return true;
      },
    );
  }
});

test("every key comes back from its quoted form, and from its bare form where it has one", (t) => {
  const seed = Date.now() & 0x7fffffff;
  t.diagnostic(`seed ${seed}`);
  const keys = fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 255 });
  fc.assert(
    fc.property(keys, (key) => {
      assert.equal(readKey([quoted(key)]), key);
      if (!/[\s,;"']/.test(key)) assert.equal(readKey([key]), key);
    }),
    { seed, numRuns: 2_000 },
  );
});

test("any value is a key of 1 to 255 printable characters or a 400, and a quoted one is written in one way only", (t) => {
  const seed = Date.now() & 0x7fffffff;
  t.diagnostic(`seed ${seed}`);
  const piece = fc.oneof(
    fc.constantFrom('"', "\\", '\\"', "\\\\", ",", ";", " ", "\t", "a", "Z", "\u0000", "\u00ff", "'"),
    fc.string({ unit: "binary", maxLength: 3 }),
    fc.string({ unit: "grapheme-ascii", maxLength: 100 }),
  );
  const values = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(""));
  fc.assert(
    fc.property(
      fc.oneof(
        values,
        values.map((text) => `"${text}"`),
      ),
      (value) => {
        const key = keyOrNull(value);
        if (key === null) return;
        assert.match(key, /^[\x20-\x7e]{1,255}$/);
        const text = value.replace(/^[ \t]+|[ \t]+$/g, "");
        assert.equal(text.startsWith('"') ? quoted(key) : key, text);
      },
    ),
    { seed, numRuns: 5_000 },
  );
});

function keyOrNull(value: string): string | null {
  try {
    return readKey([value]);
  } catch (error) {
    assert.ok(error instanceof GateError && error.code === "IDEMPOTENCY_KEY_INVALID", String(error));
    return null;
  }
}
