/**
 * The few numbers that are made of repeated measurements.
 */

/** The middle value; of an even count the mean of the two in the middle. @throws for no values at all */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value below which a share (0 to 1) of all values lies, interpolated between neighbours. @throws for no values at all */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  const position = (sorted.length - 1) * share;
  const below = sorted[Math.floor(position)];
  const above = sorted[Math.ceil(position)];
  if (below === undefined || above === undefined) throw new Error("no values to take a quantile of");
  return below + (above - below) * (position - Math.floor(position));
}

/** How one value stands to another over rounds in which both were measured: the middle of the rounds' ratios, and the least and the greatest. */
export interface RatioOfRounds {
  readonly middle: number;
  readonly least: number;
  readonly greatest: number;
}

/** @throws for no rounds at all */
export function ratioOfRounds(above: readonly number[], below: readonly number[]): RatioOfRounds {
  const ratios = above.map((value, round) => value / (below[round] ?? Number.NaN));
  return { middle: median(ratios), least: Math.min(...ratios), greatest: Math.max(...ratios) };
}
