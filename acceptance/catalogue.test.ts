/**
 * The whole check catalogue over the wire, against a running gate with a real FastAPI service behind it.
 *
 * After each check nothing is left in quarantine; at the end no upload is in a state that something still has to move it on from.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { headerOf } from "../src/checks/answer-reader.ts";
import { CATALOGUE } from "../src/checks/catalogue.ts";
import type { Check, CheckCase, Target } from "../src/checks/check.ts";
import { type CaseResult, runCheck } from "../src/checks/run-check.ts";
import type { Exchange } from "../src/checks/send-probe.ts";
import { type GateUnderTest, startGate } from "./gate-under-test.ts";
import { type ServiceUnderTest, startService } from "./service-under-test.ts";
import { targetsAt } from "./targets.ts";

const SEED = process.env.SLUICEGATE_SEED ?? "flowcheck-1";
const FLOWS = ["photos", "papers", "objects", "raw", "tables"];
const FINAL_STATES = new Set(["delivered", "aborted", "expired", "rejected", "observed"]);
const IDLE_MS = 1000;

interface Row {
  readonly check: Check;
  readonly results: readonly CaseResult[];
  readonly seconds: number;
}

const rows: Row[] = [];
let service: ServiceUnderTest;
let gate: GateUnderTest;
let targets: Readonly<Record<string, Target>>;

before(async () => {
  service = await startService();
  gate = await startGate({ upstream: service.origin, flows: FLOWS, limits: `idle: ${IDLE_MS}ms` });
  targets = targetsAt(gate.origin, SEED, IDLE_MS);
});

after(async () => {
  printTable();
  await gate?.stop();
  await service?.stop();
});

for (const check of CATALOGUE) {
  describe(`${check.id} ${check.title}`, () => {
    for (const flow of FLOWS) test(`on ${flow}`, () => runOn(check, flow));
  });
}

test("every upload of the catalogue has come to an end", async () => {
  const open = (await gate.uploads()).filter((upload) => !FINAL_STATES.has(upload.state));
  assert.deepEqual(open, []);
});

async function runOn(check: Check, flow: string): Promise<void> {
  const target = targets[flow];
  assert.ok(target);
  const startedAt = performance.now();
  const results = await runCheck(check, target, service);
  const judged = results.map((result) => withGateRules(check, result));
  rows.push({ check, results: judged, seconds: (performance.now() - startedAt) / 1000 });
  const wrong = judged.filter((result) => result.state === "fail" || result.state === "inconclusive");
  const told = wrong.map((result) => `${result.case}: ${result.reasons.join("; ")}`);
  await quarantineIsEmpty();
  assert.ok(gate.isRunning(), `the gate has ended:\n${gate.log()}`);
  assert.deepEqual(told, []);
}

/** What is left of a refused body is removed behind the answer: soon, not at once. */
async function quarantineIsEmpty(): Promise<void> {
  const givesUpAt = performance.now() + 3000;
  let left = await gate.quarantined();
  while (left.length > 0 && performance.now() < givesUpAt) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    left = await gate.quarantined();
  }
  assert.deepEqual(left, [], "left in quarantine");
}

/** Beyond what the catalogue asks of any server: this gate's refusals are problems with the documented code. */
function withGateRules(check: Check, result: CaseResult): CaseResult {
  const each = check.cases.find((candidate) => candidate.name === result.case);
  const exchange = result.probe?.exchange;
  if (each === undefined || exchange === undefined) return result;
  const wrong = problemFaults(each, exchange);
  return wrong.length === 0 ? result : { ...result, state: "fail", reasons: [...result.reasons, ...wrong] };
}

function problemFaults(each: CheckCase, exchange: Exchange): string[] {
  const [answer] = exchange.answers;
  if (answer === undefined || answer.status < 400 || each.expect.outcome === "accepted") return [];
  if (headerOf(answer, "content-type")?.startsWith("application/problem+json") !== true) {
    return [`a refusal that is no problem document: ${headerOf(answer, "content-type")}`];
  }
  const problem = JSON.parse(Buffer.from(answer.body).toString()) as Record<string, unknown>;
  const faults = ["type", "title", "status", "detail", "code", "retry", "requestId"]
    .filter((member) => problem[member] === undefined)
    .map((member) => `the problem has no ${member}`);
  if (problem.status !== answer.status) faults.push(`the problem says status ${problem.status}`);
  if (!each.expect.gateCodes.includes(String(problem.code))) {
    faults.push(`code ${problem.code} (${problem.detail}), expected ${each.expect.gateCodes.join(" or ")}`);
  }
  return faults;
}

function printTable(): void {
  const byCheck = Map.groupBy(rows, (row) => row.check.id);
  console.log("check      passed  failed  not applicable  seconds  title");
  let all = { pass: 0, fail: 0, requests: 0, seconds: 0 };
  for (const [id, group] of byCheck) {
    const results = group.flatMap((row) => row.results);
    const count = (...states: string[]) => results.filter((result) => states.includes(result.state)).length;
    const pass = count("pass");
    const fail = count("fail", "inconclusive");
    const seconds = group.reduce((sum, row) => sum + row.seconds, 0);
    const cells = [
      String(pass).padStart(6),
      String(fail).padStart(6),
      String(count("not-applicable")).padStart(14),
    ];
    console.log(
      `${id}  ${cells.join("  ")}  ${seconds.toFixed(1).padStart(7)}  ${group[0]?.check.title ?? ""}`,
    );
    const requests = 2 * group.length + 2 * (pass + fail);
    all = {
      pass: all.pass + pass,
      fail: all.fail + fail,
      requests: all.requests + requests,
      seconds: all.seconds + seconds,
    };
  }
  console.log(
    `${all.pass} passed, ${all.fail} failed, about ${all.requests} requests in ${all.seconds.toFixed(1)} s`,
  );
}
