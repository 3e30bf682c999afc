/**
 * Pairs of segments, with what is judged of each request picked out once.
 *
 * Always holds: warm-up is left out; times and caches are of accepted uploads alone, so that whoever fails fast is not fast. In the cold phase second
 * sends of a payload stand apart: they are there to show a cache, not to be measured.
 */
import type { MeasuredRequest, SegmentHealth } from "../measured-request.ts";
import type { Segment } from "../measurement.ts";
import type { SegmentPair } from "./judge-input.ts";
import { clientTimeOf, isMeasured, isTimeout, totalOf } from "./request-times.ts";

/** One accepted upload. Milliseconds. */
export interface SampledUpload {
  /** `hit`, `miss` …; of several caches that told, all of them: `app=miss, cdn=hit`. */
  readonly cacheClass: string;
  readonly size: number;
  readonly server: number | null;
  readonly client: number | null;
  readonly total: number;
  readonly databaseCalls: number | null;
}

/** Uploads of one cache class, and how many of each size are among them. */
export interface ClassCount {
  count: number;
  readonly sizes: Map<number, number>;
}

export interface SampledSegment {
  readonly health: SegmentHealth;
  /** All outcomes, second sends too. */
  readonly measured: readonly MeasuredRequest[];
  /** The quickest first, which makes quantiles cheap. */
  readonly uploads: readonly SampledUpload[];
  /** Second sends of the cold phase. */
  readonly repeats: readonly SampledUpload[];
  readonly timeouts: number;
  readonly counts: ReadonlyMap<string, ClassCount>;
}

export interface SampledPair {
  readonly pair: number;
  readonly order: "ab" | "ba";
  readonly a: SampledSegment;
  readonly b: SampledSegment;
}

export interface Sampling {
  /** Where no cache is declared, an answer that says nothing counts as made anew. */
  readonly isCacheDeclared: boolean;
  readonly timeoutMs: number;
}

/** Both segments of each pair. */
export function samplePairs(pairs: readonly SegmentPair[], sampling: Sampling): readonly SampledPair[] {
  return pairs.map(({ pair, order, a, b }) => ({
    pair,
    order,
    a: sampleSegment(a, sampling),
    b: sampleSegment(b, sampling),
  }));
}

function sampleSegment({ health, requests }: Segment, sampling: Sampling): SampledSegment {
  const measured = requests.filter(isMeasured);
  const uploads: SampledUpload[] = [];
  const repeats: SampledUpload[] = [];
  let timeouts = 0;
  for (const request of measured) {
    if (isTimeout(request, sampling.timeoutMs)) timeouts += 1;
    if (request.outcome !== "accepted") continue;
    const isSecondSend = request.phase === "cold" && request.repeat > 0;
    (isSecondSend ? repeats : uploads).push(sampleUpload(request, sampling));
  }
  uploads.sort((one, other) => timeOf(one) - timeOf(other));
  return { health, measured, uploads, repeats, timeouts, counts: countClasses(uploads) };
}

function timeOf({ server, client, total }: SampledUpload): number {
  return server ?? client ?? total;
}

/** How many uploads each cache class has, and of which sizes. */
export function countClasses(uploads: readonly SampledUpload[]): ReadonlyMap<string, ClassCount> {
  const counts = new Map<string, ClassCount>();
  for (const { cacheClass, size } of uploads) {
    const found = counts.get(cacheClass) ?? { count: 0, sizes: new Map<number, number>() };
    found.count += 1;
    found.sizes.set(size, (found.sizes.get(size) ?? 0) + 1);
    counts.set(cacheClass, found);
  }
  return counts;
}

function sampleUpload(request: MeasuredRequest, { isCacheDeclared }: Sampling): SampledUpload {
  return {
    cacheClass: cacheClassOf(request, isCacheDeclared),
    size: request.sizeBucket,
    server: request.appMs,
    client: clientTimeOf(request),
    total: totalOf(request),
    databaseCalls: request.databaseCalls,
  };
}

function cacheClassOf({ cache, caches }: MeasuredRequest, isCacheDeclared: boolean): string {
  const names = Object.keys(caches);
  if (names.length > 1)
    return names
      .sort()
      .map((name) => `${name}=${caches[name] ?? "unknown"}`)
      .join(", ");
  const [only] = names;
  const state = (only === undefined ? undefined : caches[only]) ?? cache;
  return state === "unknown" && !isCacheDeclared ? "miss" : state;
}
