/**
 * Every error code is documented, and nothing is documented that is not a code; every code that the sources throw is in the table.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ERROR_CODES } from "../src/problems/error-code.ts";
import { errorsPage } from "../src/problems/errors-page.ts";

const page = readFileSync(join(import.meta.dirname, "../docs/errors.md"), "utf8");
const documented = [...page.matchAll(/^### ([A-Z0-9_]+)$/gm)].map((match) => match[1] ?? "");

test("every error code is documented", () => {
  assert.deepEqual(
    Object.keys(ERROR_CODES).filter((code) => !documented.includes(code)),
    [],
  );
});

test("every documented code exists", () => {
  assert.deepEqual(
    documented.filter((code) => !Object.hasOwn(ERROR_CODES, code)),
    [],
  );
});

test("docs/errors.md is what npm run generate writes", () => {
  assert.equal(page, errorsPage());
});

test("every row says what a reader needs", () => {
  for (const [code, row] of Object.entries(ERROR_CODES)) {
    assert.ok(row.title.length > 10 && row.meaning.length > 20 && row.remedy.length > 5, code);
    assert.ok(row.status >= 400 && row.status < 600, code);
    assert.ok(!/[.]$/.test(row.title), `${code}: a title is no sentence`);
  }
});
