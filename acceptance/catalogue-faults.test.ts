/**
 * The checks of failures (class FM) and of what an operator sees (class VO) over the wire, against a running gate with a real FastAPI service behind
 * it. Each fault is the real one: the service stopped, the disk full, the process killed.
 */
import { deepEqual } from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type CheckedRow, checksOf, printTable, runOn, silentChecks } from "./catalogue-rules.ts";
import type { CheckedFlow } from "./checked-callers.ts";
import { type CheckedRoutes, startChecked } from "./checked-routes.ts";
import { realFaults, SmallDisk } from "./real-faults.ts";

const SEED = process.env.SLUICEGATE_SEED ?? "flowcheck-1";
const AT_ONCE_MAX = 10;
/** A form by bytes, and bytes by receipt; other callers differ in what of them must not be logged. */
const FLOWS: readonly CheckedFlow[] = ["key", "asked-raw"];
const LOGGED: readonly CheckedFlow[] = ["key", "asked-raw", "grant-raw", "public"];

const rows: CheckedRow[] = [];
let disk: SmallDisk;
let routes: CheckedRoutes;

before(async () => {
  disk = await SmallDisk.mount();
  routes = await startChecked(LOGGED, SEED, {
    storage: disk.storage,
    limits: `idle: 60s, uploads: ${AT_ONCE_MAX}`,
    upstreamTimeout: "2s",
  });
});

after(async () => {
  printTable(rows);
  await routes?.stop();
  await disk?.unmount();
});

for (const check of checksOf("FM", "VO")) {
  const flows = ["UPL-VO-01", "UPL-VO-02", "UPL-VO-04"].includes(check.id) ? LOGGED : FLOWS;
  describe(`${check.id} ${check.title}`, () => {
    for (const flow of flows) {
      test(`on ${flow}`, async () => {
        const target = await routes.targetOf(flow, { atOnceMax: AT_ONCE_MAX });
        const hooks = { ...routes.hooksOf(flow), faults: realFaults(routes, disk, flow) };
        rows.push(await runOn(check, { target, hooks, evidence: routes.evidence, gate: () => routes.gate }));
      });
    }
  });
}

test("every one of these checks has said something on some route", () => {
  deepEqual(silentChecks(rows, "FM", "VO"), []);
});
