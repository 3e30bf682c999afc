import assert from "node:assert/strict";
import { test } from "node:test";
import type { FieldRule, FileRule, Flow } from "../flows/flow.ts";
import { GateError } from "../problems/gate-error.ts";
import type { PartHead } from "../protocols/multipart/multipart-parser.ts";
import { Quarantine } from "../quarantine/quarantine.ts";
import type { Storage } from "../storage/storage.ts";
import { BodyIntake } from "./body-intake.ts";

/** Files here are small enough to stay in memory: any use of storage is a mistake that shows. */
const noStorage = new Proxy({} as Storage, {
  get: (_target, name) => {
    throw new Error(`storage.${String(name)} was used`);
  },
});

const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

const picture: FileRule = { types: ["image/png"], sizeBytesMax: 1000, countMax: 1, optional: false };
const caption: FieldRule = { lengthCharsMin: 0, lengthCharsMax: 10, countMax: 1, optional: true };

function intakeOf(
  files: Record<string, FileRule> = { picture },
  fields: Record<string, FieldRule> = { caption },
): BodyIntake {
  const flow = {
    name: "avatars",
    files: new Map(Object.entries(files)),
    fields: new Map(Object.entries(fields)),
  } as unknown as Flow;
  return new BodyIntake(flow, new Quarantine(noStorage), "shared");
}

const head = (name: string, fileName: string | null = null, contentType: string | null = null): PartHead => ({
  name,
  fileName,
  contentType,
  byteOffset: 0,
});

function part(intake: BodyIntake, partHead: PartHead, bytes: Uint8Array): void {
  intake.partBegin(partHead);
  for (const byte of bytes) intake.partData(Uint8Array.of(byte));
  intake.partEnd();
}

const isCode =
  (code: string) =>
  (error: unknown): boolean =>
    error instanceof GateError && error.code === code;

test("parts come out in the client's order, files counted and hashed", async () => {
  const intake = intakeOf();
  part(intake, head("caption"), Buffer.from("hello"));
  part(intake, head("picture", "dot.png", "image/png"), PNG);
  intake.bodyEnd();
  const [text, file] = await intake.finish();
  assert.deepEqual(text, { kind: "field", name: "caption", value: "hello" });
  assert.ok(file?.kind === "file");
  assert.equal(file.file.sizeBytes, PNG.length);
  assert.deepEqual(Buffer.from(file.file.inline ?? []), PNG);
});

test("what the flow does not list is refused at its header", () => {
  assert.throws(() => intakeOf().partBegin(head("other")), isCode("FIELD_UNKNOWN"));
  assert.throws(() => intakeOf().partBegin(head("__proto__")), isCode("FIELD_UNKNOWN"));
  assert.throws(() => intakeOf().partBegin(head("constructor", "x.png")), isCode("FIELD_UNKNOWN"));
});

test("a file where text belongs, and text where a file belongs, are told apart", () => {
  assert.throws(() => intakeOf().partBegin(head("caption", "a.png")), isCode("FIELD_IS_FILE"));
  assert.throws(() => intakeOf().partBegin(head("picture")), isCode("FILE_IS_FIELD"));
});

test("one more than the count is refused at its header", () => {
  const intake = intakeOf();
  part(intake, head("picture", "dot.png"), PNG);
  assert.throws(() => intake.partBegin(head("picture", "dot.png")), isCode("FIELD_REPEATED"));
});

test("a file is refused at the byte that passes its limit", () => {
  const intake = intakeOf({ picture: { ...picture, types: "any", sizeBytesMax: 10 } });
  intake.partBegin(head("picture", "a.bin"));
  intake.partData(new Uint8Array(10));
  assert.throws(() => intake.partData(new Uint8Array(1)), isCode("FILE_TOO_LARGE"));
});

test("content of no allowed type is refused at its first bytes, long before its end", () => {
  const intake = intakeOf();
  intake.partBegin(head("picture", "page.png", "image/png"));
  assert.throws(
    () => intake.partData(Buffer.from("<html><script>".padEnd(64))),
    isCode("FILE_TYPE_NOT_ALLOWED"),
  );
});

test("content that is not what the name says is refused at its first bytes, also where its type is allowed", () => {
  const intake = intakeOf({ picture: { ...picture, types: ["image/png", "image/jpeg"] } });
  intake.partBegin(head("picture", "photo.jpg", "image/jpeg"));
  assert.throws(() => intake.partData(PNG.subarray(0, 64)), isCode("FILE_TYPE_MISMATCH"));
});

test("a file input left alone counts as not sent", async () => {
  const optional = intakeOf({ picture: { ...picture, optional: true } });
  part(optional, head("picture", "", "application/octet-stream"), new Uint8Array());
  optional.bodyEnd();
  assert.deepEqual(await optional.finish(), []);

  const required = intakeOf();
  part(required, head("picture", "", "application/octet-stream"), new Uint8Array());
  required.bodyEnd();
  await assert.rejects(required.finish(), isCode("FIELD_MISSING"));
});

test("bytes under an empty file name are refused for the missing name", () => {
  const intake = intakeOf();
  intake.partBegin(head("picture", "", "image/png"));
  assert.throws(() => intake.partData(PNG), isCode("FILE_NAME_MISSING"));
});

test("a body that did not come to its end has no parts", async () => {
  const intake = intakeOf();
  part(intake, head("picture", "dot.png"), PNG);
  await assert.rejects(intake.finish(), isCode("PROTOCOL_BODY_TRUNCATED"));
});
