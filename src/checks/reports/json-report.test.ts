import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import type { z } from "zod";
import { hostileRun, largeRun, sampleRun } from "../../../fixtures/check-runs/sample-runs.ts";
import { schemaErrors } from "../../../test/validators/json-schema.ts";
import { GateError } from "../../problems/gate-error.ts";
import type { CheckRun } from "../run/check-run.ts";
import { generateSchemas, jsonReport, readRunJson } from "./json-report.ts";
import type { runSchema } from "./run-schema.ts";

type IsSame<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;

const ROOT = resolve(import.meta.dirname, "../../..");

/** With every member required, so that one that only one of two types knows makes them differ. */
type Full<T> = T extends object ? { -readonly [K in keyof T]-?: Full<T[K]> } : T;

test("the schema's type is that of a run, to the last member", () => {
  // The comparison is made by the compiler: it does not compile where they differ.
  const isSame: IsSame<Full<z.infer<typeof runSchema>>, Full<CheckRun>> = true;
  assert.equal(isSame, true);
});

test("a run is read back as it was, whatever the target wrote into it", () => {
  for (const run of [sampleRun(), sampleRun({ baseline: null, stopped: null }), hostileRun(), largeRun(20)]) {
    assert.deepEqual(readRunJson(jsonReport(run), "run.json"), JSON.parse(jsonReport(run)));
  }
});

test("members of a later version of the same format are let through", () => {
  const later = { ...sampleRun(), weather: "fine" };
  assert.equal(readRunJson(JSON.stringify(later), "run.json").id, later.id);
});

const REFUSED: readonly (readonly [what: string, text: string, message: RegExp])[] = [
  ["an empty file", "", /"run\.json" is no JSON\..*an empty file/],
  ["another text", "<html>", /"run\.json" is no JSON\..*"<html>"/],
  ["other JSON", '{"runs":[]}', /is not a run of checks\..*no member "schema"/],
  ["an array", "[]", /is not a run of checks/],
  ["null", "null", /is not a run of checks/],
  ["a later format", '{"schema":"sluicegate-check-run/2"}', /another version of the format\..*run\/2/],
  [
    "a run with something missing",
    JSON.stringify({ ...sampleRun(), results: "none", cost: undefined }),
    /something missing or wrong\..*cost.*results/,
  ],
];

for (const [what, text, message] of REFUSED) {
  test(`${what} is refused with what is wrong with it`, () => {
    assert.throws(
      () => readRunJson(text, "run.json"),
      (error) => {
        assert.ok(error instanceof GateError);
        assert.equal(error.code, "CHECK_RUN_INVALID");
        assert.match(`${error.message} ${error.seen}`, message);
        return true;
      },
    );
  });
}

test("contract/check-run.schema.json is what npm run generate writes", () => {
  const [file] = generateSchemas();
  assert.equal(file?.json, readFileSync(join(ROOT, "contract/check-run.schema.json"), "utf8"));
});

test("every run is valid by the published schema, and a broken one is not", () => {
  const runs = [sampleRun(), hostileRun(), largeRun(20), { ...sampleRun(), profile: "wild" }];
  const errors = schemaErrors(
    join(ROOT, "contract/check-run.schema.json"),
    runs.map((run) => JSON.stringify(run)),
  );
  assert.deepEqual(errors.slice(0, 3), [[], [], []]);
  assert.match(errors[3]?.join() ?? "", /profile: 'wild' is not one of/);
});
