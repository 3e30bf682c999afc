/**
 * The checks of what is inside of files (classes CT, AR, IM and DC), against a running gate with a real FastAPI service behind it.
 *
 * The gate promises nothing about the inside of files, so what it takes is a warning and no broken promise; some of it its structural reading refuses
 * already. `TAKEN` says what it takes today: a change in either direction is seen here. Every benign twin must pass.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Check, Target } from "../src/checks/check.ts";
import { DOCX, PPTX, XLSX } from "../src/checks/content-case.ts";
import { docx } from "../src/checks/payloads/office-files.ts";
import type { Topic } from "../src/checks/promise.ts";
import { type CaseResult, runCheck } from "../src/checks/run-check.ts";
import {
  type CheckedRow,
  checksOf,
  printTable,
  quarantineIsEmpty,
  withGateRules,
} from "./catalogue-rules.ts";
import { TAKEN } from "./content-taken.ts";
import { type GateUnderTest, startGate } from "./gate-under-test.ts";
import { type ServiceUnderTest, startService } from "./service-under-test.ts";
import { targetsAt } from "./targets.ts";

const SEED = process.env.SLUICEGATE_SEED ?? "flowcheck-1";
const CLASSES = ["CT", "AR", "IM", "DC"] as const;
/** Of what is inside of files, this gate promises nothing. */
const UNPROMISED: ReadonlySet<Topic> = new Set(["malware", "archives", "images", "documents"]);

type Flow = "photos" | "papers" | "offices" | "objects";
const FLOWS: readonly Flow[] = ["photos", "papers", "offices", "objects"];

const rows: CheckedRow[] = [];
const spoken = new Set<string>();
let warnings = 0;
let service: ServiceUnderTest;
let gate: GateUnderTest;
let targets: Readonly<Record<Flow, Target>>;

before(async () => {
  service = await startService();
  gate = await startGate({ upstream: service.origin, flows: FLOWS });
  const { photos, papers, objects } = targetsAt(gate.origin, SEED);
  assert.ok(photos && papers && objects);
  targets = { photos, papers, offices: officesAt(photos), objects };
});

after(async () => {
  printTable(rows);
  console.log(`${warnings} beside these were taken, which nobody has promised to refuse`);
  await gate?.stop();
  await service?.stop();
});

/** As `flows/offices` says. */
function officesAt(other: Target): Target {
  const control = { name: "letter.docx", mediaType: DOCX, bytes: docx() };
  const types = [DOCX, XLSX, PPTX, "image/webp"];
  return {
    ...other,
    path: "/checked/forward/offices",
    file: { field: "document", types, sizeBytesMax: 256 * 1024, countMax: 1, control },
    fields: [],
  };
}

/** Whether the attack was accepted; a scenario has none of its own. */
function isTaken({ probe }: CaseResult): boolean {
  const status = probe?.exchange.answers[0]?.status ?? 0;
  return status >= 200 && status < 300;
}

/** What is wrong beyond an attack that got through on a topic that nobody has promised. */
function wrongOf(check: Check, result: CaseResult): readonly string[] {
  if (result.state === "pass" || result.state === "not-applicable") return [];
  const told = `${result.case}: ${result.state}: ${result.reasons.join("; ")}`;
  const topic = check.cases.find(({ name }) => name === result.case)?.topic ?? check.topic;
  const isWarning = topic !== undefined && UNPROMISED.has(topic);
  const ofTwin = result.reasons.some((reason) => reason.startsWith("the benign twin"));
  return result.state === "fail" && isTaken(result) && isWarning && !ofTwin ? [] : [told];
}

/** Cases that are to be taken; scenarios are judged by themselves. */
function expectedOf(flow: Flow, check: Check, results: readonly CaseResult[]): readonly string[] {
  const taken = flow === "objects" ? "all" : (TAKEN[flow]?.[check.id] ?? []);
  if (taken !== "all") return taken;
  const applied = results.filter(({ state, steps }) => state !== "not-applicable" && steps === undefined);
  return applied.map((result) => result.case);
}

for (const check of checksOf(...CLASSES)) {
  describe(`${check.id} ${check.title}`, () => {
    for (const flow of FLOWS) {
      test(`on ${flow}`, async () => {
        const startedAt = performance.now();
        const run = await runCheck(check, { ...targets[flow], unpromised: UNPROMISED }, service);
        const results = run.map((result) => withGateRules(check, result));
        const warned = results.filter((each) => each.state === "fail" && isTaken(each));
        warnings += warned.length;
        if (results.some(({ state }) => state !== "not-applicable")) spoken.add(check.id);
        const others = results.filter((each) => !warned.includes(each));
        rows.push({ check, results: others, seconds: (performance.now() - startedAt) / 1000 });
        await quarantineIsEmpty(gate);
        assert.ok(gate.isRunning(), `the gate has ended:\n${gate.log()}`);
        assert.deepEqual(
          results.flatMap((result) => wrongOf(check, result)),
          [],
        );
        const taken = results.filter(isTaken).map((result) => result.case);
        assert.deepEqual(taken, expectedOf(flow, check, results));
      });
    }
  });
}

test("every check has said something on one of the routes", () => {
  const ids = checksOf(...CLASSES).map(({ id }) => id);
  assert.deepEqual(
    ids.filter((id) => !spoken.has(id)),
    [],
  );
});
