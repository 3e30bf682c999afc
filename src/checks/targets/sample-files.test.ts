import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { inspectFile } from "../../inspection/inspect-file.ts";
import { memorySource } from "../../uploads/byte-source.ts";
import { FILE_TYPES } from "../../uploads/file-types.ts";
import type { SampleFile } from "../check.ts";
import { textFile } from "../payloads/document-files.ts";
import { gifFile, jpegFile, pngFile } from "../payloads/image-files.ts";
import { chooseSample, readSample, type SampleSource } from "./sample-files.ts";
import { uniqueFile } from "./unique-file.ts";

const EXAMPLES = resolve(import.meta.dirname, "../../../examples/flows");
const ALL_TYPES = FILE_TYPES.map(({ mediaType }) => mediaType);

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluicegate-samples-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const sourceOf = (more: Partial<SampleSource> = {}): SampleSource => ({
  field: "file",
  rule: { types: ALL_TYPES, sizeBytesMax: 1_000_000 },
  named: null,
  folder,
  mark: "flowcheck-r1",
  seed: "r1",
  ...more,
});

/** Whether the gate's own inspection takes it for what it says. */
async function assertValid(file: SampleFile): Promise<void> {
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
    rule: { types: ALL_TYPES },
    nameRequired: true,
    source: memorySource(file.bytes),
    signal: new AbortController().signal,
  });
  assert.equal(report.verdict.outcome, "accept", `${file.name}: ${JSON.stringify(report.findings)}`);
}

test("a file that is named is taken, whatever else lies there", async () => {
  const named = join(folder, "b.png");
  await writeFile(named, pngFile().bytes);
  await writeFile(join(folder, "a.png"), "no picture");
  const { file, assumption } = await chooseSample(sourceOf({ named }));
  assert.deepEqual([file.name, file.mediaType, assumption], ["flowcheck-r1-b.png", "image/png", null]);
});

test("a file that is named and not there is told, and nothing is sent in its place", async () => {
  await assert.rejects(chooseSample(sourceOf({ named: join(folder, "gone.png") })), {
    code: "SAMPLE_MISSING",
  });
});

test("of a flow's samples the first that fits is taken, those of which any size can be made before others", async () => {
  await mkdir(join(folder, "rejected"));
  await writeFile(join(folder, "rejected", "a.png"), "x");
  await writeFile(join(folder, "a.jpg"), jpegFile().bytes);
  await writeFile(join(folder, "a.webp"), "RIFF");
  await writeFile(join(folder, "b.png"), new Uint8Array(2000));
  await writeFile(join(folder, "c.png"), pngFile().bytes);
  await writeFile(join(folder, ".hidden.png"), "x");
  const choose = async (types: readonly string[], sizeBytesMax = 1000) =>
    (await chooseSample(sourceOf({ rule: { types, sizeBytesMax } }))).file.name;
  assert.equal(await choose(["image/webp", "image/png"]), "flowcheck-r1-c.png");
  assert.equal(await choose(["image/webp"]), "flowcheck-r1-a.webp");
  assert.equal(await choose(["image/jpeg"]), "flowcheck-r1-a.jpg");
  assert.equal(await choose(["image/gif"]), "flowcheck-r1-picture.gif");
});

test("a file is made where none lies there, and that is said", async () => {
  for (const type of FILE_TYPES.filter(({ mediaType }) => mediaType !== "video/mp4")) {
    const rule = { types: [type.mediaType], sizeBytesMax: 100_000 };
    const { file, assumption } = await chooseSample(sourceOf({ rule }));
    assert.equal(file.mediaType, type.mediaType);
    assert.match(assumption ?? "", /^No sample of "file" was given: .* made for it\.$/);
    await assertValid(file);
  }
  const any = await chooseSample(sourceOf({ rule: { types: "any", sizeBytesMax: 100 } }));
  assert.equal(any.file.bytes.length, 100);
});

test("where none can be made it is said where to put one", async () => {
  const rule = { types: ["video/mp4"], sizeBytesMax: 100 };
  await assert.rejects(chooseSample(sourceOf({ rule })), (error: Error) =>
    error.message.includes(`none of video/mp4 can be made; put one into ${folder}`),
  );
});

test("a file is made unique where its format has a place for that, and stays valid", async () => {
  const photo = await readSample(join(EXAMPLES, "avatars/samples/photo.jpg"));
  const progressive = await readSample(join(EXAMPLES, "avatars/samples/photo-progressive.jpeg"));
  const picture = await readSample(join(EXAMPLES, "avatars/samples/photo.png"));
  for (const file of [pngFile(), jpegFile(), gifFile(), textFile(), photo, progressive, picture]) {
    const [one, other] = [uniqueFile(file, "flowcheck-1"), uniqueFile(file, "flowcheck-2")];
    assert.notDeepEqual(one.bytes, file.bytes, file.name);
    assert.notDeepEqual(one.bytes, other.bytes, file.name);
    await assertValid(one);
  }
});

test("a file without such a place, or that is not what it says, is left as it is", async () => {
  const paper = await readSample(join(EXAMPLES, "reports/samples/report.pdf"));
  const none = { name: "a.png", mediaType: "image/png", bytes: new Uint8Array(100) };
  for (const file of [paper, none, { ...none, mediaType: "image/jpeg" }, { ...none, mediaType: "image/gif" }])
    assert.equal(uniqueFile(file, "flowcheck-1"), file);
});
