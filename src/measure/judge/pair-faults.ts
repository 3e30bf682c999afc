/**
 * Pairs that cannot count, as the generator did not do what it should, or a segment ended early.
 */
import { medianOf } from "../../statistics/quantile.ts";
import type { SampledPair, SampledSegment } from "./sampled-pair.ts";
import { generatorFaults, incompleteFault, type ToldOf } from "./segment-faults.ts";

export interface PairFaults {
  /** Why a pair is left out, by its number. */
  readonly left: ReadonlyMap<number, string>;
  /** How many pairs are left out for the generator's sake, and how many for segments that ended early. */
  readonly generator: number;
  readonly incomplete: number;
}

/** @param told what the pairs are compared by */
export function faultsOfPairs(pairs: readonly SampledPair[], told: ToldOf): PairFaults {
  const generator = new Map<number, string>();
  const incomplete = new Map<number, string>();
  for (const { pair, a, b } of pairs) {
    const [late] = [...faultsOf(a, told), ...faultsOf(b, told)];
    const ended = incompleteFault(a.health) ?? incompleteFault(b.health);
    if (late !== undefined) generator.set(pair, late);
    else if (ended !== null) incomplete.set(pair, ended);
  }
  return {
    left: new Map([...generator, ...incomplete]),
    generator: generator.size,
    incomplete: incomplete.size,
  };
}

function faultsOf({ health, uploads }: SampledSegment, told: ToldOf): readonly string[] {
  return generatorFaults(health, medianOf(uploads.map(({ total }) => total)), told);
}
