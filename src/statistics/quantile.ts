/**
 * Quantiles of samples, with and without weights.
 *
 * Always holds: what comes in is not changed; an empty sample, or one without weight, has no quantile.
 */

/** A value and how much it counts. */
export interface Weighted {
  readonly value: number;
  /** Not negative. */
  readonly weight: number;
}

/**
 * The quantile by linear interpolation between order statistics (type 7 of Hyndman and Fan, as numpy and R by default).
 * @param share  from 0 to 1.
 */
export function quantileOf(values: readonly number[], share: number): number | null {
  return quantileOfSorted(sortedNumbers(values), share);
}

/** The same of values that are in ascending order already. */
export function quantileOfSorted(sorted: ArrayLike<number>, share: number): number | null {
  if (sorted.length === 0) return null;
  const position = (sorted.length - 1) * Math.min(1, Math.max(0, share));
  const below = Math.floor(position);
  const low = sorted[below] ?? Number.NaN;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] ?? Number.NaN;
  return low + (high - low) * (position - below);
}

export function medianOf(values: readonly number[]): number | null {
  return quantileOf(values, 0.5);
}

/**
 * The quantile of weighted values: each value stands at the middle of its own weight, with linear interpolation between. With equal weights it is
 * type 5 of Hyndman and Fan (Hazen), which has no bias towards either end.
 */
export function weightedQuantileOf(sample: readonly Weighted[], share: number): number | null {
  const counted = ascending(sample.filter(({ weight }) => weight > 0));
  const total = counted.reduce((sum, { weight }) => sum + weight, 0);
  const [first] = counted;
  if (first === undefined) return null;
  let passed = 0;
  let previous = { place: 0, value: first.value };
  for (const { value, weight } of counted) {
    const place = (passed + weight / 2) / total;
    if (place >= share) return between(previous, { place, value }, share);
    passed += weight;
    previous = { place, value };
  }
  return previous.value;
}

/** Most samples come in order already, and sorting them again would cost most of the time. */
function ascending(sample: readonly Weighted[]): readonly Weighted[] {
  const isSorted = sample.every(
    ({ value }, index) => value >= (sample[index - 1] ?? sample[0] ?? { value }).value,
  );
  return isSorted ? sample : [...sample].sort((one, other) => one.value - other.value);
}

interface Placed {
  readonly place: number;
  readonly value: number;
}

function between(low: Placed, high: Placed, share: number): number {
  if (high.place <= low.place) return high.value;
  const part = (share - low.place) / (high.place - low.place);
  return low.value + (high.value - low.value) * Math.max(0, part);
}

function sortedNumbers(values: readonly number[]): Float64Array {
  return new Float64Array(values).sort();
}
