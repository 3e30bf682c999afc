import assert from "node:assert/strict";
import { test } from "node:test";
import { quoteSeen } from "../problems/gate-error.ts";
import { printableJson, printableLines, printableWord } from "./printable.ts";

const HOSTILE = [
  "\u001b[2J",
  "\r",
  "\u0007",
  "\u202e",
  "\u061c",
  "\u180e",
  "\ufff9",
  "\u{e0041}",
  "\u2028",
  "\u200b",
  "\ud800",
];

test("nothing that a client chose acts on a terminal, however it is printed", () => {
  for (const text of HOSTILE) {
    for (const printed of [printableLines(`a${text}b`), printableWord(`a${text}b`), quoteSeen(`a${text}b`)]) {
      assert.doesNotMatch(printed, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u, JSON.stringify(text));
      assert.match(printed, /a\\.*b/s);
    }
  }
});

test("what is escaped in JSON is the same value", () => {
  for (const text of HOSTILE) assert.equal(JSON.parse(printableLines(JSON.stringify({ text }))).text, text);
  for (const text of HOSTILE) assert.equal(JSON.parse(printableJson(text)), text);
});

test("a command's own lines, tabs and letters of every language stay", () => {
  const lines = "time\tid\n名前 🙂 naïve — «quoted»";
  assert.equal(printableLines(lines), lines);
  assert.equal(quoteSeen("naïve 🙂.png"), '"naïve 🙂.png"');
});
