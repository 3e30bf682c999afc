/**
 * The checks of retries (class RT) and of what comes back (class RS) over the wire, on each kind of caller, by bytes and by receipt, against a
 * running gate with a real FastAPI service behind it. Ten at once are ten connections.
 */

import { deepEqual } from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type CheckedRow, checksOf, printTable, runOn, silentChecks } from "./catalogue-rules.ts";
import type { CheckedFlow } from "./checked-callers.ts";
import { type CheckedRoutes, startChecked } from "./checked-routes.ts";

const SEED = process.env.SLUICEGATE_SEED ?? "flowcheck-1";
const FLOWS: readonly CheckedFlow[] = [
  "key",
  "key-raw",
  "jwt-raw",
  "grant-raw",
  "asked-raw",
  "public",
  "public-raw",
];

const rows: CheckedRow[] = [];
let routes: CheckedRoutes;

before(async () => {
  routes = await startChecked(FLOWS, SEED);
});

after(async () => {
  printTable(rows);
  await routes?.stop();
});

for (const check of checksOf("RT", "RS")) {
  describe(`${check.id} ${check.title}`, () => {
    for (const flow of FLOWS) {
      test(`on ${flow}`, async () => {
        const { evidence } = routes;
        const [target, hooks] = [await routes.targetOf(flow), routes.hooksOf(flow)];
        rows.push(await runOn(check, { target, hooks, evidence, gate: () => routes.gate }));
      });
    }
  });
}

test("every one of these checks has said something on some route", () => {
  deepEqual(silentChecks(rows, "RT", "RS"), []);
});
