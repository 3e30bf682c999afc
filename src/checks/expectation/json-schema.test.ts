import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { readSchema } from "./json-schema.ts";

function complaints(schema: unknown, value: unknown): readonly string[] {
  const reading = readSchema(schema);
  assert.ok(reading.ok, JSON.stringify(reading));
  return reading.schema.complaintsAbout(value);
}

const problems = (schema: unknown): readonly string[] => {
  const reading = readSchema(schema);
  return reading.ok ? [] : reading.problems;
};

test("each keyword takes what fits and names what does not, with its place", () => {
  const table: [schema: unknown, fits: unknown, wrong: unknown, sentence: string][] = [
    [{ type: "integer" }, 5, 5.5, "expected a whole number, found the number 5.5."],
    [{ type: ["string", "null"] }, null, 1, "expected a text or null, found the number 1."],
    [{ type: "array" }, [], {}, "expected a list, found an object."],
    [{ type: "object" }, {}, null, "expected an object, found null."],
    [{ type: "boolean" }, false, 0, "expected true or false, found the number 0."],
    [{ const: { a: [1] } }, { a: [1] }, { a: [2] }, "expected an object, found an object."],
    [{ enum: ["a", "b"] }, "b", "c", 'expected "a" or "b", found "c".'],
    [{ required: ["id"] }, { id: null }, {}, "/id: it is missing."],
    [
      { properties: { "a/b": { type: "string" } } },
      {},
      { "a/b": 1 },
      "/a~1b: expected a text, found the number 1.",
    ],
    [
      { additionalProperties: false, properties: { a: true } },
      { a: 1 },
      { b: 1 },
      "/b: it was not there, and is not expected.",
    ],
    [
      { additionalProperties: { type: "null" } },
      { b: null },
      { b: 1 },
      "/b: expected null, found the number 1.",
    ],
    [{ items: { type: "integer" } }, [1, 2], [1, "x"], '/1: expected a whole number, found "x".'],
    [{ pattern: "^[0-9a-f]{4}$" }, "00ff", "00FF", 'expected a text like ^[0-9a-f]{4}$, found "00FF".'],
    [
      { format: "uuid" },
      "0190f3c2-7b7a-7c58-8f3b-1a2b3c4d5e6f",
      "0190f3c2",
      'expected a uuid, found "0190f3c2".',
    ],
    [
      { format: "date-time" },
      "2026-11-22T16:33:24.904+00:00",
      "2026-11-22",
      'expected a date-time, found "2026-11-22".',
    ],
    [
      { format: "date-time" },
      "2026-11-22T16:33:24Z",
      "2026-13-22T16:33:24Z",
      'expected a date-time, found "2026-13-22T16:33:24Z".',
    ],
    [{ format: "uri" }, "https://a.example/x?y", "/x", 'expected a uri, found "/x".'],
    [{ minimum: 1 }, 1, 0, "it is 0, expected at least 1."],
    [{ maximum: 1 }, 1, 2, "it is 2, expected at most 1."],
    [{ exclusiveMinimum: 0 }, 0.1, 0, "it is 0, expected more than 0."],
    [{ exclusiveMaximum: 1 }, 0.9, 1, "it is 1, expected less than 1."],
    [{ minLength: 2 }, "🐝🐝", "🐝", "it has 1 characters, expected at least 2."],
    [{ maxLength: 1 }, "🐝", "ab", "it has 2 characters, expected at most 1."],
    [{ minItems: 1 }, [0], [], "it has 0 items, expected at least 1."],
    [{ maxItems: 1 }, [0], [1, 2], "it has 2 items, expected at most 1."],
    [{ anyOf: [{ type: "string" }, { type: "null" }] }, null, 1, "expected null, found the number 1."],
    [true, 1, undefined, ""],
  ];
  for (const [schema, fits, wrong, sentence] of table) {
    assert.deepEqual(complaints(schema, fits), [], JSON.stringify(schema));
    if (sentence !== "") assert.deepEqual(complaints(schema, wrong), [sentence], JSON.stringify(schema));
  }
});

test("a keyword says nothing of values of another kind", () => {
  const schema = {
    minLength: 5,
    minimum: 5,
    pattern: "x",
    format: "uuid",
    items: false,
    required: ["a"],
    minItems: 3,
  };
  for (const value of [null, true]) assert.deepEqual(complaints(schema, value), []);
});

test("a keyword or format that is not known is a problem, wherever it stands, and never passed over", () => {
  const table: [unknown, RegExp][] = [
    [{ $ref: "#/x" }, /^\/\$ref: the keyword "\$ref" is not known here/],
    [
      { properties: { id: { items: { oneOf: [] } } } },
      /^\/properties\/id\/items\/oneOf: the keyword "oneOf"/,
    ],
    [{ anyOf: [{ not: {} }] }, /^\/anyOf\/0\/not: the keyword "not"/],
    [{ additionalProperties: { constructor: 1 } }, /the keyword "constructor" is not known/],
    [{ format: "email" }, /the format "email" is not known here; known are date-time, date, uuid and uri/],
    [{ pattern: "(" }, /"\(" is not a regular expression/],
    [{ type: "int" }, /"int" is not a type/],
    [{ minLength: -1 }, /expected a whole number from 0/],
    [{ required: "id" }, /expected a list of names/],
    [{ items: [] }, /expected a schema/],
    [[], /expected a schema, found an empty list/],
  ];
  for (const [schema, sentence] of table) {
    const [first, ...others] = problems(schema);
    assert.match(first ?? "none", sentence);
    assert.deepEqual(others, []);
  }
});

test("of many complaints the first ten are told", () => {
  assert.equal(complaints({ items: { type: "null" } }, Array(1000).fill(1)).length, 10);
});

test("the schemas of the example can be read", () => {
  const flows = resolve(import.meta.dirname, "../../../examples/flows");
  for (const flow of readdirSync(flows)) {
    const text = readFileSync(join(flows, flow, "expected/created.schema.json"), "utf8");
    assert.deepEqual(problems(JSON.parse(text)), [], flow);
  }
});
