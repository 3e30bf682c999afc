/**
 * What was compared with what, as short facts that each report shows in its own way.
 */
import { sayElapsed, sayMoment } from "../../checks/reports/say-figures.ts";
import type { ComparedArm, Comparison } from "../comparison.ts";
import { sayInterval, sayNumber, sayPercent, sayShare } from "../judge/say-change.ts";

/** Name and text, in the order of interest; what is not known is left out. */
export function comparisonFacts(comparison: Comparison): readonly (readonly [name: string, text: string])[] {
  const { arms, variable, differing, unseen, expected, noise, startedAtMs, elapsedMs, id } = comparison;
  const changed = differing.find(({ key }) => key === variable);
  const facts: (readonly [string, string | null])[] = [
    ["Before", sayArm(arms.a)],
    ["After", sayArm(arms.b)],
    [
      "Changed",
      changed === undefined ? `${variable} (not seen to differ)` : `${variable}: ${changed.a} → ${changed.b}`,
    ],
    ["Expected", expected === null ? null : sayPercent(expected)],
    [
      "Host",
      noise === null
        ? null
        : `changes from ${sayShare(noise.smallestVisible)} on can be seen (${sayNumber(noise.pairs, "pair")} of the same arm)`,
    ],
    ["Unseen", unseen.length === 0 ? null : unseen.join(", ")],
    ["Run", `${id}, ${sayMoment(new Date(startedAtMs).toISOString())}, ${sayElapsed(elapsedMs)}`],
  ];
  return facts.flatMap(([name, text]) => (text === null ? [] : [[name, text] as const]));
}

function sayArm({ label, target, requests }: ComparedArm): string {
  return `${label}, ${target}, ${sayNumber(requests, "request")}`;
}

/** Effects beside the one of the verdict, each with what it is. */
export function otherEffects(comparison: Comparison): readonly {
  readonly name: string;
  readonly meaning: string;
  readonly text: string;
  readonly pValue: number;
}[] {
  const { likeForLike, raw, warm, byCacheClass } = comparison;
  const rows = [
    {
      name: "Like for like",
      meaning: "as if the cache mix had stayed as it was before",
      effect: likeForLike,
    },
    { name: "As it was", meaning: "whatever came from a cache", effect: raw },
    { name: "Warm", meaning: "payloads that were sent before", effect: warm },
    ...Object.entries(byCacheClass).map(([name, effect]) => ({
      name: `Cache ${name}`,
      meaning: "only these answers (p50)",
      effect,
    })),
  ];
  return rows.flatMap(({ name, meaning, effect }) =>
    effect === null
      ? []
      : [
          {
            name,
            meaning,
            text: `${sayPercent(effect.estimate)}, ${Math.round(effect.confidence * 100)} % interval ${sayInterval(effect)}`,
            pValue: effect.pValue,
          },
        ],
  );
}

/** `0.0003`, `below 0.0001` */
export function sayP(pValue: number): string {
  return pValue < 0.0001 ? "below 0.0001" : pValue.toFixed(4);
}
