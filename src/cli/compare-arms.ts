/**
 * `sluicegate compare FLOW --a URL --b URL`, and with `--switch`: pairs are sent, judged and kept.
 */
import type { Answer } from "../checks/answer-reader.ts";
import type { TlsTrust } from "../checks/open-connection.ts";
import { comparableFingerprint } from "../measure/compare/comparable-fingerprint.ts";
import { CompareProgress } from "../measure/compare/compare-progress.ts";
import type { CompareEvent, CompareRequest } from "../measure/compare/compare-request.ts";
import {
  type ArmName,
  armsOfSwitch,
  armsOfUrls,
  type ComparisonArm,
  type ComparisonArms,
} from "../measure/compare/comparison-arm.ts";
import { judgeKept } from "../measure/compare/judge-kept.ts";
import { type KeptComparison, writeKept } from "../measure/compare/kept-comparison.ts";
import { planOf, runComparison } from "../measure/compare/run-comparison.ts";
import type { ComparisonBench } from "../measure/compare/run-pair.ts";
import { segmentPlans } from "../measure/compare/segment-plans.ts";
import { type NoiseKey, readNoise, writeNoise } from "../measure/compare/stored-noise.ts";
import { WatchedFingerprint } from "../measure/compare/watched-fingerprint.ts";
import { takeFingerprint } from "../measure/fingerprint/take-fingerprint.ts";
import { noiseOfPairs } from "../measure/judge/host-noise.ts";
import { findRate } from "../measure/load/find-rate.ts";
import { type OpenedLoad, openLoad } from "../measure/load/open-load.ts";
import type { Fingerprint } from "../measure/measurement.ts";
import { readVersion } from "../setup/read-version.ts";
import { refusedHost } from "./allowed-host.ts";
import { USAGE } from "./check-options.ts";
import { type CheckedRoute, findRoute, trustOf } from "./check-route.ts";
import type { ComparedThings } from "./compare-options.ts";
import { type AskedComparison, comparisonFolder, NOISE_FOLDER, tellComparison } from "./compared.ts";
import { repeatLine } from "./repeat-line.ts";
import { newRunId, openRunsFolder } from "./runs-folder.ts";

type Things = Extract<ComparedThings, { kind: "urls" | "switch" }>;
type FlowRoute = Extract<CheckedRoute, { kind: "flow" }>;

const REFUSED = 5;
const UNSAFE = 4;

/** Exit codes as of `compare`. */
export async function compareArms(things: Things, asked: AskedComparison): Promise<number> {
  const { args, io } = asked;
  const id = newRunId();
  const target = things.kind === "urls" ? things.a : args.target;
  const route = await findRoute({ ...args, ...(target === undefined ? {} : { target }) }, io, id);
  if (route === null || route.kind !== "flow") return USAGE;
  for (const origin of new Set([route.origin, things.kind === "urls" ? things.b : route.origin])) {
    const refused = await refusedHost(origin, args, io);
    if (refused !== null) return refused === UNSAFE ? REFUSED : refused;
  }
  await openRunsFolder();
  const tls = await trustOf(args);
  const arms = armsOf(things, route, tls);
  const loads: Partial<Record<ArmName, OpenedLoad>> = {};
  try {
    // B first, so that a switched host is left at A, where the comparison begins.
    for (const arm of [arms.b, arms.a]) {
      await arm.prepare(asked.signal);
      loads[arm.name] = await openLoad({ ...route, origin: arm.origin, runId: `${id}-${arm.name}`, tls });
    }
    const { a, b } = loads;
    if (a === undefined || b === undefined) throw new Error("both arms were opened");
    return await compareOpened(
      { id, route, arms, loads: { a, b }, tls, isSwitched: things.kind === "switch" },
      asked,
    );
  } finally {
    for (const load of Object.values(loads)) {
      for (const left of await load.cleanUp()) io.err(`Left behind: ${left}.`);
      await load.close();
    }
  }
}

/** Both arms, each of which has taken one upload. */
interface Opened {
  readonly id: string;
  readonly route: FlowRoute;
  readonly arms: ComparisonArms;
  readonly loads: Readonly<Record<ArmName, OpenedLoad>>;
  readonly tls: TlsTrust;
  readonly isSwitched: boolean;
}

async function compareOpened(opened: Opened, asked: AskedComparison): Promise<number> {
  const { id, loads } = opened;
  for (const note of new Set([...loads.a.notes, ...loads.b.notes])) asked.io.err(`Note: ${note}`);
  const request = await requestOf(opened, asked);
  const kept = await runWithProgress(request, benchOf(opened, request, asked.signal), asked);
  const folder = comparisonFolder(id);
  await writeKept(folder, kept);
  await keepNoise(kept, request);
  return tellComparison(judgeKept(kept), folder, asked);
}

function armsOf(things: Things, { flow, origin }: FlowRoute, tls: TlsTrust): ComparisonArms {
  if (things.kind === "urls") return armsOfUrls(things.a, things.b);
  const { command, a, b } = things;
  const readyPath = flow.measure.fingerprint.path ?? "/";
  return armsOfSwitch({ command, folder: process.cwd(), origin, words: { a, b }, readyPath, tls });
}

async function requestOf(opened: Opened, asked: AskedComparison): Promise<CompareRequest> {
  const { args, wish } = asked;
  const { flow } = opened.route;
  const { variable, ignoredKeys, expected, pairs, requests, isQuick, timeoutMs, seed } = wish;
  const said = wish.ratePerSecond ?? flow.measure.ratePerSecond;
  return {
    id: opened.id,
    flow,
    program: program(),
    variable,
    ignoredKeys,
    expected,
    pairs,
    requests,
    isQuick,
    ratePerSecond: said ?? (await rateOfSlower(opened, asked)),
    timeoutMs,
    seed,
    commands: [repeatLine(args, wish)],
  };
}

/** Half of what the slower of the two can do. */
async function rateOfSlower(
  { arms, loads }: Opened,
  { wish, terminal, signal, io }: AskedComparison,
): Promise<number> {
  const rates: number[] = [];
  for (const arm of [arms.b, arms.a]) {
    terminal.progress(`Finding out what ${arm.label} can do …\n`);
    await arm.prepare(signal);
    const { seed, timeoutMs } = wish;
    const { uploadBytes } = loads.a;
    const found = await findRate(loads.a.generator, {
      origin: arm.origin,
      seed,
      timeoutMs,
      uploadBytes,
      signal,
    });
    io.err(`${arm.label}: ${found.sentence}`);
    rates.push(found.ratePerSecond);
  }
  return Math.min(...rates);
}

function benchOf(
  opened: Opened,
  request: CompareRequest,
  signal: AbortSignal,
): Omit<ComparisonBench, "onCleared"> {
  const { route, arms, loads } = opened;
  return {
    arms,
    generator: loads.a.generator,
    folder: route.flow.folder,
    readFingerprint: (arm) => fingerprintOf(arm, opened, request),
    findNoise: (fingerprint) =>
      readNoise(NOISE_FOLDER, noiseKey(request, arms.a.origin, fingerprint), Date.now()),
    watched: { a: new WatchedFingerprint(), b: new WatchedFingerprint() },
    signal,
  };
}

async function fingerprintOf(
  arm: ComparisonArm,
  { route, loads, tls, isSwitched }: Opened,
  request: CompareRequest,
): Promise<Fingerprint> {
  const { front, askingLines, payloadSet, answer } = loads[arm.name];
  const plan = segmentPlans(request, planOf(request, null, false), "pairs", 0).cold;
  const seen = { origin: arm.origin, program: program(), front, askingLines, payloadSet, plan, tls };
  const isTold = route.flow.measure.fingerprint.path !== null;
  const told: Answer | null = isTold ? null : answer;
  const { flow, settings } = route;
  const fingerprint = await takeFingerprint({
    flow,
    settings,
    ...seen,
    answer: told,
    isElsewhere: !isSwitched,
  });
  return comparableFingerprint(fingerprint, request.variable);
}

const program = (): string => `sluicegate ${readVersion()}`;

async function runWithProgress(
  request: CompareRequest,
  bench: Omit<ComparisonBench, "onCleared">,
  { terminal }: AskedComparison,
): Promise<KeptComparison> {
  const progress = new CompareProgress({ isTerminal: terminal.hasProgress, columns: terminal.columns });
  const onEvent = (event: CompareEvent): void => terminal.progress(progress.take(event));
  try {
    return await runComparison(request, bench, onEvent);
  } finally {
    terminal.progress(progress.end());
  }
}

/** What A beside itself has shown is good for a day, whatever it is compared with. */
async function keepNoise({ input }: KeptComparison, request: CompareRequest): Promise<void> {
  if (input.noise?.kind !== "pairs") return;
  const { target, fingerprint } = input.arms.a;
  const noise = noiseOfPairs(input.noise.pairs, input.timeoutMs, input.startedAtMs);
  if (noise !== null) await writeNoise(NOISE_FOLDER, noiseKey(request, target, fingerprint), noise);
}

function noiseKey(request: CompareRequest, target: string, fingerprint: Fingerprint): NoiseKey {
  return { flow: request.flow.name, target, fingerprint };
}
