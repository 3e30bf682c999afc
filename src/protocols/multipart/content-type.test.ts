import assert from "node:assert/strict";
import { test } from "node:test";
import { readBoundary } from "./content-type.ts";

/** A Content-Type, and its boundary. The first ones are what real clients send. */
const TAKEN: Readonly<Record<string, string>> = {
  "multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW":
    "----WebKitFormBoundary7MA4YWxkTrZu0gW",
  "multipart/form-data; boundary=------------------------d74496d66958873e":
    "------------------------d74496d66958873e",
  'multipart/form-data; boundary="0c1a9d0e-5a3f-4b8e-9b58-2f9a3d1f5f0e"':
    "0c1a9d0e-5a3f-4b8e-9b58-2f9a3d1f5f0e",
  "multipart/form-data;boundary=x": "x",
  "Multipart/Form-Data; BOUNDARY=x": "x",
  "multipart/form-data; charset=UTF-8; boundary=x": "x",
  "multipart/form-data; boundary=x; charset=utf-8": "x",
  "multipart/form-data; boundary=x;": "x",
  [`multipart/form-data; boundary=${"b".repeat(70)}`]: "b".repeat(70),
  'multipart/form-data; boundary="\'()+_-./:=?"': "'()+_-./:=?",
};

for (const [contentType, boundary] of Object.entries(TAKEN)) {
  test(`${contentType} has the boundary ${boundary}`, () => {
    assert.equal(readBoundary(contentType), boundary);
  });
}

/** A Content-Type, and where its boundary is refused. T7, MP-05, MP-06. */
const BOUNDARY_REFUSED: Readonly<Record<string, number>> = {
  "multipart/form-data": 0,
  "multipart/form-data; boundary=": 30,
  'multipart/form-data; boundary=""': 30,
  "multipart/form-data; boundary=a; boundary=b": 33,
  "multipart/form-data; boundary=a; Boundary=a": 33,
  "multipart/form-data; boundary=a, multipart/form-data; boundary=b": 31,
  "multipart/form-data; boundary=a b": 32,
  "multipart/form-data; boundary=a,b": 31,
  "multipart/form-data; boundary=a:b": 31,
  'multipart/form-data; boundary="a b"': 30,
  'multipart/form-data; boundary="a,b"': 30,
  'multipart/form-data; boundary="a "': 30,
  'multipart/form-data; boundary="a\\b"': 30,
  'multipart/form-data; boundary="a\\"b"': 30,
  'multipart/form-data; boundary="a;b"': 30,
  'multipart/form-data; boundary="a"b': 33,
  'multipart/form-data; boundary="a': 30,
  'multipart/form-data; boundary="é"': 30,
  "multipart/form-data; boundary*=utf-8''real": 21,
  "multipart/form-data; boundary*0=re; boundary*1=al": 21,
  "multipart/form-data; boundary=a; boundary*=utf-8''b": 33,
  "multipart/form-data; boundary =a": 29,
  "multipart/form-data; boundary= a": 30,
  "multipart/form-data boundary=a": 20,
  "multipart/form-data; boundary=a\r\nX: y": 31,
};

for (const length of [71, 252, 257, 1024]) {
  test(`a boundary of ${length} characters is refused`, () => {
    assert.throws(() => readBoundary(`multipart/form-data; boundary=${"b".repeat(length)}`), {
      code: "PROTOCOL_BOUNDARY_INVALID",
    });
  });
}

for (const [contentType, byteOffset] of Object.entries(BOUNDARY_REFUSED)) {
  test(`${JSON.stringify(contentType)} is refused at byte ${byteOffset}`, () => {
    assert.throws(() => readBoundary(contentType), {
      code: "PROTOCOL_BOUNDARY_INVALID",
      details: { byteOffset },
    });
  });
}

for (const contentType of [
  "multipart/mixed; boundary=a",
  "text/plain; boundary=a",
  "multipart/form-data; boundary=a; charset=utf-16",
  "multipart/form-data; boundary=a; charset*=utf-8''utf-8",
  "multipart/form-data; boundary=a; type=x",
]) {
  test(`${contentType} is not a kind of body that is taken`, () => {
    assert.throws(() => readBoundary(contentType), { code: "CONTENT_TYPE_UNSUPPORTED" });
  });
}
