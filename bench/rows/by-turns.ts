/**
 * A few gates measured by turns, in short rounds: what the machine does besides meets all of them, and each round gives a ratio of its own.
 */
import { type Figure, type FigureKey, judge, type Verdict } from "../measure/figure.ts";
import { median, ratioOfRounds } from "../measure/statistics.ts";

/** One round of one contestant: each figure that the row has. */
export type Sample = Readonly<Partial<Record<FigureKey, number>>>;

/** One that is measured. */
export interface Contestant {
  readonly subject: string;
  readonly measure: () => Promise<Sample>;
}

/** All rounds, by contestant. */
export type Rounds = ReadonlyMap<string, readonly Sample[]>;

/** Who begins changes from round to round, so that nobody always comes after the same. */
export function inTurn<T>(contestants: readonly T[], round: number): readonly T[] {
  const first = round % contestants.length;
  return [...contestants.slice(first), ...contestants.slice(0, first)];
}

/** Measures each in each round. */
export async function measureByTurns(contestants: readonly Contestant[], rounds: number): Promise<Rounds> {
  const samples = new Map<string, Sample[]>(contestants.map(({ subject }) => [subject, []]));
  for (let round = 0; round < rounds; round++) {
    for (const { subject, measure } of inTurn(contestants, round))
      samples.get(subject)?.push(await measure());
  }
  return samples;
}

/** The middle of the rounds, figure by figure; of memory the greatest. */
export function figuresOf(rounds: Rounds): Figure[] {
  return [...rounds].map(([subject, samples]) => {
    const keys = Object.keys(samples[0] ?? {}) as FigureKey[];
    const figures = keys.map((key) => {
      const values = valuesOf(samples, key);
      return [key, key === "peakMb" ? Math.max(...values) : median(values)] as const;
    });
    return { subject, ...Object.fromEntries(figures) };
  });
}

/** What is compared: a figure that costs (the more, the worse), or one that is got (`isGain`), whose ratio is turned round. */
export interface Comparison {
  readonly what: string;
  readonly key: FigureKey;
  readonly isGain?: boolean;
  readonly atMost: number;
}

/** Judges the middle of the rounds' ratios of one contestant to another, and tells how far they spread. */
export function compare(
  rounds: Rounds,
  [subject, beside]: readonly [string, string],
  comparison: Comparison,
): Verdict {
  const { key, isGain = false, atMost } = comparison;
  const [above, below] = [rounds.get(subject) ?? [], rounds.get(beside) ?? []];
  const pair = isGain ? ([below, above] as const) : ([above, below] as const);
  const [left, right] = pair.map((samples) => valuesOf(samples, key));
  const { middle, least, greatest } = ratioOfRounds(left ?? [], right ?? []);
  const target = { what: `${comparison.what}: ${subject} beside ${beside}`, unit: " ×", atMost };
  return judge(target, middle, `rounds ${least.toFixed(2)} to ${greatest.toFixed(2)}`);
}

const valuesOf = (samples: readonly Sample[], key: FigureKey): number[] =>
  samples.map((sample) => sample[key] ?? Number.NaN);
