import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { CATALOGUE } from "./catalogue.ts";

const SRC = resolve(import.meta.dirname, "..");

test("each check that the flows' own sentences name is in the catalogue", () => {
  const known = new Set<string>(CATALOGUE.map(({ id }) => id));
  const files = ["flows/asvs/asvs-coverage.ts", ...rulesOf("flows/review/rules")];
  const named = files.flatMap(
    (file) => readFileSync(join(SRC, file), "utf8").match(/UPL-[A-Z]{2}-\d{2}/g) ?? [],
  );
  assert.ok(named.length > 20);
  assert.deepEqual(
    [...new Set(named)].filter((id) => !known.has(id)),
    [],
  );
});

const rulesOf = (folder: string): string[] =>
  readdirSync(join(SRC, folder)).map((file) => join(folder, file));
