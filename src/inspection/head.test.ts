import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { BAD_DOCUMENTS } from "../../fixtures/files/bad-documents.ts";
import { BAD_IMAGES } from "../../fixtures/files/bad-images.ts";
import { memorySource } from "../uploads/byte-source.ts";
import { FILE_TYPES } from "../uploads/file-types.ts";
import { judgeHead } from "./head.ts";
import { inspectFile } from "./inspect-file.ts";

const FIXTURES = resolve(import.meta.dirname, "../../fixtures/files");
const GOOD: Readonly<Record<string, string>> = JSON.parse(readFileSync(join(FIXTURES, "good.json"), "utf8"));
const ALL_TYPES = FILE_TYPES.map(({ mediaType }) => mediaType);

test("no honest file is refused by any part of its beginning", () => {
  for (const [name, mediaType] of Object.entries(GOOD)) {
    const bytes = readFileSync(join(FIXTURES, "good", name));
    const file = { index: 0, field: "f", declaredName: name, declaredType: mediaType };
    for (let length = 0; length <= Math.min(bytes.length, 4096); length += 7) {
      const finding = judgeHead(
        bytes.subarray(0, length),
        length === bytes.length,
        { types: [mediaType] },
        file,
      );
      assert.equal(
        length < bytes.length ? finding : null,
        null,
        `${name} at ${length}: ${finding?.code} ${finding?.seen}`,
      );
    }
    assert.equal(
      judgeHead(bytes.subarray(0, 4096), bytes.length <= 4096, { types: ALL_TYPES }, file),
      null,
      name,
    );
  }
});

test("what is refused by its beginning is refused by the whole inspection too, with the same code", async () => {
  for (const { name, fileName, bytes, types } of [...BAD_IMAGES, ...BAD_DOCUMENTS]) {
    const content = bytes();
    const rule = { types: types ?? ALL_TYPES };
    const file = { index: 0, field: "f", declaredName: fileName, declaredType: null };
    const early = judgeHead(content.subarray(0, 4096), content.length <= 4096, rule, file);
    if (early === null) continue;
    const stored = { key: "k", sizeBytes: content.length, sha256: "", inline: null };
    const source = memorySource(content);
    const signal = new AbortController().signal;
    const report = await inspectFile({
      file: { ...file, ...stored },
      rule,
      nameRequired: true,
      source,
      signal,
    });
    assert.equal(report.findings[0]?.code, early.code, name);
  }
});

test("where the flow takes any octets, no beginning is refused, not even none", () => {
  assert.equal(judgeHead(Buffer.from("MZ"), true, { types: "any" }), null);
  assert.equal(judgeHead(Buffer.alloc(0), true, { types: "any" }), null);
});

test("the beginning is compared with the name as soon as it is there", () => {
  const png = readFileSync(join(FIXTURES, "good/png-rgb.png")).subarray(0, 100);
  const file = { index: 0, field: "f", declaredName: "a.jpg", declaredType: null };
  const rule = { types: ["image/png", "image/jpeg"] };
  assert.equal(judgeHead(png, false, rule, file)?.code, "FILE_TYPE_MISMATCH");
  assert.equal(judgeHead(png, false, rule), null);
});

test("what is no text is told by its place and kind", () => {
  const rule = { types: ["text/csv"] };
  const latin1 = judgeHead(Buffer.from("id,name\n1,Andr\xe9 x\n", "latin1"), true, rule);
  assert.deepEqual(
    [latin1?.code, latin1?.byteOffset, latin1?.seen],
    ["FILE_NOT_TEXT", 14, "bytes that are not UTF-8"],
  );
  const utf16 = judgeHead(Buffer.from("\ufeffid,name\n", "utf16le"), true, rule);
  assert.deepEqual([utf16?.code, utf16?.seen], ["FILE_NOT_TEXT", "text in UTF-16"]);
});
