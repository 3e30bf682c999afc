/**
 * Runs one drill from its first leftover to its last: in comes a flow, the settings of its gate and a kind; out goes a report.
 *
 * Always holds: the gate in production is not touched. Everything that was made is put back, also after an interrupt or beyond the time that a drill may
 * take, and the report says what was put back. A failure that could not be made, or a route that does not take a good upload to begin with, is
 * inconclusive and never broken.
 */
import type { TlsTrust } from "../checks/open-connection.ts";
import type { Flow } from "../flows/flow.ts";
import { GateError } from "../problems/gate-error.ts";
import type { Settings } from "../settings/settings.ts";
import type { DrillFinding, DrillKind, DrillReport } from "./drill.ts";
import { removeLeftovers } from "./drill-folder.ts";
import { type DrillScene, isTaken, withScene } from "./drill-scene.ts";
import { sayAnswer } from "./drill-upload.ts";
import { lacksRoom } from "./flow-shares.ts";
import { judgeAfterwards } from "./judge/judge-afterwards.ts";
import { handOversOf, isAcceptedStatus } from "./judge/judge-uploads.ts";
import { DRILL_KINDS } from "./kinds/all-kinds.ts";
import type { DrillKindRow, KindPreparation } from "./kinds/drill-kind.ts";

export interface DrillRequest {
  readonly flow: Flow;
  readonly kind: DrillKind;
  /** Of the gate in production, with their secrets. */
  readonly settings: Settings;
  /** Origin of the service. */
  readonly service: string;
  /** Whether a stand-in of our own answers in place of the service, which is then not sent anything. */
  readonly isStandIn: boolean;
  readonly tls: TlsTrust;
  readonly runId: string;
  /** Node with its options, and the program's main file: the drill starts its gate with them. */
  readonly commandLine: readonly string[];
  /** `sluicegate 0.1.0`. */
  readonly program: string;
  /** Ends the drill early: everything is put back, and the report says so. */
  readonly signal: AbortSignal;
  /** What is being done, for whoever waits. */
  readonly onStep: (sentence: string) => void;
}

/** A drill that takes longer is ended. */
const ELAPSED_MS_MAX = 60_000;

/** What is gathered of a drill while it goes on: it is told also where it ends early. */
interface Gathered {
  readonly injected: string[];
  readonly findings: DrillFinding[];
  readonly putBack: string[];
  seen: DrillReport["seen"];
}

/** Why nothing can be told. */
class Inconclusive extends Error {}

export async function runDrill(asked: DrillRequest): Promise<DrillReport> {
  const startedAtMs = Date.now();
  const startedAt = performance.now();
  const row = rowOf(asked.kind);
  const gathered: Gathered = {
    injected: [],
    findings: [],
    putBack: [],
    seen: { clients: {}, service: {}, metrics: {} },
  };
  const why = await played(asked, row, gathered);
  if (why !== null && gathered.findings.length > 0)
    gathered.injected.push(`The drill did not come to its end: ${why}`);
  const broken = gathered.findings.filter(({ isKept }) => !isKept);
  const verdict = broken.length > 0 ? "broken" : why === null ? "kept" : "inconclusive";
  return {
    version: 1,
    flow: asked.flow.name,
    kind: asked.kind,
    startedAtMs,
    elapsedMs: Math.round(performance.now() - startedAt),
    program: asked.program,
    policyVersion: asked.flow.policyVersion,
    owner: asked.flow.owner,
    injected: gathered.injected,
    findings: gathered.findings,
    seen: gathered.seen,
    putBack: gathered.putBack,
    verdict,
    sentence: sentenceOf(asked.flow.name, row, gathered.findings, why),
  };
}

export function rowOf(kind: DrillKind): DrillKindRow {
  const row = DRILL_KINDS.find((each) => each.kind === kind);
  if (row === undefined) throw new Error(`no drill is called ${kind}`);
  return row;
}

function sentenceOf(
  flow: string,
  { title }: DrillKindRow,
  findings: readonly DrillFinding[],
  why: string | null,
): string {
  const broken = findings.filter(({ isKept }) => !isKept);
  const [first] = broken;
  if (first !== undefined) {
    const many = `${broken.length} of ${findings.length} promises`;
    return `With ${title} ${flow} breaks ${many}, first of all: ${first.what.charAt(0).toLowerCase()}${first.what.slice(1)}.`;
  }
  if (why !== null) return `With ${title} nothing can be said of ${flow}: ${why}`;
  return `With ${title} ${flow} keeps what it promises: ${findings.length} of ${findings.length} findings are as they should be.`;
}

/** @returns why nothing can be told, in a sentence; `null` where the drill came to its end */
async function played(asked: DrillRequest, row: DrillKindRow, gathered: Gathered): Promise<string | null> {
  gathered.putBack.push(...(await removeLeftovers()));
  const late = AbortSignal.timeout(ELAPSED_MS_MAX);
  const signal = AbortSignal.any([asked.signal, late]);
  const narrow = lacksRoom(asked.flow, row.uploadsMax);
  if (narrow !== null) return narrow;
  try {
    await playInScene({ ...asked, signal }, row, gathered);
    gathered.putBack.push("The drill's gate was stopped, and its folder, its keys and the proxy are gone.");
    return null;
  } catch (error) {
    gathered.putBack.push("The drill's gate was ended, and its folder, its keys and the proxy are gone.");
    if (asked.signal.aborted) return "it was interrupted. Everything was put back.";
    if (late.aborted)
      return `it took longer than ${ELAPSED_MS_MAX / 1000} s and was ended. Everything was put back.`;
    return troubleOf(error);
  }
}

function troubleOf(error: unknown): string {
  if (error instanceof Inconclusive) return error.message;
  if (error instanceof GateError) return error.publicMessage;
  if (error instanceof Error) return `${error.message.replace(/\.$/, "")}.`;
  throw error;
}

async function playInScene(asked: DrillRequest, row: DrillKindRow, gathered: Gathered): Promise<void> {
  let preparation: KindPreparation | null = null;
  const prepare = async (dataFolder: string, folder: string): Promise<KindPreparation> => {
    const prepared = await row.prepare(dataFolder, folder);
    if (typeof prepared === "string") throw new Inconclusive(prepared);
    preparation = prepared;
    return prepared;
  };
  const input = {
    ...asked,
    service: asked.isStandIn ? null : asked.service,
    program: asked.commandLine,
    wishes: row.wishes(asked.flow),
    prepare,
  };
  asked.onStep("starts a gate of its own");
  await withScene(input, async (scene) => {
    if (preparation !== null) await playAndJudge(scene, preparation, asked, row, gathered);
  });
}

async function playAndJudge(
  scene: DrillScene,
  kind: KindPreparation,
  { onStep, isStandIn }: DrillRequest,
  row: DrillKindRow,
  gathered: Gathered,
): Promise<void> {
  if (isStandIn)
    scene.injected.push(
      "A stand-in of the drill answered in place of the service, which was not sent anything.",
    );
  try {
    onStep("sends a good upload first");
    await requireControl(scene, isStandIn);
    onStep(`makes the failure: ${row.title}`);
    await kind.play(scene);
    onStep("looks whether all is as before");
    await judgeAfterwards(scene, kind.root(scene.gate.pid ?? 0));
  } finally {
    gathered.injected.push(...scene.injected);
    gathered.findings.push(...scene.findings);
    gathered.seen = await seenOf(scene);
    await scene.proxy.heal();
    onStep("removes what was stored");
    gathered.putBack.push(...(await scene.cleanUp()));
  }
}

/** Where a good upload does not pass to begin with, no failure can be told from it. */
async function requireControl(scene: DrillScene, isStandIn: boolean): Promise<void> {
  let trouble = await controlTrouble(scene);
  if (trouble !== null && scene.flow.deliver === "receipt" && !isStandIn) {
    scene.injected.push(
      "The service does not take receipts of the drill's gate, whose keys and files it does not know: a stand-in of the drill answered in its place, and the service was not sent anything further.",
    );
    scene.proxy.standIn(scene.target.acceptedStatuses[0] ?? 201);
    trouble = await controlTrouble(scene);
  }
  if (trouble !== null)
    throw new Inconclusive(`a good upload does not pass before anything fails: ${trouble}`);
}

async function controlTrouble(scene: DrillScene): Promise<string | null> {
  const sent = await scene.sender.sendNew();
  const told = handOversOf(scene, sent.uploadId);
  if (isAcceptedStatus(scene, sent.status) && told.length === 1) return null;
  const statuses = told.map(({ answer }) => answer?.status ?? "nothing").join(", ");
  const service = told.length === 0 ? "the service was not told of it" : `the service answered ${statuses}`;
  return `it was answered with ${sayAnswer(sent)}; ${service}.`;
}

const METRICS_TOLD =
  /^sluicegate_(uploads_total|refusals_total|delivery_tries_total|deliveries_waiting)(\{|$)/;

async function seenOf({ sender, proxy, gate }: DrillScene): Promise<DrillReport["seen"]> {
  const service: Record<string, number> = {};
  const add = (word: string): void => {
    service[word] = (service[word] ?? 0) + 1;
  };
  for (const { answer, attempt } of proxy.handOvers) {
    const again = attempt > 1 ? ", a further try" : "";
    if (answer === null) add(`not told, or no answer${again}`);
    else add(`${isTaken(answer.status) ? "taken" : "refused"} with ${answer.status}${again}`);
  }
  const metrics = gate.hasEnded ? new Map<string, number>() : await gate.metrics();
  const told = [...metrics].filter(([name, value]) => METRICS_TOLD.test(name) && value !== 0);
  const detailed = told.filter(
    ([name]) => name.includes("{") || !told.some(([other]) => other.startsWith(`${name}{`)),
  );
  return { clients: sender.answers, service, metrics: Object.fromEntries(detailed) };
}
