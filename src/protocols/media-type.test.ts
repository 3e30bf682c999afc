import assert from "node:assert/strict";
import { test } from "node:test";
import { parseMediaType, readMediaTypeName } from "./media-type.ts";

test("a media type comes out in lower case, its parameters by lower-case name and with their values as sent", () => {
  const { type, parameters } = parseMediaType('Text/PLAIN ;Charset=UTF-8;  x="a;b\\"c\\\\d"; y=1');
  assert.equal(type, "text/plain");
  assert.deepEqual(
    [...parameters],
    [
      ["charset", "UTF-8"],
      ["x", 'a;b"c\\d'],
      ["y", "1"],
    ],
  );
});

test("semicolons without a parameter are fine, as RFC 9110 section 5.6.6 says", () => {
  assert.deepEqual([...parseMediaType("a/b;; ;c=d;").parameters], [["c", "d"]]);
});

const MALFORMED: Readonly<Record<string, number>> = {
  "": 0,
  " a/b": 0,
  text: 4,
  "text/": 5,
  "/plain": 0,
  "text /plain": 4,
  "a/b c": 4,
  "a/b, c/d": 3,
  "a/b; c": 6,
  "a/b;\tc=d": 4,
  "a/b; c=d\t": 8,
  "a/b; c =d": 6,
  "a/b; c= d": 7,
  "a/b; =d": 5,
  'a/b; c="d': 7,
  'a/b; c="d"e': 10,
  "a/b; c=d; C=d": 10,
  "a/b; c=\u00e9": 7,
  "a/b\r\nX: y": 3,
  'a/b; c="\0"': 8,
};

for (const [value, byteOffset] of Object.entries(MALFORMED)) {
  test(`${JSON.stringify(value)} is refused at byte ${byteOffset}`, () => {
    assert.throws(() => parseMediaType(value), { code: "CONTENT_TYPE_UNSUPPORTED", details: { byteOffset } });
  });
}

test("the name alone can be read where the parameters are another reader's matter", () => {
  assert.equal(readMediaTypeName("Multipart/Form-Data; boundary=a; boundary=b"), "multipart/form-data");
  assert.throws(() => readMediaTypeName("multipart"), { code: "CONTENT_TYPE_UNSUPPORTED" });
});

test("a long value of nothing but escapes is read in one pass", () => {
  const value = `a/b; c="${'\\"'.repeat(100_000)}"`;
  assert.equal(parseMediaType(value).parameters.get("c")?.length, 100_000);
});
