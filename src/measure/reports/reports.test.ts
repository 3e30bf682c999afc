import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import {
  STEADY_ARM as A,
  QUIET_HOST,
  simulatedInput,
  simulatedPairs,
} from "../../../test/measure/simulated-run.ts";
import { columnsOf } from "../../checks/reports/wrap-columns.ts";
import type { Comparison } from "../comparison.ts";
import { judgeComparison } from "../judge/judge-comparison.ts";
import { summariseMeasurement } from "../judge/summarise-measurement.ts";
import type { Measurement } from "../measurement.ts";
import { htmlComparison } from "./html-comparison.ts";
import { markdownComparison } from "./markdown-comparison.ts";
import { markdownMeasurement } from "./markdown-measurement.ts";
import { terminalComparison } from "./terminal-comparison.ts";
import { terminalMeasurement } from "./terminal-measurement.ts";

const HOST = { ...QUIET_HOST, pairs: 10, segmentNoise: 0.01 };
const PAIRS = simulatedPairs({ ...A, databaseCalls: 41 }, { ...A, medianMs: 150, databaseCalls: 3 }, HOST, 3);
const FASTER = judgeComparison(simulatedInput(PAIRS, { seed: 3, expected: -0.25 }));
const PLAIN = { columns: 80, isColoured: false, reportPath: null };

/** As a target or a fingerprint might name itself. */
const NASTY = "<script>alert(1)</script>\"' |`[x](http://evil.example) @everyone \u001b[2J\u202e";
const HOSTILE: Comparison = {
  ...FASTER,
  flow: NASTY,
  sentence: NASTY,
  reasons: [NASTY],
  variable: NASTY,
  differing: [{ key: NASTY, a: NASTY, b: NASTY }],
  unseen: [NASTY],
  commands: [NASTY],
  rollback: NASTY,
  arms: { a: { ...FASTER.arms.a, label: NASTY, target: NASTY }, b: { ...FASTER.arms.b, label: NASTY } },
};

function measurement(): Measurement {
  const [first] = PAIRS;
  assert.ok(first !== undefined);
  const plan = {
    ratePerSecond: 20,
    requests: 100,
    warmUpRequests: 10,
    seed: 1,
    phase: "cold" as const,
    repeatShare: 0.1,
    timeoutMs: 30_000,
    requestsMax: 100,
    sentBytesMax: 1e9,
    elapsedMsMax: 60_000,
  };
  return {
    version: 1,
    id: "20261122-190512-x7q2",
    flow: "avatar",
    label: "before",
    target: "http://127.0.0.1:8000/api/avatar",
    startedAtMs: 0,
    elapsedMs: 5000,
    program: "sluicegate 1.0.0",
    plan,
    fingerprint: { values: {} },
    health: first.a.health,
    evidenceSha256: "0".repeat(64),
    ...summariseMeasurement(first.a.requests, first.a.health, plan),
  };
}

test("the terminal tells the verdict first, then the four rows, within its width", () => {
  for (const columns of [60, 80, 120]) {
    const lines = terminalComparison(FASTER, { ...PLAIN, columns }).split("\n");
    assert.match(lines[0] ?? "", /^▼ FASTER: service time/);
    for (const line of lines) assert.ok(columnsOf(line) <= columns, `${columns}: ${line}`);
    const text = lines.join("\n");
    for (const name of ["Response time", "Errors", "Cache", "Database calls"])
      assert.ok(text.includes(name), name);
    assert.ok(text.includes("41") && text.includes("✓ better"));
  }
});

test("nothing of a target acts on the terminal", () => {
  const text = terminalComparison(HOSTILE, PLAIN);
  assert.ok(!text.includes("\u001b") && !text.includes("\u202e"));
});

test("Markdown has the sentence, a table of four rows that reads well as it is, and the way back", () => {
  const text = markdownComparison(FASTER);
  assert.match(text, /^### ▼ FASTER: service time/);
  assert.match(text, /\| \*\*Database calls\*\* \| 41 \| 3 \| −38 \|/);
  assert.ok(text.includes("git revert 9f8e7d6  # the way back"));
});

test("nothing of a target becomes markup in Markdown", () => {
  const text = markdownComparison(HOSTILE);
  assert.ok(!text.includes("<script>") || text.indexOf("<script>") > text.indexOf("```sh"));
  assert.ok(!/(^|[^`])@everyone/.test(text.replace(/```sh[\s\S]*?```/g, "")));
  for (const line of text.replace(/```sh[\s\S]*?```/g, "").split("\n"))
    assert.ok(!line.includes("](http"), line);
});

test("the page runs and loads nothing but its own style and script", () => {
  const page = htmlComparison(FASTER);
  const policy = /Content-Security-Policy" content="([^"]+)"/.exec(page)?.[1] ?? "";
  const hashOf = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
  const style = /<style>([\s\S]*?)<\/style>/.exec(page)?.[1] ?? "";
  const script = /<script>([\s\S]*?)<\/script>/.exec(page)?.[1] ?? "";
  assert.ok(policy.startsWith("default-src 'none'"));
  assert.ok(policy.includes(hashOf(style)) && policy.includes(hashOf(script)));
  assert.ok(!/ style="| on\w+="|<img|<link|https?:\/\/(?!127\.0\.0\.1)/.test(page.replace(script, "")));
});

test("nothing of a target becomes markup on the page", () => {
  const page = htmlComparison(HOSTILE);
  assert.equal(page.match(/<script>/g)?.length, 1);
  assert.ok(!page.includes("\u202e") && !page.includes("\u001b"));
});

test("the strip has a dot for each pair that counts, inside of the picture", () => {
  const page = htmlComparison(FASTER);
  const places = [...page.matchAll(/<circle class="dot[^"]*" cx="([\d.]+)%"/g)].map((match) =>
    Number(match[1]),
  );
  assert.equal(places.length, FASTER.pairs.filter(({ change }) => change !== null).length);
  assert.ok(places.every((place) => place > 0 && place < 100));
});

test("a comparison without pairs, effects and times still makes all three reports", () => {
  const empty = judgeComparison(simulatedInput([], { seed: 1, rollback: null, commands: [] }));
  assert.ok(!htmlComparison(empty).includes("<svg"));
  assert.ok(terminalComparison(empty, PLAIN).includes("INCONCLUSIVE"));
  assert.ok(markdownComparison(empty).includes("not seen"));
  assert.ok(!/NaN|undefined|Infinity/.test(htmlComparison(empty) + markdownComparison(empty)));
});

test("reports of what was kept as JSON are the same", () => {
  const kept = JSON.parse(JSON.stringify(FASTER)) as Comparison;
  assert.equal(htmlComparison(kept), htmlComparison(FASTER));
});

test("a measurement is told in one sentence and its numbers", () => {
  const text = terminalMeasurement(measurement(), PLAIN);
  assert.match(text, /^avatar: p50 \d+ ms, errors 0 of 100, 41 database calls\.|^avatar: p50 \d+ ms, p95/);
  for (const name of ["Response time", "Whole time", "Errors", "Cache", "Database calls"])
    assert.ok(text.includes(name));
  for (const line of text.split("\n")) assert.ok(columnsOf(line) <= 80, line);
  assert.match(markdownMeasurement(measurement()), /\| \*\*Errors\*\* \| 0 of 100 requests \(0 %\) \|/);
});

test("a measurement that does not count says so first", () => {
  const broken = { ...measurement(), invalid: ["This machine is too busy to measure."] };
  assert.match(
    terminalMeasurement(broken, PLAIN),
    /^avatar: this measurement does not count\. This machine is too busy/,
  );
});
