/**
 * What `lint` says of a flow that loads, beyond its own file: the review, its waivers, its recorded answer, its change records, and checks that it names.
 */
import { join } from "node:path";
import { readExpectation } from "../checks/expectation/read-expectation.ts";
import { readWaivers } from "../checks/waivers/read-waivers.ts";
import { reviewWaivers } from "../checks/waivers/review-waivers.ts";
import { listChanges } from "../flows/documents/list-changes.ts";
import type { Flow } from "../flows/flow.ts";
import { reviewFlow } from "../flows/review/review-flow.ts";
import type { ReviewNote } from "../flows/review/review-note.ts";
import { checkChange } from "../measure/changes/check-change.ts";
import { GateError } from "../problems/gate-error.ts";
import type { SetupProblem } from "../problems/setup-problem.ts";
import { didYouMean } from "../setup/nearest-word.ts";
import { problemAt } from "../setup/schema-problems.ts";
import type { YamlSource } from "../setup/yaml-source.ts";

export interface FlowLint {
  readonly problems: readonly SetupProblem[];
  readonly review: readonly ReviewNote[];
}

export interface LintContext {
  /** As `2026-11-22`, in UTC. */
  readonly today: string;
  /** Of the settings; `null` where there are none. */
  readonly receiptLifetimeMs: number | null;
}

/** @param folder the flow's, as its problems are to name it */
export async function lintFlow(
  flow: Flow,
  source: YamlSource,
  folder: string,
  context: LintContext,
): Promise<FlowLint> {
  const review = await reviewFlow(flow, source, context);
  const { problems, all } = await waiversOf(folder, context.today);
  return {
    problems: [
      ...(await unknownChecks(flow, source)),
      ...problems,
      ...(await answerProblems(flow, folder)),
      ...(await changeProblems(flow, folder)),
    ],
    review: [...review, ...reviewWaivers(folder, all, context.today)],
  };
}

/** The catalogue takes a while to load, so it is asked only where there is something to ask. */
async function knownChecks(): Promise<ReadonlySet<string>> {
  const { CATALOGUE } = await import("../checks/catalogue.ts");
  return new Set(CATALOGUE.map(({ id }) => id));
}

async function waiversOf(folder: string, today: string) {
  const reading = await readWaivers(folder, today);
  return reading.all.length === 0 ? reading : readWaivers(folder, today, await knownChecks());
}

async function unknownChecks({ verify }: Flow, source: YamlSource): Promise<SetupProblem[]> {
  const looks = verify?.manual ?? [];
  if (looks.length === 0) return [];
  const known = await knownChecks();
  return looks.flatMap(({ check }, index) => {
    if (known.has(check)) return [];
    const sentence = `there is no check ${check}.${didYouMean(check, [...known])} sluicegate checks lists them.`;
    return [problemAt(source, ["verify", "manual", index, "check"], sentence)];
  });
}

async function answerProblems(flow: Flow, folder: string): Promise<SetupProblem[]> {
  try {
    await readExpectation(flow);
    return [];
  } catch (error) {
    if (!(error instanceof GateError)) throw error;
    const { code, publicMessage: message } = error;
    return [
      { code, severity: "error", file: join(folder, "expected"), line: 1, column: 1, path: "", message },
    ];
  }
}

/** Records that cannot be read, and figures that somebody has changed by hand. What is only missing is told by `change check`. */
async function changeProblems({ name }: Flow, folder: string): Promise<SetupProblem[]> {
  const readings = await listChanges(folder, name);
  const problems = await Promise.all(
    readings.map((reading) => (reading.ok ? checkChange(reading.change) : reading.problems)),
  );
  return problems.flat().filter(({ severity }) => severity === "error");
}
