import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { test } from "node:test";
import { FILE_TYPES } from "../uploads/file-types.ts";
import { generateSchemas } from "./generate-schemas.ts";

test("the JSON Schema that is checked in is the one that the schema gives (npm run generate writes it)", () => {
  for (const { name, json } of generateSchemas()) {
    assert.equal(readFileSync(resolve(import.meta.dirname, "../../contract", name), "utf8"), json, name);
  }
});

test("the JSON Schema tells editors the types, the units and what is not built yet", () => {
  const json = generateSchemas()[0]?.json ?? "";
  for (const { mediaType } of FILE_TYPES) assert.ok(json.includes(`"${mediaType}"`), mediaType);
  const schema = JSON.parse(json);
  const { properties } = schema;
  assert.deepEqual(schema.required, [
    "flow",
    "summary",
    "owner",
    "mode",
    "route",
    "accept",
    "permissions",
    "deliver",
    "upstream",
  ]);
  assert.deepEqual(properties.inspect.properties.isolation.not, {});
  assert.match(properties.inspect.properties.isolation.description, /not built yet/);
  assert.match(
    "5 MiB",
    new RegExp(properties.accept.properties.files.additionalProperties.properties["max-size"].pattern),
  );
  assert.equal(properties.accept.properties.files.additionalProperties.properties.count.default, 1);
});

test("the JSON Schema tells editors every form of a share", () => {
  const [file] = generateSchemas();
  const { rate, concurrent, quota } = JSON.parse(file?.json ?? "").properties.permissions.properties;
  const [one, list] = rate.anyOf;
  assert.deepEqual(list.items, one);
  assert.match("10/min", new RegExp(one.anyOf[0].pattern));
  assert.equal(one.anyOf[1].additionalProperties, false);
  assert.deepEqual(one.anyOf[1].required, ["requests"]);
  assert.equal(concurrent.anyOf[0].anyOf[0].type, "integer");
  assert.deepEqual(quota.anyOf[0].required, ["every"]);
});
