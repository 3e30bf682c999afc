/**
 * The permutation test of paired differences: had nothing changed, each difference could as well have had the other sign.
 *
 * Always holds: of up to 16 values all flips are looked at; of more, 20,000 flips by a seeded generator.
 * @see Fisher 1935, The Design of Experiments, section 21; Phipson and Smyth 2010 for the "+1" of drawn flips
 */
import type { Random } from "./random.ts";

const ALL_UP_TO = 16;
const DRAWN = 20_000;

/** Two-sided p-value of the sum of `values` being as far from 0 as it is. 1 where there are none. */
export function signFlipP(values: readonly number[], random: Random): number {
  const moved = values.filter((value) => value !== 0);
  if (moved.length === 0) return 1;
  const seen = Math.abs(moved.reduce((sum, value) => sum + value, 0));
  /** Sums in another order differ in their last bits, and must still count as the same. */
  const bound = seen - 1e-9 * moved.reduce((sum, value) => sum + Math.abs(value), 0);
  return moved.length <= ALL_UP_TO ? shareOfAll(moved, bound) : shareOfDrawn(moved, bound, random);
}

/** Flip after flip in Gray code, so that each differs from the one before in one sign. */
function shareOfAll(values: readonly number[], bound: number): number {
  const total = 2 ** values.length;
  const isFlipped = values.map(() => false);
  let sum = values.reduce((one, other) => one + other, 0);
  let reached = Math.abs(sum) >= bound ? 1 : 0;
  for (let flip = 1; flip < total; flip += 1) {
    const index = 31 - Math.clz32(flip & -flip);
    const value = values[index] ?? 0;
    sum += isFlipped[index] === true ? 2 * value : -2 * value;
    isFlipped[index] = isFlipped[index] !== true;
    if (Math.abs(sum) >= bound) reached += 1;
  }
  return reached / total;
}

function shareOfDrawn(values: readonly number[], bound: number, random: Random): number {
  let reached = 0;
  for (let flip = 0; flip < DRAWN; flip += 1) {
    let sum = 0;
    for (const value of values) sum += random() < 0.5 ? value : -value;
    if (Math.abs(sum) >= bound) reached += 1;
  }
  return (reached + 1) / (DRAWN + 1);
}
