import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, test } from "node:test";
import { GateError } from "../problems/gate-error.ts";
import { readYaml } from "../setup/yaml-source.ts";
import { findModeWord } from "./mode-word.ts";
import { policyVersionOf } from "./policy-version.ts";
import { changeTriedDay } from "./tried-day.ts";

const SMALLEST = readFileSync(
  resolve(import.meta.dirname, "../../fixtures/flows/good-smallest.yaml"),
  "utf8",
);
const folder = mkdtempSync(join(tmpdir(), "sluicegate-tried-"));
after(() => rmSync(folder, { recursive: true }));
const file = join(folder, "flow.yaml");

function versionOf(text: string): string {
  const source = readYaml(text, "flow.yaml", "FLOW_INVALID");
  assert.deepEqual(source.problems, []);
  const mode = findModeWord(source, text);
  assert.ok(mode !== null);
  return policyVersionOf(source, text, mode);
}

/** Each way in which a group can be written, before and after. */
const TABLE: readonly (readonly [string, string])[] = [
  [
    "rollback:\n  note: Turn it off. # first\n  command: make off # why\n# below\n",
    "rollback:\n  note: Turn it off. # first\n  command: make off # why\n  tried: 2026-11-22\n# below\n",
  ],
  [
    "rollback:\n    note: x\n    tried: 2025-01-01 # Ada\n",
    "rollback:\n    note: x\n    tried: 2026-11-22 # Ada\n",
  ],
  ['rollback:\n  tried: "2025-01-01"\n  note: x\n', "rollback:\n  tried: 2026-11-22\n  note: x\n"],
  ["rollback:\n  note: x\n  tried:\n", "rollback:\n  note: x\n  tried: 2026-11-22\n"],
  ["rollback: { note: x, command: y } # z\n", "rollback: { note: x, command: y, tried: 2026-11-22 } # z\n"],
  ["rollback: { note: x, }\n", "rollback: { note: x, tried: 2026-11-22, }\n"],
  ["rollback: { tried: 2025-01-01, note: x }\n", "rollback: { tried: 2026-11-22, note: x }\n"],
  ["rollback: {}\n", "rollback: { tried: 2026-11-22 }\n"],
  [
    "rollback:\n  note: x\n  command: |\n    one\n    two\nexpect: { status: 201 }\n",
    "rollback:\n  tried: 2026-11-22\n  note: x\n  command: |\n    one\n    two\nexpect: { status: 201 }\n",
  ],
  [
    "rollback:\n  note: >-\n    Turn it\n    off.",
    "rollback:\n  tried: 2026-11-22\n  note: >-\n    Turn it\n    off.",
  ],
  ["rollback:\n  note: x", "rollback:\n  tried: 2026-11-22\n  note: x"],
];

for (const [before, expected] of TABLE) {
  test(`the day is put where it belongs, and nothing else changes: ${JSON.stringify(before)}`, async () => {
    for (const around of [(text: string) => text, (text: string) => text.replaceAll("\n", "\r\n")]) {
      writeFileSync(file, around(`${SMALLEST}${before}`));
      await changeTriedDay(file, "2026-11-22");
      assert.equal(readFileSync(file, "utf8"), around(`${SMALLEST}${expected}`));
    }
  });

  test(`the policy version is the same before and after: ${JSON.stringify(before)}`, async () => {
    if (before.includes("{}") || before.includes("tried:\n")) return;
    assert.equal(versionOf(`${SMALLEST}${before}`), versionOf(`${SMALLEST}${expected}`));
  });
}

test("without the day the version is the one that the file always had; the rest of the group counts", () => {
  const text = `${SMALLEST}rollback:\n  note: x\n  command: y\n`;
  assert.equal(versionOf(`${text}  tried: 2026-11-22 # late\n`), versionOf(text));
  assert.notEqual(versionOf(text.replace("command: y", "command: z")), versionOf(text));
});

test("a file without the group, or one that is no YAML, is left as it is and told", async () => {
  for (const text of [SMALLEST, `${SMALLEST}rollback: [x\n`, `${SMALLEST}rollback: x\n`]) {
    writeFileSync(file, text);
    const error = await changeTriedDay(file, "2026-11-22").catch((thrown: unknown) => thrown);
    assert.ok(error instanceof GateError && error.code === "FLOW_INVALID");
    assert.equal(readFileSync(file, "utf8"), text);
  }
});
