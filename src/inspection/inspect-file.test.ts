import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { BAD_ARCHIVES, ODD_ARCHIVES } from "../../fixtures/files/bad-archives.ts";
import { BAD_DOCUMENTS } from "../../fixtures/files/bad-documents.ts";
import { BAD_IMAGES } from "../../fixtures/files/bad-images.ts";
import { isErrorCode } from "../problems/error-code.ts";
import { memorySource } from "../uploads/byte-source.ts";
import { FILE_TYPES } from "../uploads/file-types.ts";
import { acceptFile, type InspectionReport } from "../uploads/stages.ts";
import { inspectFile, requiredSteps } from "./inspect-file.ts";

const FIXTURES = resolve(import.meta.dirname, "../../fixtures/files");
const GOOD = join(FIXTURES, "good");
const ALL_TYPES = FILE_TYPES.map(({ mediaType }) => mediaType);

interface Sent {
  readonly name?: string | null;
  readonly type?: string | null;
  readonly types?: readonly string[] | "any";
}

function inspect(
  bytes: Uint8Array,
  { name = null, type = null, types = ALL_TYPES }: Sent = {},
): Promise<InspectionReport> {
  const stated = { declaredName: name, declaredType: type };
  const stored = { key: "k", sizeBytes: bytes.length, sha256: "", inline: null };
  return inspectFile({
    file: { index: 0, field: "file", ...stated, ...stored },
    rule: { types },
    nameRequired: false,
    source: memorySource(bytes),
    signal: new AbortController().signal,
  });
}

const codesOf = (report: InspectionReport): string =>
  report.findings.map(({ code, severity, seen }) => `${code}/${severity} (${seen})`).join("; ");

const firstRefusal = (report: InspectionReport): string | undefined =>
  report.findings.find(({ severity }) => severity === "refuse")?.code;

test("every honest file is accepted as what it is, with its name and without", async () => {
  const expected = JSON.parse(readFileSync(join(FIXTURES, "good.json"), "utf8"));
  assert.deepEqual(readdirSync(GOOD).sort(), Object.keys(expected).sort());
  for (const [name, mediaType] of Object.entries(expected)) {
    const bytes = readFileSync(join(GOOD, name));
    const named = await inspect(bytes, { name });
    assert.equal(named.verdict.outcome, "accept", `${name}: ${codesOf(named)}`);
    assert.equal(named.verifiedType, mediaType, name);
    acceptFile(named, requiredSteps({ types: ALL_TYPES }));
    const alone = await inspect(bytes, { types: [String(mediaType)] });
    assert.equal(alone.verifiedType, mediaType, `${name} without a name: ${codesOf(alone)}`);
  }
});

test("an honest file is refused where its type is not in the flow, whatever it is declared as", async () => {
  const expected = JSON.parse(readFileSync(join(FIXTURES, "good.json"), "utf8"));
  for (const [name, mediaType] of Object.entries(expected)) {
    if (String(mediaType).startsWith("text/") || mediaType === "application/json") continue;
    const others = ALL_TYPES.filter((type) => type !== mediaType);
    const report = await inspect(readFileSync(join(GOOD, name)), { types: others });
    const isOfficeAsZip = report.verifiedType === "application/zip";
    assert.ok(report.verdict.outcome === "reject" && !isOfficeAsZip, `${name}: ${report.verifiedType}`);
  }
});

for (const { name, fileName, code, bytes, types } of [...BAD_ARCHIVES, ...BAD_IMAGES, ...BAD_DOCUMENTS]) {
  test(`${name} is refused as ${code}`, async () => {
    const report = await inspect(bytes(), { name: fileName, types: types ?? ALL_TYPES });
    assert.equal(report.verdict.outcome, "reject");
    assert.equal(firstRefusal(report), code, codesOf(report));
    assert.equal(report.verifiedType, null);
    assert.ok(report.findings.every((finding) => isErrorCode(finding.code)));
  });
}

for (const { name, bytes } of ODD_ARCHIVES) {
  test(`the odd but honest archive ${name} is accepted`, async () => {
    const report = await inspect(bytes(), { name: "a.zip" });
    assert.equal(report.verdict.outcome, "accept", codesOf(report));
  });
}
