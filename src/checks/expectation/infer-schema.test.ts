import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { inferSchema, volatilePointers } from "./infer-schema.ts";
import { readSchema } from "./json-schema.ts";

const answer = (id: number, at: string, name: string) => ({
  id,
  at,
  status: "stored",
  ok: true,
  name,
  type: "image/png",
  size: 6269,
  sha256: String(id).repeat(64),
  link: `https://files.example/${id}`,
  token: `0190f3c2-7b7a-7c58-8f3b-1a2b3c4d5e6${id}`,
  tags: [],
  caption: null,
  "a/b": { width: 1.5 * id },
});
const ANSWERS = [
  answer(1, "2026-11-22T16:33:24.904+00:00", "a.png"),
  answer(2, "2026-11-22T16:33:25Z", "b.png"),
];

test("ids, moments, digests and links become types and formats; what says what became of the upload stays", () => {
  assert.deepEqual(inferSchema(ANSWERS, ["a.png", "b.png"]), {
    type: "object",
    required: Object.keys(ANSWERS[0] ?? {}),
    properties: {
      id: { type: "integer", minimum: 0 },
      at: { type: "string", format: "date-time" },
      status: { const: "stored" },
      ok: { const: true },
      name: { type: "string", minLength: 1 },
      type: { type: "string" },
      size: { type: "integer", minimum: 0 },
      sha256: { type: "string", pattern: "^[0-9a-f]{64}$" },
      link: { type: "string", format: "uri" },
      token: { type: "string", format: "uuid" },
      tags: { type: "array" },
      caption: { type: "null" },
      "a/b": {
        type: "object",
        required: ["width"],
        properties: { width: { type: "number", minimum: 0 } },
      },
    },
  });
});

test("what differs each time is named by its place, and so are moments and random ids that happen to be equal", () => {
  assert.deepEqual(volatilePointers(ANSWERS), [
    "/id",
    "/at",
    "/name",
    "/sha256",
    "/link",
    "/token",
    "/a~1b/width",
  ]);
  const same = { at: "2026-11-22T16:33:25Z", name: "a" };
  assert.deepEqual(volatilePointers([same, same]), ["/at"]);
});

test("what was sent is no constant, whatever its name", () => {
  const bodies = [{ status: "Sea" }, { status: "Sea" }];
  assert.deepEqual(inferSchema(bodies, ["Sea"]).properties, { status: { type: "string" } });
  assert.deepEqual(inferSchema(bodies, []).properties, { status: { const: "Sea" } });
});

test("what only some answers have is not required, and what is null in some may be null", () => {
  const schema = inferSchema([{ a: 1, b: null }, { b: "x" }], []);
  assert.deepEqual(schema, {
    type: "object",
    required: ["b"],
    properties: { a: { type: "integer", minimum: 0 }, b: { type: ["null", "string"] } },
  });
});

test("any answers fit the schema that is made of them", () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue(), { minLength: 1, maxLength: 4 }), (values) => {
      const reading = readSchema(JSON.parse(JSON.stringify(inferSchema(values, []))));
      assert.ok(reading.ok, JSON.stringify(reading));
      for (const value of JSON.parse(JSON.stringify(values)))
        assert.deepEqual(reading.schema.complaintsAbout(value), []);
    }),
    { numRuns: 300 },
  );
});
