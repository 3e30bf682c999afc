import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { test } from "node:test";
import { generateSchemas } from "./generate-schemas.ts";

test("the JSON Schema that is checked in is the one that the schema gives (npm run generate writes it)", () => {
  for (const { name, json } of generateSchemas()) {
    assert.equal(readFileSync(resolve(import.meta.dirname, "../../contract", name), "utf8"), json, name);
  }
});
