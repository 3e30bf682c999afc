/**
 * `sluicegate compare FLOW --logs BEFORE AFTER`: two stretches of real traffic. Nobody has changed one thing at a time, so it ends with a suspicion at most.
 */
import { digestOfLogs, writeKeptLogs } from "../measure/compare/kept-logs.ts";
import { type ReadLog, readLog } from "../measure/compare/read-log.ts";
import type { JudgeLogsInput } from "../measure/judge/judge-input.ts";
import { judgeLogs } from "../measure/judge/judge-logs.ts";
import { readVersion } from "../setup/read-version.ts";
import { USAGE } from "./check-options.ts";
import { findRoute } from "./check-route.ts";
import type { ComparedThings } from "./compare-options.ts";
import { type AskedComparison, comparisonFolder, tellComparison } from "./compared.ts";
import { repeatLine } from "./repeat-line.ts";
import { newRunId, openRunsFolder } from "./runs-folder.ts";

type Logs = Extract<ComparedThings, { kind: "logs" }>;

/** Whatever is compared: nothing is sent there. */
const NOWHERE = "http://127.0.0.1";

/** @throws COMPARE_LOG_INVALID where a log tells nothing of the flow */
export async function compareLogs(logs: Logs, asked: AskedComparison): Promise<number> {
  const { args, wish, io } = asked;
  const id = newRunId();
  const route = await findRoute({ ...args, target: NOWHERE }, io, id);
  if (route === null || route.kind !== "flow") return USAGE;
  const { flow } = route;
  const startedAtMs = Date.now();
  const [a, b] = [await readLog(logs.a, flow), await readLog(logs.b, flow)];
  tellReading(logs.a, a, asked);
  tellReading(logs.b, b, asked);
  const arm = (label: string) => ({
    label,
    target: label,
    fingerprint: { values: {} },
    changedMeanwhile: [],
  });
  const input: JudgeLogsInput = {
    id,
    flow: flow.name,
    startedAtMs,
    elapsedMs: Date.now() - startedAtMs,
    program: `sluicegate ${readVersion()}`,
    arms: { a: arm(logs.a), b: arm(logs.b) },
    variable: wish.variable,
    ignoredKeys: wish.ignoredKeys,
    measure: flow.measure,
    expected: wish.expected,
    seed: wish.seed,
    commands: [repeatLine(args, wish)],
    rollback: flow.notes.rollback?.command ?? null,
    evidenceSha256: digestOfLogs(a.requests, b.requests),
    a: a.requests,
    b: b.requests,
  };
  await openRunsFolder();
  const folder = comparisonFolder(id);
  await writeKeptLogs(folder, input);
  return tellComparison(judgeLogs(input), folder, asked);
}

function tellReading(
  file: string,
  { requests, passedOver, isUntimed }: ReadLog,
  { io }: AskedComparison,
): void {
  const others = passedOver === 0 ? "" : `; ${passedOver} other lines were passed over`;
  const untimed = isUntimed ? "; lines without a time count fifty to a minute" : "";
  io.err(`${file}: ${requests.length} requests${others}${untimed}.`);
}
