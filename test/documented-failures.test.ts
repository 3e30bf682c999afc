/**
 * What is promised of failures is said the same everywhere: in the documentation, by `explain`, and by the keys that a flow file takes.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { failureSentences } from "../src/flows/failure-schema.ts";
import type { Flow, FlowFailure } from "../src/flows/flow.ts";
import { flowSchema } from "../src/flows/flow-schema.ts";
import { FAILURES_BY_SUBJECT } from "../src/problems/failure-table.ts";
import { failuresPage } from "../src/problems/failures-page.ts";

const rows = Object.values(FAILURES_BY_SUBJECT).flat();

test("docs/failures.md is what npm run generate writes", () => {
  assert.equal(readFileSync(join(import.meta.dirname, "../docs/failures.md"), "utf8"), failuresPage());
});

test("no cell breaks its table", () => {
  for (const { failure, client, kept, operator, remedy, key } of rows)
    for (const cell of [failure, client, kept, operator, remedy, key ?? "–"]) {
      assert.ok(!/[|\n]/.test(cell) && cell.length > 0, cell);
    }
});

test("every key of failure: that is built is in the table or above it", () => {
  const page = failuresPage();
  const keys = Object.keys(flowSchema.shape.failure.unwrap().shape).filter((key) => key !== "scanner-down");
  assert.deepEqual(
    keys.filter((key) => !page.includes(`\`${key}\``) && !page.includes(`${key}:`)),
    [],
  );
});

const CALLERS = ["public", "jwt", "grant", "upstream"] as const;

test("what explain says a client gets is what the table says, for every choice", () => {
  const promised = new Set<string>(rows.flatMap(({ codes }) => codes));
  for (const upstreamDown of ["refuse", "retry"] as const)
    for (const upstreamUnknown of ["keep", "retry"] as const)
      for (const upstreamError of ["pass", "retry"] as const)
        for (const deliver of ["forward", "receipt"] as const)
          for (const caller of CALLERS) {
            const failure: FlowFailure = {
              upstreamDown,
              upstreamUnknown,
              upstreamError,
              retryForMs: 3_600_000,
              storageFull: "refuse",
            };
            const text = failureSentences({
              failure,
              deliver,
              permissions: { caller },
            } as unknown as Flow).join("\n");
            for (const [code] of text.matchAll(/[A-Z]+_[A-Z_]+/g))
              assert.ok(promised.has(code), `${code}: ${text}`);
          }
});
