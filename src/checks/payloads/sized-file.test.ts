import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { test } from "node:test";
import { inspectFile } from "../../inspection/inspect-file.ts";
import { memorySource } from "../../uploads/byte-source.ts";
import type { SampleFile, Target } from "../check.ts";
import { PICTURES } from "../sample-targets.ts";
import { csvFile, pdfFile, textFile, zipFile } from "./document-files.ts";
import { gifFile, jpegFile, pngFile } from "./image-files.ts";
import { canBeSized, controlOfSize } from "./sized-file.ts";

const PHOTOS = resolve(import.meta.dirname, "../../../examples/flows/avatars/samples");
const photo = (name: string, mediaType: string): SampleFile => ({
  name,
  mediaType,
  bytes: new Uint8Array(readFileSync(resolve(PHOTOS, name))),
});

const SIZEABLE = [
  pngFile(),
  jpegFile(),
  gifFile(),
  pdfFile(),
  textFile(),
  csvFile(),
  photo("photo.png", "image/png"),
  photo("photo.jpg", "image/jpeg"),
  photo("photo-progressive.jpeg", "image/jpeg"),
];

function targetOf(control: SampleFile): Target {
  return { ...PICTURES, file: { ...PICTURES.file, types: [control.mediaType], control } };
}

async function assertTaken(file: SampleFile): Promise<void> {
  const report = await inspectFile({
    file: {
      index: 0,
      field: "file",
      declaredName: file.name,
      declaredType: file.mediaType,
      key: "k",
      sizeBytes: file.bytes.length,
      sha256: "",
      inline: null,
    },
    rule: { types: [file.mediaType] },
    nameRequired: true,
    source: memorySource(file.bytes),
    signal: new AbortController().signal,
  });
  assert.equal(
    report.verdict.outcome,
    "accept",
    `${file.name} ${file.bytes.length}: ${JSON.stringify(report.findings)}`,
  );
}

test("a control is made of exactly the size that is wanted, and stays a valid file of its type", async () => {
  for (const control of SIZEABLE) {
    const target = targetOf(control);
    assert.equal(canBeSized(target), true);
    for (const sizeBytes of [1000, 100_000, 65_537 * 3 + 180, 5 * 1024 * 1024, 5 * 1024 * 1024 + 1]) {
      const sized = controlOfSize(target, sizeBytes);
      assert.equal(sized?.bytes.length, sizeBytes, `${control.name} ${sizeBytes}`);
      await assertTaken(sized);
    }
  }
});

test("sizes side by side are all met, whatever frames a comment", () => {
  for (const control of [jpegFile(), gifFile(), photo("photo.jpg", "image/jpeg")])
    for (let more = 20; more < 600; more += 1) {
      const sizeBytes = control.bytes.length + more;
      assert.equal(
        controlOfSize(targetOf(control), sizeBytes)?.bytes.length,
        sizeBytes,
        `${control.name} +${more}`,
      );
    }
});

test("a photograph that is made longer is still that photograph", () => {
  const control = photo("photo.jpg", "image/jpeg");
  const sized = controlOfSize(targetOf(control), control.bytes.length + 70_000);
  const tail = control.bytes.subarray(20);
  assert.deepEqual(sized?.bytes.subarray(-tail.length), tail);
});

test("what cannot be made longer says so", () => {
  const target = targetOf(zipFile());
  assert.match(String(canBeSized(target)), /cannot be padded/);
  assert.equal(controlOfSize(target, 5000), null);
});
