import assert from "node:assert/strict";
import { test } from "node:test";
import { hostileRun, largeRun, sampleRun } from "../../../fixtures/check-runs/sample-runs.ts";
import { terminalReport } from "./terminal-report.ts";
import { columnsOf } from "./wrap-columns.ts";

const PLAIN = { columns: 80, isColoured: false, reportPath: "reports/run/report.html" };

test("the sentence is the first line, then the target and the counts in words", () => {
  const lines = terminalReport(sampleRun(), PLAIN).split("\n");
  assert.equal(lines[0], "documents breaks 3 of 61 promises; 2 could not be checked.");
  assert.equal(lines[2], "POST http://127.0.0.1:8000/api/documents");
  assert.match(
    lines.join(" "),
    /3 broken, 2 unclear, 1 warned, 1 waived, 2 kept, 2 for a person, 1 not for this\s+route/,
  );
});

test("a failure says what was promised and observed, what helps in this framework, and how to look closer", () => {
  const text = terminalReport(sampleRun(), PLAIN);
  assert.match(text, /✕ UPL-TR-01 \(new\) {2}A body that is declared too large /);
  assert.match(text, / {2}Took 12\.0 MB; the flow says 10 MB\.\n/);
  assert.match(text, /Promised refused with 401 or 413, and nothing stored/);
  assert.match(text, /Observed 201 Created, and the file was there/);
  assert.match(text, /Remedy {3}FastAPI: Set `max_body_size`/);
  assert.match(text, /sluicegate replay 20261122-185346-k3f9\/UPL-TR-01\/4\n/);
  assert.match(text, /sluicegate checks UPL-TR-01\n/);
});

test("with the gate in front the remedy is the gate's", () => {
  const run = sampleRun();
  const text = terminalReport({ ...run, target: { ...run.target, front: "sluicegate" } }, PLAIN);
  assert.match(text, /Remedy {3}Sluicegate in front: `accept\.files\.file\.max-size: 10 MB`/);
});

test("what passes, and what the route has nothing of, is only counted", () => {
  const text = terminalReport(sampleRun(), PLAIN);
  assert.doesNotMatch(text, /UPL-RT-01|UPL-TR-06/);
  assert.match(text, /\? it was accepted, and nobody can look at what was stored\n {4}UPL-RS-03\n/);
  assert.match(text, /\? broke off: the hook command[^\n]*\n {4}UPL-FM-04\n/);
  assert.match(text, /! UPL-VO-01/);
  assert.match(text, /◇ UPL-NM-08 {2}until 2027-02-01 by documents team/);
});

test("it ends with what it cost, what has changed, what is left over and where the full report is", () => {
  const text = terminalReport(sampleRun(), PLAIN).replace(/\n(?=\S)/g, " ");
  assert.match(
    text,
    /212 requests, 34\.5 MB sent, in 41\.2 s\. Since the run of 2026-11-21 08:00 UTC: 1 newly broken, 1 mended, 2 as before\./,
  );
  assert.match(text, /could not be removed again:\n {2}sluicegate-k3f9-17\.png/);
  assert.match(text, /Full report: reports\/run\/report\.html/);
});

test("a run that ended early says why right after the sentence", () => {
  const stopped = {
    kind: "unreachable",
    sentence: "Nobody answers at 127.0.0.1:8000. Is the service running?",
  } as const;
  const run = sampleRun({
    results: [],
    stopped,
    exitCode: 3,
    sentence: "documents could not be checked.",
    baseline: null,
  });
  const text = terminalReport(run, PLAIN);
  assert.match(
    text,
    /^documents could not be checked\.\nEnded early: Nobody answers at 127\.0\.0\.1:8000\. Is the service running\?\n/,
  );
  assert.match(text, /No check was run\./);
});

for (const columns of [40, 60, 80, 132]) {
  test(`nothing but commands and paths is wider than ${columns} columns, whatever the target answers`, () => {
    for (const run of [sampleRun(), hostileRun(), largeRun()]) {
      const lines = terminalReport(run, { ...PLAIN, columns }).split("\n");
      const wide = lines.filter(
        (line) => columnsOf(line) > columns && !/sluicegate (replay|checks) |Full report:/.test(line),
      );
      assert.deepEqual(wide, []);
    }
  });
}

test("nothing of the target's acts on the terminal, and megabytes are cut", () => {
  const text = terminalReport(hostileRun(), PLAIN);
  assert.equal(/[^\P{C}\n]/u.test(text), false);
  assert.ok(text.length < 60_000, `${text.length}`);
});

test("colour changes nothing but colour", () => {
  const coloured = terminalReport(sampleRun(), { ...PLAIN, isColoured: true });
  assert.ok(coloured.includes("\u001b[31m✕ UPL-TR-01"));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape that begins a colour
  assert.equal(coloured.replace(/\u001b\[\d+m/g, ""), terminalReport(sampleRun(), PLAIN));
});

test("of many failures the first ten are told, the others in one line each", () => {
  const text = terminalReport(largeRun(), PLAIN);
  assert.equal(text.match(/^✕ /gm)?.length, 10);
  assert.equal(text.match(/^ {2}✕ /gm)?.length, 10);
});
