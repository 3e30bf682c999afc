/**
 * The checks of one request over the wire (classes TR, MP, NM and TY), against a running gate with a real FastAPI service behind it.
 *
 * After each check nothing is left in quarantine; at the end no upload is in a state that something still has to move it on from.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Target } from "../src/checks/check.ts";
import { type CheckedRow, checksOf, printTable, runOn } from "./catalogue-rules.ts";
import { type GateUnderTest, startGate } from "./gate-under-test.ts";
import { type ServiceUnderTest, startService } from "./service-under-test.ts";
import { targetsAt } from "./targets.ts";

const SEED = process.env.SLUICEGATE_SEED ?? "flowcheck-1";
const FLOWS = ["photos", "papers", "objects", "raw", "tables"];
const FINAL_STATES = new Set(["delivered", "aborted", "expired", "rejected", "observed"]);
const IDLE_MS = 1000;

const rows: CheckedRow[] = [];
let service: ServiceUnderTest;
let gate: GateUnderTest;
let targets: Readonly<Record<string, Target>>;

before(async () => {
  service = await startService();
  gate = await startGate({ upstream: service.origin, flows: FLOWS, limits: `idle: ${IDLE_MS}ms` });
  targets = targetsAt(gate.origin, SEED, IDLE_MS);
});

after(async () => {
  printTable(rows);
  await gate?.stop();
  await service?.stop();
});

for (const check of checksOf("TR", "MP", "NM", "TY")) {
  describe(`${check.id} ${check.title}`, () => {
    for (const flow of FLOWS) {
      test(`on ${flow}`, async () => {
        const target = targets[flow];
        assert.ok(target);
        rows.push(await runOn(check, { target, evidence: service, gate: () => gate }));
      });
    }
  });
}

test("every upload of the catalogue has come to an end", async () => {
  const open = (await gate.uploads()).filter((upload) => !FINAL_STATES.has(upload.state));
  assert.deepEqual(open, []);
});
