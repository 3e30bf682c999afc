import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { test } from "node:test";
import { GateError } from "../../problems/gate-error.ts";
import { readOpenApi } from "./openapi-document.ts";
import { findUploadOperations, type UploadOperation } from "./upload-operations.ts";

const FIXTURES = resolve(import.meta.dirname, "../../../fixtures/openapi");

function operationsOf(document: unknown): UploadOperation[] {
  return findUploadOperations(readOpenApi(JSON.stringify(document)));
}

/** A document of one form at POST /x. */
function form(schema: unknown, more: object = {}, components: object = {}): UploadOperation[] {
  const requestBody = { content: { "multipart/form-data": { schema, ...more } } };
  return operationsOf({ openapi: "3.1.0", paths: { "/x": { post: { requestBody } } }, components });
}

function body(content: object): UploadOperation[] {
  return operationsOf({ openapi: "3.0.3", paths: { "/x": { put: { requestBody: { content } } } } });
}

const file = (name: string, more: object = {}) => ({
  name,
  types: null,
  isList: false,
  countMax: 1,
  isOptional: false,
  ...more,
});
const field = (name: string, lengthMax: number | null, more: object = {}) => ({
  name,
  lengthMax,
  lengthMin: 0,
  isList: false,
  countMax: 1,
  isOptional: false,
  ...more,
});

for (const version of ["0.115", "0.165"]) {
  test(`what FastAPI ${version} writes about a service is read whole`, () => {
    const text = readFileSync(resolve(FIXTURES, `fastapi-${version}.json`), "utf8");
    const found = findUploadOperations(readOpenApi(text));
    assert.deepEqual(
      found.map(({ method, path, protocol, status }) => `${method} ${path} ${protocol} ${status}`),
      [
        "POST /api/avatars multipart 201",
        "POST /api/users/{user}/docs multipart 200",
        "PUT /imports/{name} raw 200",
        "POST /b raw 200",
        "POST /model multipart 200",
        "POST /only-bytes multipart 200",
        "POST /many multipart 200",
      ],
    );
    const [avatars, docs, , , model, , many] = found;
    assert.equal(avatars?.summary, "Set the avatar");
    assert.deepEqual(avatars?.files, [file("picture")]);
    assert.deepEqual(avatars?.fields, [field("caption", 200, { lengthMin: 1, isOptional: true })]);
    assert.deepEqual(docs?.files, [
      file("files", { isList: true, countMax: null }),
      file("opt", { isOptional: true }),
      file("raw", { isOptional: true }),
    ]);
    assert.deepEqual(docs?.fields, [
      field("title", null),
      field("tags", null, { isList: true, countMax: 10, isOptional: true }),
      field("n", 20, { isOptional: true }),
      field("note", 50, { isOptional: true }),
    ]);
    assert.deepEqual([model?.files, model?.fields], [[file("f")], [field("name", 5)]]);
    assert.deepEqual(many?.files, [file("files", { isList: true, countMax: 4 })]);
    assert.deepEqual(many?.fields[1], field("e", 5, { isOptional: true }));
  });
}

test("how callers show who they are is read from the operation, else from the document", () => {
  const securitySchemes = {
    token: { type: "http", scheme: "Bearer" },
    login: { type: "openIdConnect" },
    key: { type: "apiKey", in: "header", name: "X-Key" },
    basic: { type: "http", scheme: "basic" },
  };
  const requestBody = { content: { "application/pdf": {} } };
  const read = (own: unknown, whole: unknown): unknown =>
    operationsOf({
      openapi: "3.1.0",
      paths: { "/x": { put: { requestBody, security: own } } },
      components: { securitySchemes },
      security: whole,
    })[0]?.security;
  assert.equal(read(undefined, undefined), null);
  assert.equal(read([{ token: [] }], undefined), "bearer");
  assert.equal(read(undefined, [{ login: ["upload"] }]), "bearer");
  assert.equal(read([{ key: [] }, { basic: [] }], [{ token: [] }]), "other");
  assert.equal(read([], [{ token: [] }]), null);
  for (const odd of ["token", { token: [] }, [null, 3]]) assert.equal(read(odd, undefined), null);
});

test("types are taken from the document where the gate can verify all of them", () => {
  const schema = {
    type: "object",
    properties: {
      a: {},
      b: { type: "string", contentMediaType: "image/png" },
      c: { type: "string", format: "binary" },
    },
  };
  const encoding = {
    a: { contentType: "image/png, image/jpeg" },
    c: { contentType: "image/png, image/svg+xml" },
  };
  const [operation] = form(schema, { encoding });
  assert.deepEqual(
    operation?.files.map(({ name, types }) => [name, types]),
    [
      ["a", ["image/png", "image/jpeg"]],
      ["b", ["image/png"]],
      ["c", null],
    ],
  );
});

test("text in an encoding, and JSON, are texts and no files", () => {
  const properties = {
    f: { type: "string", format: "binary" },
    base64: { type: "string", contentEncoding: "base64", contentMediaType: "image/png" },
    json: { type: "string", contentMediaType: "application/json" },
    object: { type: "object" },
    word: { enum: ["a", "four"] },
    day: { type: ["string", "null"], format: "date" },
  };
  const [operation] = form({ properties });
  assert.deepEqual(
    operation?.fields.map(({ name, lengthMax }) => [name, lengthMax]),
    [
      ["base64", null],
      ["json", null],
      ["object", null],
      ["word", 4],
      ["day", 10],
    ],
  );
});

test("properties are gathered through references and allOf", () => {
  const components = {
    schemas: {
      "A/B": { properties: { a: { $ref: "#/components/schemas/File" } }, required: ["a"] },
      File: { type: "string", format: "binary" },
    },
  };
  const schema = {
    allOf: [{ $ref: "#/components/schemas/A~1B" }, { properties: { b: { type: "boolean" } } }],
  };
  const [operation] = form(schema, {}, components);
  assert.deepEqual(operation?.files, [file("a")]);
  assert.deepEqual(operation?.fields, [field("b", 5, { isOptional: true })]);
});

test("a form without a file is no upload", () => {
  assert.deepEqual(form({ properties: { a: { type: "string" } } }), []);
});

test("binary bodies are raw uploads, whatever way they are written", () => {
  const raw = (content: object) => body(content).map(({ protocol, files }) => [protocol, files[0]?.types]);
  assert.deepEqual(raw({ "application/octet-stream": {} }), [["raw", null]]);
  assert.deepEqual(raw({ "application/pdf": {} }), [["raw", ["application/pdf"]]]);
  assert.deepEqual(raw({ "image/png": {}, "image/jpeg; q=1": {} }), [["raw", ["image/png", "image/jpeg"]]]);
  assert.deepEqual(raw({ "text/csv": { schema: { type: "string", format: "binary" } } }), [
    ["raw", ["text/csv"]],
  ]);
  assert.deepEqual(raw({ "*/*": { schema: { type: "string", format: "binary" } } }), [["raw", null]]);
  for (const none of [
    "application/json",
    "text/plain",
    "application/xml",
    "application/x-www-form-urlencoded",
    "multipart/mixed",
  ]) {
    assert.deepEqual(raw({ [none]: {} }), [], none);
  }
});

test("references that lead out of the document, in circles or nowhere are not followed", () => {
  const schema = (ref: string) => ({ $ref: ref });
  const document = readOpenApi(
    JSON.stringify({
      openapi: "3.1.0",
      paths: {
        "/a": {
          post: {
            requestBody: {
              content: { "multipart/form-data": { schema: schema("http://127.0.0.1:1/evil.json") } },
            },
          },
        },
        "/b": { post: { requestBody: schema("#/x/circle") } },
        "/c": { $ref: "#/nowhere" },
        "/d": { post: { requestBody: schema("#/%zz") } },
      },
      x: { circle: schema("#/x/circle") },
    }),
  );
  assert.deepEqual(findUploadOperations(document), []);
  assert.deepEqual([...document.outside], ["http://127.0.0.1:1/evil.json"]);
});

test("schemas that contain themselves end", () => {
  const components = {
    schemas: {
      S: { anyOf: [{ $ref: "#/components/schemas/S" }] },
      L: { type: "array", items: { $ref: "#/components/schemas/L" } },
      O: { allOf: [{ $ref: "#/components/schemas/O" }] },
    },
  };
  const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
  const [operation] = form(
    { properties: { s: ref("S"), l: ref("L"), f: { type: "string", format: "binary" } } },
    {},
    components,
  );
  assert.equal(operation?.files.length, 1);
  assert.deepEqual(form(ref("O"), {}, components), []);
});

test("a document may be YAML, and what is no OpenAPI 3 is told", () => {
  const yaml =
    "openapi: 3.0.0\npaths:\n  /x:\n    put:\n      requestBody:\n        content: { image/png: {} }\n";
  assert.equal(findUploadOperations(readOpenApi(yaml)).length, 1);
  for (const text of [
    "",
    "[]",
    "null",
    '{"swagger":"2.0"}',
    '{"openapi":"4.0.0"}',
    "a: [",
    "<html>",
    '{"openapi":31}',
  ]) {
    assert.throws(
      () => readOpenApi(text),
      (error) => error instanceof GateError && error.code === "OPENAPI_INVALID",
      text,
    );
  }
});

test("shapes that no OpenAPI document has are passed over", () => {
  const odd = [
    null,
    1,
    "x",
    [],
    { "/x": null },
    { "/x": { post: 1 } },
    { "/x": { post: { requestBody: [] } } },
    { "/x": { post: { requestBody: { content: { "multipart/form-data": 7 } } } } },
  ];
  for (const paths of odd) assert.deepEqual(operationsOf({ openapi: "3.1.0", paths }), []);
});
