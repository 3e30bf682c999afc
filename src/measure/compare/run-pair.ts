/**
 * Sends one pair: a segment to each arm, back to back, with the same schedule of arrivals.
 *
 * Always holds: a pair is whole or it is not there; before each segment the arm is made ready, its fingerprint is read and the declared caches are cleared.
 */
import type { FlowMeasure } from "../../flows/flow.ts";
import type { SegmentPair, StoredNoise } from "../judge/judge-input.ts";
import type { Fingerprint, LoadGenerator, LoadPlan, Segment } from "../measurement.ts";
import type { PairOrder } from "./balanced-orders.ts";
import { type ClearedCache, clearCaches } from "./clear-caches.ts";
import type { ArmName, ComparisonArm, ComparisonArms } from "./comparison-arm.ts";
import type { WatchedFingerprint } from "./watched-fingerprint.ts";

/** What is sent to, and by what. */
export interface ComparisonBench {
  readonly arms: ComparisonArms;
  readonly generator: LoadGenerator;
  /** Folder of the flow: commands run there. */
  readonly folder: string;
  readonly readFingerprint: (arm: ComparisonArm, signal: AbortSignal) => Promise<Fingerprint>;
  /** What A beside itself has shown within a day, with the same fingerprint; `null`: that is sent first. */
  readonly findNoise: (fingerprint: Fingerprint) => Promise<StoredNoise | null>;
  readonly watched: Readonly<Record<ArmName, WatchedFingerprint>>;
  /** Told of each cache that was cleared. */
  readonly onCleared: (cleared: readonly ClearedCache[]) => void;
  readonly signal: AbortSignal;
}

export interface PairWish {
  readonly pair: number;
  readonly order: PairOrder;
  readonly cold: LoadPlan;
  /** `null`: the payloads are not sent again. */
  readonly warm: LoadPlan | null;
  /** Cleared before each cold segment. */
  readonly caches: FlowMeasure["caches"];
  readonly onProgress?: (done: number, of: number) => void;
}

export interface SentPair {
  readonly cold: SegmentPair;
  readonly warm: SegmentPair | null;
}

interface SentArm {
  readonly cold: Segment;
  readonly warm: Segment | null;
}

/** Sends a pair of both arms. @returns `null` where it was interrupted */
export function runPair(bench: ComparisonBench, wish: PairWish): Promise<SentPair | null> {
  return sendPair(bench, wish, bench.arms);
}

/** Sends a pair of the arm A alone, in both roles: what differs is noise. */
export function runNoisePair(bench: ComparisonBench, wish: PairWish): Promise<SentPair | null> {
  return sendPair(bench, wish, { a: bench.arms.a, b: bench.arms.a });
}

async function sendPair(
  bench: ComparisonBench,
  wish: PairWish,
  arms: ComparisonArms,
): Promise<SentPair | null> {
  const sent: Partial<Record<ArmName, SentArm>> = {};
  for (const role of wish.order === "ab" ? (["a", "b"] as const) : (["b", "a"] as const)) {
    const segments = await sendArm(bench, wish, role, arms[role]);
    if (segments === null) return null;
    sent[role] = segments;
  }
  const { a, b } = sent;
  if (a === undefined || b === undefined) return null;
  const { pair, order } = wish;
  const warm = a.warm === null || b.warm === null ? null : { pair, order, a: a.warm, b: b.warm };
  return { cold: { pair, order, a: a.cold, b: b.cold }, warm };
}

async function sendArm(
  bench: ComparisonBench,
  wish: PairWish,
  role: ArmName,
  arm: ComparisonArm,
): Promise<SentArm | null> {
  const { signal } = bench;
  await arm.prepare(signal);
  if (signal.aborted) return null;
  bench.watched[arm.name].take(await bench.readFingerprint(arm, signal));
  bench.onCleared(await clearCaches(bench, wish.caches, arm));
  const cold = await sendSegment(bench, wish, role, arm, wish.cold);
  if (cold === null || wish.warm === null) return cold === null ? null : { cold, warm: null };
  const warm = await sendSegment(bench, wish, role, arm, wish.warm);
  return warm === null ? null : { cold, warm };
}

async function sendSegment(
  { generator, signal }: ComparisonBench,
  { pair, onProgress }: PairWish,
  role: ArmName,
  { origin }: ComparisonArm,
  plan: LoadPlan,
): Promise<Segment | null> {
  if (signal.aborted) return null;
  const progress = onProgress === undefined ? {} : { onProgress };
  const segment = await generator.run({ arm: role, pair, origin, plan, signal, ...progress });
  return signal.aborted ? null : segment;
}
