import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { inspectFile } from "../../inspection/inspect-file.ts";
import { memorySource } from "../../uploads/byte-source.ts";
import type { InspectionReport } from "../../uploads/stages.ts";
import { SALT_CHARS, saltedFile } from "./salt-file.ts";

const GOOD = resolve(import.meta.dirname, "../../../fixtures/files/good");
const TYPES = JSON.parse(readFileSync(resolve(GOOD, "../good.json"), "utf8")) as Record<string, string>;

const saltOf = (seed: string): string => createHash("sha256").update(seed).digest("hex").slice(0, SALT_CHARS);

function inspect(bytes: Uint8Array, name: string, mediaType: string): Promise<InspectionReport> {
  const stored = { key: "k", sizeBytes: bytes.length, sha256: "", inline: null };
  return inspectFile({
    file: { index: 0, field: "file", declaredName: name, declaredType: mediaType, ...stored },
    rule: { types: [mediaType] },
    nameRequired: false,
    source: memorySource(bytes),
    signal: new AbortController().signal,
  });
}

test("every honest file is still taken as what it is when it is salted, and has other bytes for each salt", async () => {
  for (const name of readdirSync(GOOD)) {
    const mediaType = TYPES[name] ?? "";
    const sample = new Uint8Array(readFileSync(join(GOOD, name)));
    const salted = saltedFile(mediaType, sample);
    assert.ok(salted !== null, `${name} could not be salted`);
    const [one, other] = ["one", "other"].map((seed) => Buffer.concat(salted.pieces(saltOf(seed))));
    assert.ok(one !== undefined && other !== undefined);
    assert.notDeepEqual(one, other, name);
    assert.deepEqual(Buffer.concat(salted.pieces(saltOf("one"))), one, name);
    const report = await inspect(one, name, mediaType);
    assert.equal(report.verifiedType, mediaType, `${name}: ${JSON.stringify(report.findings)}`);
    const before = await inspect(sample, name, mediaType);
    assert.equal(report.findings.length, before.findings.length, name);
    if (!/json|csv/.test(mediaType)) assert.equal(one.length - sample.length, salted.moreBytes, name);
  }
});

test("what a salted table and a salted document say stays the same", () => {
  const table = new TextEncoder().encode("a,b\n1,2");
  const rows = Buffer.concat(saltedFile("text/csv", table)?.pieces(saltOf("x")) ?? [])
    .toString()
    .split(/\r?\n/)
    .filter((line) => line !== "");
  assert.deepEqual(rows, ["a,b", "1,2"]);
  const document = new TextEncoder().encode('{"a":[1]}');
  const text = Buffer.concat(saltedFile("application/json", document)?.pieces(saltOf("x")) ?? []).toString();
  assert.deepEqual(JSON.parse(text), { a: [1] });
});

test("opaque bytes get more bytes, and a type that nobody knows is left as it is", () => {
  const bytes = Uint8Array.of(1, 2, 3);
  assert.equal(saltedFile("application/octet-stream", bytes)?.moreBytes, SALT_CHARS);
  assert.equal(saltedFile("image/heic", bytes), null);
});

test("a file that is not what its type says is left as it is", () => {
  for (const mediaType of Object.values(TYPES)) {
    if (/^text\/|json/.test(mediaType)) continue;
    assert.equal(saltedFile(mediaType, Buffer.from("nothing of the kind")), null, mediaType);
  }
});
