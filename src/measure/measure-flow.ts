/**
 * Measures the route of a flow once: the four numbers, what they were measured of, and the requests that they rest on.
 *
 * Always holds: what was sent is removed again as the flow says, also when the load ends early; the figures come from the kept requests alone, so anybody can
 * compute them again; what makes them worthless is said with them.
 */
import type { TlsTrust } from "../checks/open-connection.ts";
import type { Flow } from "../flows/flow.ts";
import type { Settings } from "../settings/settings.ts";
import { formatDuration } from "../setup/duration.ts";
import { listWords } from "../setup/reading.ts";
import type { YamlSource } from "../setup/yaml-source.ts";
import { quantileOf } from "../statistics/quantile.ts";
import { keepBaseline, keepMeasurement, readKept, requestLines } from "./evidence-folder.ts";
import { takeFingerprint } from "./fingerprint/take-fingerprint.ts";
import { clientTimeOf } from "./judge/request-times.ts";
import { type MeasurementFigures, summariseMeasurement } from "./judge/summarise-measurement.ts";
import { findRate } from "./load/find-rate.ts";
import { type OpenedLoad, openLoad } from "./load/open-load.ts";
import { segmentHealth } from "./load/segment-health.ts";
import { isUntold, toldByLog } from "./load/told-by-log.ts";
import { type MeasureWish, measurePlan } from "./measure-plan.ts";
import type { MeasuredRequest } from "./measured-request.ts";
import type { LoadPlan, Measurement, Segment } from "./measurement.ts";

export interface MeasureOptions {
  /** `20261122-190512-x7q2`; in the names of everything that is sent. */
  readonly id: string;
  readonly flow: Flow;
  /** Of the same reading as the flow. */
  readonly source: YamlSource;
  /** `http://host:port`; the caller has made sure that it may be loaded. */
  readonly origin: string;
  /** Of the gate that runs on this machine, where one is known. */
  readonly settings: Settings | null;
  readonly tls?: TlsTrust;
  readonly label: string | null;
  /** `sluicegate 0.1.0`. */
  readonly program: string;
  /** `null`: the flow's, else it is found out. */
  readonly ratePerSecond: number | null;
  readonly wish: MeasureWish;
  /** The folder of all measurements. */
  readonly evidenceRoot: string;
  /** Whether it is kept in the flow's folder as the one to compare with. */
  readonly isBaseline: boolean;
  /** Ends the load early; what was sent by then is kept and told as not enough. */
  readonly signal: AbortSignal;
  readonly onEvent?: (event: MeasureEvent) => void;
}

/** Where a measurement is. */
export type MeasureEvent =
  | { readonly kind: "trying"; readonly ratePerSecond: number }
  | { readonly kind: "loading"; readonly done: number; readonly of: number; readonly plan: LoadPlan }
  | { readonly kind: "cleaning" };

/**
 * Sends the load and sums it up.
 * @throws MEASURE_NOT_ACCEPTED, MEASURE_BROKEN, SAMPLE_MISSING, CHECK_CREDENTIAL_MISSING, RECORDED_ANSWER_INVALID; the signal's reason where it was
 *   interrupted before the load began
 */
export async function measureFlow(options: MeasureOptions): Promise<Measurement> {
  const load = await openLoad({ ...options, runId: options.id });
  try {
    return await measureLoad(load, options);
  } finally {
    await load.close();
  }
}

async function measureLoad(load: OpenedLoad, options: MeasureOptions): Promise<Measurement> {
  const startedAtMs = Date.now();
  const sent = await withLog(await loadOrCleanUp(load, options), load);
  options.onEvent?.({ kind: "cleaning" });
  const left = await load.cleanUp();
  const { text, sha256 } = requestLines(sent.segment.requests);
  const figures = summariseMeasurement(sent.segment.requests, sent.segment.health, sent.plan);
  const measurement: Measurement = {
    version: 1,
    id: options.id,
    flow: options.flow.name,
    label: options.label,
    target: options.origin,
    startedAtMs,
    elapsedMs: Date.now() - startedAtMs,
    program: options.program,
    plan: sent.plan,
    fingerprint: sent.fingerprint,
    ...figures,
    notes: [...figures.notes, ...notesOf(load, options, sent), ...left.map((each) => `Left there: ${each}.`)],
    health: sent.segment.health,
    evidenceSha256: sha256,
  };
  await keepMeasurement(options.evidenceRoot, measurement, text);
  if (options.isBaseline && measurement.invalid.length === 0)
    await keepBaseline(options.flow.folder, measurement);
  return measurement;
}

/** A log that cannot be read is no reason to lose what was measured. */
async function withLog(sent: SentLoad, { log }: OpenedLoad): Promise<SentLoad> {
  if (log === null || !isUntold(sent.segment.requests)) return sent;
  const text = await log().catch(() => null);
  if (text === null)
    return { ...sent, logSentence: "The service's log could not be read (verify.hooks.log)." };
  const { requests, told } = toldByLog(sent.segment.requests, text);
  return {
    ...sent,
    segment: { ...sent.segment, requests },
    logSentence: `What answers did not tell was taken from the service's log, for ${told} of ${requests.length} requests.`,
  };
}

interface SentLoad {
  readonly segment: Segment;
  readonly plan: LoadPlan;
  readonly fingerprint: Measurement["fingerprint"];
  /** How the rate was found, or `null` where it was said. */
  readonly rateSentence: string | null;
  /** What came of looking into the service's log; absent where nobody looked. */
  readonly logSentence?: string;
}

async function loadOrCleanUp(load: OpenedLoad, options: MeasureOptions): Promise<SentLoad> {
  try {
    return await sendLoad(load, options);
  } catch (error) {
    await load.cleanUp();
    throw error;
  }
}

async function sendLoad(load: OpenedLoad, options: MeasureOptions): Promise<SentLoad> {
  const { origin, signal, wish, onEvent } = options;
  const said = options.ratePerSecond ?? options.flow.measure.ratePerSecond;
  const found =
    said === null
      ? await findRate(load.generator, {
          origin,
          seed: wish.seed,
          timeoutMs: wish.timeoutMs,
          uploadBytes: load.uploadBytes,
          signal,
          onStep: (ratePerSecond) => onEvent?.({ kind: "trying", ratePerSecond }),
        })
      : { ratePerSecond: said, sentence: null };
  signal.throwIfAborted();
  const plan = measurePlan(wish, found.ratePerSecond, load.uploadBytes);
  const { payloadSet, answer, front, askingLines } = load;
  const fingerprint = await takeFingerprint({ ...options, payloadSet, answer, front, askingLines, plan });
  const segment = await load.generator.run({
    arm: "measure",
    pair: 0,
    origin,
    plan,
    signal,
    onProgress: (done, of) => onEvent?.({ kind: "loading", done, of, plan }),
  });
  return { segment, plan, fingerprint, rateSentence: found.sentence };
}

function notesOf(load: OpenedLoad, { flow }: MeasureOptions, sent: SentLoad): string[] {
  const { requests } = sent.segment;
  const tellsTime = requests.some(({ appMs }) => appMs !== null);
  return [
    ...(sent.rateSentence === null ? [] : [sent.rateSentence]),
    ...(sent.logSentence === undefined ? [] : [sent.logSentence]),
    ...(load.front === "sluicegate" && !tellsTime
      ? [
          "The gate in front keeps Server-Timing to itself; with signals: { server-timing: true } in its settings the service's own times and database calls are seen here.",
        ]
      : []),
    ...repeatNote(requests, flow.measure.caches.length > 0),
    ...sharesNote(requests, flow),
    ...load.notes,
  ];
}

/** What the flow's own shares have turned away is neither an error nor a figure. */
function sharesNote(requests: readonly MeasuredRequest[], { permissions }: Flow): string[] {
  const refused = requests.filter(({ outcome }) => outcome === "refused").length;
  if (refused === 0) return [];
  const rates = permissions.shares.flatMap((share) =>
    share.kind === "rate" ? [`${share.requestsMax} in ${formatDuration(share.windowMs)}`] : [],
  );
  const bound = rates.length === 0 ? "" : ` (${listWords(rates, "and")})`;
  return [
    `${refused} uploads were refused because the flow's own shares${bound} were used up: measure at a lower --rate, or straight at the service with --target.`,
  ];
}

const REPEATS_MIN = 10;
const FASTER_SHARE = 0.8;

/** Uploads that came a second time should take as long as the first, unless something has kept the answer. */
function repeatNote(requests: readonly MeasuredRequest[], hasCaches: boolean): string[] {
  const measured = requests.filter(
    ({ index, outcome, phase }) => index >= 0 && outcome === "accepted" && phase === "cold",
  );
  const medianOf = (isRepeat: boolean): number | null =>
    quantileOf(
      measured.filter(({ repeat }) => repeat > 0 === isRepeat).flatMap((each) => clientTimeOf(each) ?? []),
      0.5,
    );
  const repeats = measured.filter(({ repeat }) => repeat > 0);
  const isUntold = repeats.every(({ cache }) => cache === "unknown");
  const [first, again] = [medianOf(false), medianOf(true)];
  if (hasCaches || !isUntold || repeats.length < REPEATS_MIN || first === null || again === null) return [];
  if (again > first * FASTER_SHARE) return [];
  return [
    `Files that were sent a second time were answered in ${again.toFixed(1)} ms in place of ${first.toFixed(1)} ms: something keeps answers or results, and neither the flow (measure.caches) nor an answer (Cache-Status) tells of it.`,
  ];
}

/**
 * A kept measurement with its figures computed once more, from its requests alone. How busy the generator was is the one thing that they do not tell.
 * @throws MEASURE_BROKEN where nothing is kept there, or a line is no request
 */
export async function measurementAgain(folder: string): Promise<Measurement> {
  const kept = await readKept(folder);
  const { text, sha256 } = requestLines(kept.requests);
  const isChanged = sha256 !== kept.measurement.evidenceSha256 || text === "";
  const figures = figuresOf(kept.requests, kept.measurement);
  const notes = figures.notes.filter((note) => !kept.measurement.notes.includes(note));
  return {
    ...kept.measurement,
    ...figures,
    notes: [
      ...(isChanged ? ["The requests are not those that were kept with this measurement."] : []),
      ...kept.measurement.notes,
      ...notes,
    ],
    evidenceSha256: sha256,
  };
}

function figuresOf(
  requests: readonly MeasuredRequest[],
  { plan, health }: Pick<Measurement, "plan" | "health">,
): MeasurementFigures {
  const [first] = requests;
  const again = segmentHealth(requests, {
    arm: first?.arm ?? "measure",
    pair: first?.pair ?? 0,
    startedAtMs: 0,
    elapsedMs: requests.reduce((last, { endedMs }) => Math.max(last, endedMs), 0),
    busyShare: health.busyShare,
    planned: Math.round(plan.requests * (1 + plan.repeatShare)),
    stopped: health.stopped,
  });
  return summariseMeasurement(requests, again, plan);
}
