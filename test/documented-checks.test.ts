/**
 * Every check is documented as it is, and says what a reader needs.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { CATALOGUE } from "../src/checks/catalogue.ts";
import { CLASS_TITLES, cataloguePage } from "../src/checks/catalogue-page.ts";

test("docs/checks.md is what npm run generate writes", () => {
  assert.equal(readFileSync(join(import.meta.dirname, "../docs/checks.md"), "utf8"), cataloguePage());
});

test("every check has a class, and says why it matters and what to do, for each framework and for the gate", () => {
  for (const { id, why, remedy } of CATALOGUE) {
    assert.ok(Object.hasOwn(CLASS_TITLES, id.slice(4, 6)), id);
    assert.match(why, /^[A-Z0-9].{30,}\.$/, id);
    assert.ok(remedy !== undefined, `${id} has no remedy`);
    for (const [name, text] of Object.entries(remedy))
      assert.match(text, /^\S.{10,}[.)]$/s, `${id}, ${name}`);
  }
});
