import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { UNWRITTEN_MEASURE } from "../../flows/measure/unwritten.ts";
import { GateError } from "../../problems/gate-error.ts";
import type { JudgeInput, SegmentPair } from "../judge/judge-input.ts";
import { evidenceOf, type KeptComparison, readKept, writeKept } from "./kept-comparison.ts";
import { madeSegment } from "./sent-segment.ts";

const root = mkdtempSync(join(tmpdir(), "kept-comparison-"));
after(() => rmSync(root, { recursive: true }));

function pairOf(pair: number, phase: "cold" | "warm"): SegmentPair {
  const plan = { requests: 5, phase, ratePerSecond: 10 };
  return {
    pair,
    order: pair % 2 === 0 ? "ab" : "ba",
    a: madeSegment("a", pair, plan, 10 + pair),
    b: madeSegment("b", pair, plan, 20 + pair),
  };
}

function keptOf(noise: JudgeInput["noise"]): KeptComparison {
  const [cold, warm] = [
    [pairOf(0, "cold"), pairOf(1, "cold")],
    [pairOf(0, "warm"), pairOf(1, "warm")],
  ];
  const arm = {
    target: "http://127.0.0.1:1",
    fingerprint: { values: { "git.commit": "1a2b" } },
    changedMeanwhile: [],
  };
  return {
    cutShort: null,
    input: {
      id: "20261122-190512-x7q2",
      flow: "pictures",
      startedAtMs: 1,
      elapsedMs: 2,
      program: "sluicegate",
      arms: { a: { ...arm, label: "before" }, b: { ...arm, label: "after" } },
      variable: "git.commit",
      ignoredKeys: [],
      cold,
      warm,
      secondLap: [pairOf(2, "cold")],
      noise,
      cacheProof: null,
      measure: UNWRITTEN_MEASURE,
      timeoutMs: 30_000,
      expected: -0.2,
      pairsPlanned: 2,
      look: 2,
      seed: 5,
      cleared: [{ cache: "sheets", command: "true", atMs: 3, exitCode: 0 }],
      commands: ["sluicegate compare pictures"],
      rollback: null,
      evidenceSha256: evidenceOf(cold, warm).sha256,
    },
  };
}

test("what is read back is what was written, whether noise was sent or known", async () => {
  const sent = keptOf({ kind: "pairs", pairs: [pairOf(0, "cold")] });
  const stored = keptOf({
    kind: "stored",
    noise: { quantile: "p50", of: "app", changes: [0.01, -0.02], measuredAtMs: 9 },
  });
  for (const [name, kept] of Object.entries({ sent, stored, none: keptOf(null) })) {
    const folder = join(root, name);
    await writeKept(folder, { ...kept, cutShort: name === "none" ? "It was interrupted" : null });
    assert.deepEqual(await readKept(folder), {
      ...kept,
      cutShort: name === "none" ? "It was interrupted" : null,
    });
  }
});

test("requests.ndjson has the digest that the comparison names", async () => {
  const folder = join(root, "digest");
  const kept = keptOf(null);
  await writeKept(folder, kept);
  const text = await readFile(join(folder, "requests.ndjson"), "utf8");
  assert.equal(text, evidenceOf(kept.input.cold, kept.input.warm).text);
});

test("a line that was changed is noticed", async () => {
  const folder = join(root, "changed");
  await writeKept(folder, keptOf(null));
  const file = join(folder, "requests.ndjson");
  await writeFile(file, (await readFile(file, "utf8")).replace('"status":201', '"status":200'));
  await assert.rejects(
    readKept(folder),
    (error) => error instanceof GateError && error.code === "COMPARE_EVIDENCE_INVALID",
  );
});

test("a folder without a comparison says so", async () => {
  await assert.rejects(
    readKept(join(root, "nothing")),
    (error) => error instanceof GateError && error.code === "COMPARE_EVIDENCE_INVALID",
  );
});
