import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { test } from "node:test";
import { readYaml } from "../setup/yaml-source.ts";
import { findModeWord } from "./mode-word.ts";
import { policyVersionOf } from "./policy-version.ts";

const FIXTURES = resolve(import.meta.dirname, "../../fixtures/flows");
const TEXT = readFileSync(resolve(FIXTURES, "good-everything-built.yaml"), "utf8");
const VERIFY = `verify:
  headers: ["X-Tenant: ü"]
  # within
  hooks: { log: tail service.log }
`;

function versionOf(text: string): string {
  const source = readYaml(text, "flow.yaml", "FLOW_INVALID");
  assert.deepEqual(source.problems, []);
  const mode = findModeWord(source, text);
  assert.ok(mode !== null);
  return policyVersionOf(source, text, mode);
}

test("a file without verify has the version that it always had: its bytes without the mode's word", () => {
  for (const name of ["good-smallest.yaml", "good-byte-order-mark-and-crlf.yaml"]) {
    const text = readFileSync(resolve(FIXTURES, name), "utf8");
    const without = text.replace(/^(mode:\s*)enforce/m, "$1");
    const hash = createHash("sha256").update(without).digest("hex").slice(0, 16);
    assert.notEqual(text, without);
    assert.equal(versionOf(text), hash, name);
  }
});

test("writing verify into a file, changing it and taking it out again leaves the version as it was", () => {
  const version = versionOf(TEXT);
  const places: readonly string[] = [
    `${TEXT}\n${VERIFY}`,
    `${TEXT}${VERIFY}`,
    `${TEXT}\n\n# How check gets at it.\n# Nobody else reads it.\n${VERIFY}\n\n`.trimEnd().concat("\n"),
    TEXT.replace(/^mode:/m, `${VERIFY}mode:`),
    TEXT.replace(/^rollback:/m, `\n${VERIFY}rollback:`),
    TEXT.replace(/^rollback:/m, `# here\n${VERIFY}rollback:`),
    TEXT.replace(/^rollback:/m, `verify: { framework: django,\n  headers: [],\n}\nrollback:`),
    TEXT.replace(/^rollback:/m, `${VERIFY.replaceAll("\n", "\r\n")}rollback:`),
  ];
  for (const text of places) assert.equal(versionOf(text), version, text);
});

test("what stands after verify, and every other key, counts", () => {
  const version = versionOf(TEXT);
  const others: readonly string[] = [
    TEXT.replace(/^rollback:/m, `${VERIFY}# about the rollback\nrollback:`),
    TEXT.replace(/^rollback:/m, `${VERIFY}rollback: # how\n`),
    TEXT.replace("status: 201", "status: 200"),
    `${TEXT}\n${VERIFY}# a comment at the end\n`,
  ];
  for (const text of others) assert.notEqual(versionOf(text), version, text);
});

test("where verify has no lines of its own, it counts as all else does", () => {
  const text = (framework: string) => `{ mode: off, verify: { framework: ${framework} }, flow: a }\n`;
  assert.notEqual(versionOf(text("django")), versionOf(text("flask")));
});
