/**
 * The effect in each cache class by itself, so that one sees what a hit and what a miss takes.
 */
import { holmAdjusted } from "../../statistics/holm.ts";
import type { Random } from "../../statistics/random.ts";
import type { Effect } from "../comparison.ts";
import type { CacheMix } from "./cache-mix.ts";
import type { TimeMetric } from "./like-for-like.ts";
import { pairedEffect } from "./paired-effect.ts";
import type { SampledPair } from "./sampled-pair.ts";

/** Uploads of the class in each arm. */
const COUNT_MIN = 100;
const SEGMENT_COUNT_MIN = 10;

/** By name of the class; p-values are adjusted for there being several. Empty where there is but one class. */
export function classEffects(
  pairs: readonly SampledPair[],
  { classes }: CacheMix,
  metric: TimeMetric,
  left: ReadonlyMap<number, string>,
  random: Random,
): Readonly<Record<string, Effect>> {
  if (classes.length < 2) return {};
  const found = classes
    .filter(({ countBefore, countAfter }) => Math.min(countBefore, countAfter) >= COUNT_MIN)
    .flatMap(({ name }) => {
      const inClass: TimeMetric = { ...metric, mix: null, only: name, countMin: SEGMENT_COUNT_MIN };
      const { effect } = pairedEffect(pairs, inClass, left, random);
      return effect === null ? [] : [{ name, effect }];
    });
  const adjusted = holmAdjusted(found.map(({ effect }) => effect.pValue));
  return Object.fromEntries(
    found.map(({ name, effect }, index) => [name, { ...effect, pValue: adjusted[index] ?? 1 }]),
  );
}
