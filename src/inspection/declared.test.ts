import assert from "node:assert/strict";
import { test } from "node:test";
import type { ReceivedFile } from "../uploads/stages.ts";
import { judgeDeclared } from "./declared.ts";

const DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
const IMAGES = ["image/jpeg", "image/png"];

function received(declaredName: string | null, declaredType: string | null): ReceivedFile {
  return { index: 0, field: "file", declaredName, declaredType };
}

/** Name, declared type, what the flow allows, expected code (`null`: nothing to say). */
const CASES: readonly (readonly [string | null, string | null, readonly string[] | "any", string | null])[] =
  [
    ["a.png", "image/png", IMAGES, null],
    ["a.PNG", "image/png", IMAGES, null],
    ["a.jpeg", "image/jpg", IMAGES, null],
    ["a.jfif", "image/pjpeg", IMAGES, null],
    ["a.png", null, IMAGES, null],
    ["a.png", "application/octet-stream", IMAGES, null],
    ["a.csv", "application/vnd.ms-excel", ["text/csv"], null],
    ["a.docx", DOCX, [DOCX], null],
    ["a.png", "image/jpeg", IMAGES, "FILE_TYPE_MISMATCH"],
    ["a.png", "image/gif", IMAGES, "FILE_TYPE_NOT_ALLOWED"],
    ["a.png", "text/html", IMAGES, "FILE_TYPE_NOT_ALLOWED"],
    ["a.png", "image/png, text/html", IMAGES, "FILE_TYPE_NOT_ALLOWED"],
    ["a.png", "", IMAGES, "FILE_TYPE_NOT_ALLOWED"],
    ["a.gif", "image/png", IMAGES, "FILE_EXTENSION_NOT_ALLOWED"],
    ["a.html", "image/png", IMAGES, "FILE_EXTENSION_NOT_ALLOWED"],
    ["a.png.html", "image/png", IMAGES, "FILE_EXTENSION_NOT_ALLOWED"],
    ["a.HtMl", "image/png", IMAGES, "FILE_EXTENSION_NOT_ALLOWED"],
    ["a.svgz", null, IMAGES, "FILE_EXTENSION_NOT_ALLOWED"],
    ["a.php5", null, IMAGES, "FILE_EXTENSION_NOT_ALLOWED"],
    ["a.docm", null, [DOCX], "FILE_EXTENSION_NOT_ALLOWED"],
    ["a", "image/png", IMAGES, "FILE_EXTENSION_NOT_ALLOWED"],
    ["png", "image/png", IMAGES, "FILE_EXTENSION_NOT_ALLOWED"],
    [".png", "image/png", IMAGES, "FILE_NAME_INVALID"],
    ["a.html;.png", "image/png", IMAGES, "FILE_NAME_INVALID"],
    ["a.html.", "image/png", IMAGES, "FILE_NAME_INVALID"],
    ["../a.png", "image/png", IMAGES, "FILE_NAME_INVALID"],
    [null, "image/png", IMAGES, "FILE_NAME_MISSING"],
    [null, null, "any", null],
    ["a.exe", "application/x-msdownload", "any", null],
    ["../a.exe", null, "any", "FILE_NAME_INVALID"],
  ];

for (const [name, type, types, code] of CASES) {
  const allowed = types === "any" ? "any" : `${types.length} types`;
  test(`${JSON.stringify(name)} declared as ${type} where the flow takes ${allowed} is ${code ?? "fine"}`, () => {
    const finding = judgeDeclared(received(name, type), { types });
    assert.equal(finding?.code ?? null, code);
    if (finding !== null) assert.ok(finding.expected !== "" && finding.seen !== "");
  });
}

test("a raw body needs no name, and its declared type still counts", () => {
  const options = { nameRequired: false };
  assert.equal(judgeDeclared(received(null, null), { types: IMAGES }, options), null);
  assert.equal(judgeDeclared(received(null, "image/png"), { types: IMAGES }, options), null);
  assert.equal(
    judgeDeclared(received(null, "text/html"), { types: IMAGES }, options)?.code,
    "FILE_TYPE_NOT_ALLOWED",
  );
});

test("an extension that is not allowed is told with those that are", () => {
  const finding = judgeDeclared(received("a.bmp", null), { types: IMAGES });
  assert.equal(finding?.expected, ".jpg, .jpeg, .jpe, .jfif, .png");
  assert.equal(finding?.seen, ".bmp");
});
