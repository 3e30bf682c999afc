/**
 * What a row gives: figures of each server, and verdicts that compare them with what is to be reached.
 */

/** One server's figures in one row; only those that the row is about are there. */
export interface Figure {
  readonly subject: string;
  readonly mbPerSecond?: number;
  readonly perSecond?: number;
  readonly cpuSecondsPerGb?: number;
  readonly cpuSecondsPerThousand?: number;
  readonly p50Ms?: number;
  readonly p99Ms?: number;
  readonly peakMb?: number;
}

export type FigureKey = Exclude<keyof Figure, "subject">;

/** One thing to reach. `isReached` is null where it could not be judged; `note` then says why. */
export interface Verdict {
  readonly what: string;
  readonly value: number | null;
  readonly unit: string;
  readonly target: string;
  readonly isReached: boolean | null;
  readonly note?: string;
}

export interface RowResult {
  readonly row: string;
  readonly title: string;
  readonly figures: readonly Figure[];
  readonly verdicts: readonly Verdict[];
  /** What was left out or fell short of the plan, and why. */
  readonly notes: readonly string[];
}

export interface Target {
  readonly what: string;
  readonly unit: string;
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** Judges a value, or says that there is none. */
export function judge(target: Target, value: number | null, note?: string): Verdict {
  const { what, unit, atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY } = target;
  const bound = target.atLeast === undefined ? `≤ ${atMost}` : `≥ ${atLeast}`;
  return {
    what,
    value,
    unit,
    target: `${bound}${unit}`,
    isReached: value === null ? null : value >= atLeast && value <= atMost,
    ...(note === undefined ? {} : { note }),
  };
}

/** How one figure stands to another; null where one of them was not measured. */
export function ratio(left: Figure | undefined, right: Figure | undefined, key: FigureKey): number | null {
  const above = left?.[key];
  const below = right?.[key];
  return above === undefined || below === undefined || below === 0 ? null : above / below;
}
