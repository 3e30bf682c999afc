import assert from "node:assert/strict";
import { test } from "node:test";
import type { DrillReport } from "../drill.ts";
import { drillMarkdown } from "./drill-markdown.ts";
import { drillTerminal } from "./drill-terminal.ts";

const REPORT: DrillReport = {
  version: 1,
  flow: "avatars",
  kind: "upstream-down",
  startedAtMs: Date.UTC(2026, 10, 22, 19, 5),
  elapsedMs: 4321,
  program: "sluicegate 0.1.0",
  policyVersion: "0123456789abcdef",
  owner: "accounts team <accounts@example.com>",
  injected: ["The proxy closed its port."],
  findings: [
    { what: "Health", promised: "`/health/ready` stays 200.", seen: "200.", isKept: true },
    { what: "Answers", promised: "502.", seen: "2 × 201 | <b>\u001b[31m*", isKept: false },
  ],
  seen: { clients: { "201": 2 }, service: {}, metrics: {} },
  putBack: ["The gate was stopped."],
  verdict: "broken",
  sentence: "With the service down avatars breaks 1 of 2 promises.",
};

test("the page says the sentence first, then what is broken, and is one table row a finding", () => {
  const page = drillMarkdown(REPORT);
  assert.match(page, /^# Drill: upstream-down, avatars\n\n\*\*Broken\.\*\* With the service down/);
  assert.ok(page.indexOf("## Broken") < page.indexOf("## What was watched"));
  assert.match(page, /2026-11-22 19:05 UTC · 4\.3 s/);
  const rows = page.split("\n").filter((line) => line.startsWith("| "));
  assert.equal(rows.length, 4);
});

test("nothing that others said acts as Markdown; what is named in backticks stays so", () => {
  const page = drillMarkdown(REPORT);
  assert.ok(page.includes("2 × 201 \\| \\<b\\>"));
  assert.ok(page.includes("\\<accounts@example.com\\>"));
  assert.ok(page.includes("`/health/ready` stays 200."));
  assert.ok(!page.includes("\u001b"));
});

test("the terminal tells what was kept in a line each, and of what is broken what was promised", () => {
  const text = drillTerminal(REPORT, { columns: 80, isColoured: false }, "flows/avatars/drills/x.md");
  assert.match(text, /^upstream-down: BROKEN\n/);
  assert.match(text, / {2}kept {4}Health: 200\./);
  assert.match(text, / {2}BROKEN {2}Answers\n {10}promised: 502\./);
  assert.match(text, /report: flows\/avatars\/drills\/x\.md/);
  assert.ok(!text.includes("\u001b"));
  for (const line of text.split("\n")) assert.ok(line.length <= 80, line);
});
