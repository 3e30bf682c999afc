/**
 * The checks of who may (class PM) over the wire: each kind of caller, forms and raw bodies, delivered by bytes and by receipt, against a running
 * gate with a real FastAPI service behind it.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Check } from "../src/checks/check.ts";
import { type CheckedRow, checksOf, printTable, runOn, silentChecks } from "./catalogue-rules.ts";
import type { CheckedFlow } from "./checked-callers.ts";
import { type CheckedRoutes, startChecked } from "./checked-routes.ts";

const SEED = process.env.SLUICEGATE_SEED ?? "flowcheck-1";
const FLOWS: readonly CheckedFlow[] = [
  ...(["key", "key-raw", "jwt", "jwt-raw", "grant", "grant-raw"] as const),
  ...(["asked", "asked-raw", "public", "public-raw"] as const),
];
/** Where the shares are: there, nothing else would pass. */
const SHARES: readonly CheckedFlow[] = ["quota", "rate"];

const rows: CheckedRow[] = [];
let routes: CheckedRoutes;

before(async () => {
  routes = await startChecked([...FLOWS, ...SHARES], SEED);
});

after(async () => {
  printTable(rows);
  await routes?.stop();
});

/** Ids are made in one place: two flows show enough of them. */
const FEW: readonly CheckedFlow[] = ["key", "public-raw"];

function flowsFor({ id }: Check): readonly CheckedFlow[] {
  if (id === "UPL-PM-10") return SHARES;
  return id === "UPL-PM-06" ? FEW : FLOWS;
}

for (const check of checksOf("PM", "TR").filter(({ id }) => id.startsWith("UPL-PM") || id === "UPL-TR-01")) {
  describe(`${check.id} ${check.title}`, () => {
    for (const flow of flowsFor(check)) {
      test(`on ${flow}`, async () => {
        const { evidence } = routes;
        const [target, hooks] = [await routes.targetOf(flow), routes.hooksOf(flow)];
        rows.push(await runOn(check, { target, hooks, evidence, gate: () => routes.gate }));
      });
    }
  });
}

test("every one of these checks has said something on some route", () => {
  assert.deepEqual(silentChecks(rows, "PM"), []);
});
