import assert from "node:assert/strict";
import { test } from "node:test";
import { readRawHead } from "./raw-head.ts";

const typeOf = (contentType: string): string | null =>
  readRawHead({ contentType, contentDisposition: undefined }).declaredType;
const nameOf = (contentDisposition: string): string | null =>
  readRawHead({ contentType: undefined, contentDisposition }).declaredName;

test("a raw body without the two headers declares nothing", () => {
  assert.deepEqual(readRawHead({ contentType: undefined, contentDisposition: undefined }), {
    declaredType: null,
    declaredName: null,
  });
});

test("the declared type comes without parameters and in lower case", () => {
  assert.equal(typeOf("Text/CSV; charset=utf-8; header=present"), "text/csv");
});

for (const contentType of [
  "multipart/form-data; boundary=x",
  "Multipart/Related; boundary=x",
  "application/x-www-form-urlencoded",
  "",
  "text",
  "text/csv; charset=a; charset=b",
]) {
  test(`${JSON.stringify(contentType)} is not the type of a raw body`, () => {
    assert.throws(() => typeOf(contentType), { code: "CONTENT_TYPE_UNSUPPORTED" });
  });
}

test("the name comes from inline and attachment, quoted, bare or extended, in UTF-8", () => {
  assert.equal(nameOf("inline"), null);
  assert.equal(nameOf("attachment; filename=a.csv"), "a.csv");
  assert.equal(nameOf('Inline; filename="a b.csv"'), "a b.csv");
  assert.equal(nameOf("attachment; filename*=UTF-8''%D1%84.csv"), "ф.csv");
  // Node hands out header bytes as one character each.
  assert.equal(nameOf(`inline; filename="${Buffer.from("ф.csv").toString("latin1")}"`), "ф.csv");
});

for (const contentDisposition of [
  "",
  "form-data; name=f; filename=a",
  "attachment; name=f; filename=a",
  'attachment; filename="a"; filename="b"',
  "attachment; filename=a; filename*=utf-8''b",
  "attachment; filename*0=a",
  'attachment; filename="caf\xe9"',
  'attachment; filename="a',
  'attachment; filename="ф"',
]) {
  test(`${JSON.stringify(contentDisposition)} is refused`, () => {
    assert.throws(() => nameOf(contentDisposition), { code: "REQUEST_MALFORMED" });
  });
}
