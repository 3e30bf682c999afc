/**
 * `sluicegate check` tells the truth: of each fault of `fixtures/services/` the checks that name it say so, of the careful services none does, and
 * of a gate in front of a faulty service none does but where the table says why a gate cannot mend it.
 *
 * Services are told which fault to have while they run: one process for all faults of a framework, and one gate in front of it.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { LOGS, SERVICE_FAULTS, type ServiceFault } from "../fixtures/services/faults.ts";
import type { CheckRun } from "../src/checks/run/check-run.ts";
import { type CheckedService, type ServiceFramework, startCheckedService } from "./checked-service.ts";
import { runOnService, SERVICE_FLOWS } from "./checked-service-run.ts";
import { type GateUnderTest, startGate } from "./gate-under-test.ts";

const FRAMEWORKS: readonly ServiceFramework[] = ["fastapi", "django", "flask"];
/** Of each class one or two: what a gate does with good services is tested elsewhere. */
const SAMPLE = [
  "TR-01",
  "TR-07",
  "MP-08",
  "MP-11",
  "NM-01",
  "TY-06",
  "PM-01",
  "PM-03",
  "RT-01",
  "RT-06",
  "RS-04",
  "VO-02",
];
/** What is inside of files is promised on routes of their own, with one of the frameworks. */
const INSIDE: Readonly<Record<string, readonly string[]>> = {
  "fastapi-photos": ["CT", "IM", "TY-01", "TY-02", "TY-05", "TY-06", "TY-08"],
  "fastapi-papers": ["CT", "AR", "IM", "TY", "RS-01"],
};

const LOG_WAIT_MS = 10_000;
const LOG_LOOK_MS = 50;

/** The gate's room for uploads at once is the one that the services promise. */
const GATE_LIMITS = "idle: 60s, uploads: 20";

interface Tried {
  readonly fault: ServiceFault;
  readonly framework: ServiceFramework;
  readonly run: CheckRun;
}

const tried: Tried[] = [];
const gated: Tried[] = [];
const careful: CheckRun[] = [];
let runs = 0;

/** Runs of one process must not share names or keys. */
function nextRunId(): string {
  runs += 1;
  return `table-${runs}-${Date.now().toString(36)}`;
}

const idsOf = (fault: ServiceFault): readonly string[] => fault.foundBy.map((id) => `UPL-${id}`);

const failing = (run: CheckRun): readonly string[] =>
  run.results.filter(({ state }) => state === "fail").map(({ id }) => id);

/** What is wrong by a run, each case in a line. */
function told(run: CheckRun): string {
  const cases = run.results.flatMap(({ id, cases: all }) =>
    all
      .filter(({ state }) => state !== "pass" && state !== "not-applicable")
      .map(({ name, state, reasons }) => `${id} ${name}: ${state}: ${reasons.join("; ").slice(0, 300)}`),
  );
  return [run.sentence, run.stopped?.sentence ?? "", ...cases].join("\n");
}

/** The folder of the flow that a fault is about. What is inside of files is the service's promise, gate or not. */
function flowOf(framework: ServiceFramework, fault: ServiceFault, isGated: boolean): string {
  if (fault.route !== undefined) return `${framework}-${fault.route.split("/")[1]}`;
  return isGated ? `${framework}-pictures-gated` : `${framework}-pictures`;
}

/** Lines are gathered before they are written, in order: all are there once that of one more request is. */
async function logOf(gate: GateUnderTest): Promise<string> {
  const mark = `the-log-until-${nextRunId()}`;
  await fetch(`${gate.origin}/health/live`, { headers: { "X-Request-Id": mark } });
  const until = performance.now() + LOG_WAIT_MS;
  while (!gate.log().includes(mark)) {
    assert.ok(performance.now() < until, "the gate has logged nothing of a request");
    await new Promise((resolve) => setTimeout(resolve, LOG_LOOK_MS));
  }
  return gate.log();
}

describe("faults of services", { concurrency: FRAMEWORKS.length }, () => {
  for (const framework of FRAMEWORKS) {
    describe(framework, { concurrency: 1 }, () => {
      let service: CheckedService;
      let gate: GateUnderTest;
      const faults = SERVICE_FAULTS.filter(({ on }) => on.includes(framework));

      before(async () => {
        service = await startCheckedService(framework);
      });

      before(async () => {
        const flow = `${SERVICE_FLOWS}/${framework}-pictures-gated`;
        const inside = Object.keys(INSIDE).map((name) => `${SERVICE_FLOWS}/${name}-gated`);
        gate = await startGate({
          upstream: service.origin,
          flows: framework === "fastapi" ? [flow, ...inside] : [flow],
          passThrough: true,
          limits: GATE_LIMITS,
        });
      });

      after(async () => {
        await gate?.stop();
        await service?.stop();
      });

      test("the careful service breaks no promise", async () => {
        await service.become(null);
        const flow = `${framework}-pictures`;
        // One of them is looked at as its flow says, by URL, state and list; the others in a shorter way.
        const isLookedInto = framework !== "fastapi";
        const run = await runOnService(service, {
          flow,
          origin: service.origin,
          runId: nextRunId(),
          isLookedInto,
        });
        careful.push(run);
        assert.deepEqual(failing(run), [], told(run));
        assert.equal(run.stopped, null);
        assert.ok(run.results.filter(({ state }) => state === "pass").length > 60, told(run));
      });

      test("nor does it with a gate in front", async () => {
        const flow = `${framework}-pictures-gated`;
        const log = () => logOf(gate);
        const about = { flow, log, only: SAMPLE, isLookedInto: true };
        const run = await runOnService(service, { ...about, origin: gate.origin, runId: nextRunId() });
        careful.push(run);
        assert.deepEqual(failing(run), [], told(run));
        assert.equal(run.stopped, null);
      });

      for (const [flow, only] of framework === "fastapi" ? Object.entries(INSIDE) : []) {
        test(`the careful service breaks no promise about the inside of files, by ${flow}`, async () => {
          await service.become(null);
          const about = { flow, only, isLookedInto: true, runId: nextRunId() };
          const run = await runOnService(service, { ...about, origin: service.origin });
          careful.push(run);
          assert.deepEqual(failing(run), [], told(run));
          assert.equal(run.stopped, null);
          assert.ok(run.results.filter(({ state }) => state === "pass").length > 12, told(run));
        });
      }

      for (const fault of faults) {
        test(`a service that ${fault.what} is found by ${fault.foundBy.join(" and ")}`, async () => {
          await service.become(fault.name);
          const run = await runOnService(service, {
            flow: flowOf(framework, fault, false),
            origin: service.origin,
            only: idsOf(fault),
            runId: nextRunId(),
            isLookedInto: true,
          });
          tried.push({ fault, framework, run });
          for (const id of idsOf(fault))
            assert.ok(failing(run).includes(id), `${id} has not found it:\n${told(run)}`);
        });

        test(`with a gate in front, a service that ${fault.what} ${fault.cured === true ? "breaks no promise" : "still does"}`, async () => {
          await service.become(fault.name);
          const run = await runOnService(service, {
            flow: flowOf(framework, fault, true),
            origin: gate.origin,
            // Of what is not mended, one check tells as much as several.
            only: fault.cured === true ? idsOf(fault) : idsOf(fault).slice(0, 1),
            runId: nextRunId(),
            isLookedInto: true,
            ...(fault.cured === LOGS ? {} : { log: () => logOf(gate) }),
          });
          gated.push({ fault, framework, run });
          if (fault.cured === true) assert.deepEqual(failing(run), [], told(run));
          else assert.ok(failing(run).length > 0, `the gate has mended it: ${fault.cured}\n${told(run)}`);
        });
      }
    });
  }
});

after(printTable);

function printTable(): void {
  console.log("fault                                found by                       with a gate in front");
  for (const { name, foundBy, cured, on } of SERVICE_FAULTS) {
    const found = tried.filter(({ fault, run }) => fault.name === name && failing(run).length > 0);
    const cells = [
      name.padEnd(35),
      `${found.length}/${on.length}`,
      foundBy.join(" ").padEnd(30),
      cured === true ? "mended" : cured,
    ];
    console.log(cells.join("  "));
  }
  const all = [...careful, ...tried.map(({ run }) => run), ...gated.map(({ run }) => run)];
  const sum = (of: (run: CheckRun) => number) => all.reduce((total, run) => total + of(run), 0);
  const alarms = careful.reduce((total, run) => total + failing(run).length, 0);
  const found = tried.filter(({ fault, run }) =>
    idsOf(fault).every((id) => failing(run).includes(id)),
  ).length;
  console.log(
    `${SERVICE_FAULTS.length} faults, ${found} of ${tried.length} variants found; ${alarms} false alarms in ${careful.length} careful runs; ` +
      `${sum(({ cost }) => cost.requests)} requests in ${Math.round(sum(({ elapsedMs }) => elapsedMs) / 1000)} s of runs`,
  );
}
