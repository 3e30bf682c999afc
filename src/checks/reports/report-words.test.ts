import assert from "node:assert/strict";
import { test } from "node:test";
import { HOSTILE_TEXTS, sampleRun } from "../../../fixtures/check-runs/sample-runs.ts";
import { headline, remediesFor, shellWord } from "./run-words.ts";
import { sayBytes, sayCount, sayElapsed, sayMoment } from "./say-figures.ts";
import { shownLine, shownLines, textOf } from "./shown-text.ts";
import { referenceOf } from "./standards.ts";
import { columnsOf, wrapAtMost, wrapColumns } from "./wrap-columns.ts";

test("sizes, times and counts are said as a person says them", () => {
  assert.deepEqual([0, 999, 1000, 999_940, 999_960, 12e6].map(sayBytes), [
    "0 B",
    "999 B",
    "1.0 kB",
    "999.9 kB",
    "1.0 MB",
    "12.0 MB",
  ]);
  assert.deepEqual([0, 999, 1000, 59_940, 60_000, 125_000].map(sayElapsed), [
    "0 ms",
    "999 ms",
    "1.0 s",
    "59.9 s",
    "1 min 0 s",
    "2 min 5 s",
  ]);
  assert.deepEqual([sayCount(1, "case"), sayCount(1204, "case")], ["1 case", "1,204 cases"]);
  assert.deepEqual(
    [sayMoment("2026-11-22T18:53:46Z"), sayMoment("never")],
    ["2026-11-22 18:53 UTC", "never"],
  );
});

test("a shown line is one printable line of bounded length", () => {
  for (const text of HOSTILE_TEXTS) assert.equal(/\p{C}/u.test(shownLine(text.repeat(1000))), false);
  assert.equal(shownLine("a\u202eb\u0000\n"), "a\\u202eb\\u0000\\u000a");
  assert.equal(shownLine("aaaa", 2), "aa… (2 characters more)");
  assert.deepEqual(shownLines("a\r\nb\nc\td", 100, 2), ["a", "b", "… 1 more lines"]);
});

test("bytes are shown as UTF-8 where they are that, else a character a byte", () => {
  assert.equal(textOf(Buffer.from("é").toString("base64")), "é");
  assert.equal(textOf(Buffer.from([0xe9, 0x41]).toString("base64")), "éA");
});

test("lines are wrapped by columns that a terminal uses, and long words are broken", () => {
  assert.equal(columnsOf("a漢e\u0301"), 4);
  assert.deepEqual(wrapColumns("one two three", 8), ["one two", "three"]);
  assert.deepEqual(wrapColumns("漢漢漢", 4), ["漢漢", "漢"]);
  assert.deepEqual(wrapAtMost("one two three four", 8, 2), ["one two", "three …"]);
});

test("a word for a shell stays one word", () => {
  assert.equal(shellWord("run/UPL-TR-01/4"), "run/UPL-TR-01/4");
  assert.equal(shellWord("a'b $(c)"), "'a'\\''b $(c)'");
  assert.equal(shellWord(""), "''");
});

test("the remedy at hand comes first: the gate's where it is in front, else the framework's", () => {
  const run = sampleRun();
  const remedy = run.results[0]?.remedy ?? null;
  const order = (changes: Partial<(typeof run)["target"]>) =>
    remediesFor({ ...run, target: { ...run.target, ...changes } }, remedy).map(({ key }) => key);
  assert.deepEqual(order({}), ["fastapi", "gate", "django", "flask"]);
  assert.deepEqual(order({ framework: "flask", front: "sluicegate" }), [
    "gate",
    "flask",
    "fastapi",
    "django",
  ]);
  assert.deepEqual(order({ framework: null }), ["gate", "fastapi", "django", "flask"]);
  assert.deepEqual(remediesFor(run, null), []);
});

test("a standard has its name, and an address where there is one that lasts", () => {
  assert.deepEqual(referenceOf("v5.0.0-5.2.1"), { name: "OWASP ASVS 5.0.0, 5.2.1", href: null });
  assert.equal(referenceOf("CWE-770").href, "https://cwe.mitre.org/data/definitions/770.html");
  assert.equal(referenceOf("CVE-2026-53537").href, "https://www.cve.org/CVERecord?id=CVE-2026-53537");
  assert.deepEqual(referenceOf('CVE-2026-1"onload="x'), { name: 'CVE-2026-1"onload="x', href: null });
});

test("why a run ended early is told once", () => {
  const stopped = { kind: "cap", sentence: "The cap is used up: 60 s." } as const;
  const told = (sentence: string) => headline(sampleRun({ sentence, stopped }));
  assert.deepEqual(told("documents breaks 1 of 2. The cap is used up: 60 s."), {
    sentence: "documents breaks 1 of 2.",
    stop: stopped.sentence,
  });
  assert.deepEqual(told(stopped.sentence), { sentence: stopped.sentence, stop: null });
  assert.deepEqual(headline(sampleRun({ sentence: "All kept." })), { sentence: "All kept.", stop: null });
});
