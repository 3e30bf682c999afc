/**
 * What a verdict means in words, with a shape, so that no colour is needed: the same on the terminal, in Markdown and on the page.
 */
import type { Comparison, ComparisonRow, Verdict } from "../comparison.ts";

/** Names of style classes too. */
export type Tone = "good" | "bad" | "even" | "unclear" | "stopped";

export interface VerdictWords {
  readonly tone: Tone;
  readonly shape: string;
  /** What to make of it, for somebody who reads the word for the first time. */
  readonly meaning: string;
}

const REFUSED = { tone: "stopped", shape: "⊘" } as const;

const WORDS: Readonly<Record<Verdict, VerdictWords>> = {
  INVALID: {
    ...REFUSED,
    meaning: "The run itself went wrong, so its figures say nothing. Measure again on a calmer host.",
  },
  "REFUSED CONFOUNDED": {
    ...REFUSED,
    meaning: "More than one thing differs. Make the others the same, and compare again.",
  },
  "REFUSED CACHE UNOBSERVED": {
    ...REFUSED,
    meaning:
      "A cache is declared, but its answers do not tell of it. Have it send Cache-Status, or name its header in the flow.",
  },
  "REFUSED NO OVERLAP": {
    ...REFUSED,
    meaning: "One of the two gives answers that the other never gives, so there is no like to compare with.",
  },
  "REFUSED CACHE MIX MOVED": {
    ...REFUSED,
    meaning:
      "More, or fewer, answers came from a cache; like for like no win is left. That is luck, or a change of the cache, not of the code.",
  },
  "WORSE ERRORS": {
    tone: "bad",
    shape: "✕",
    meaning: "More answers are wrong or failed. Time does not matter before that.",
  },
  SLOWER: { tone: "bad", shape: "▲", meaning: "Slower by more than what matters, and by more than chance." },
  FASTER: {
    tone: "good",
    shape: "▼",
    meaning: "Faster by more than what matters, and by more than chance; answers are as right as before.",
  },
  "FASTER BY CACHE": {
    tone: "good",
    shape: "▼",
    meaning: "Faster as long as the cache is warm. What is made anew takes as long as before.",
  },
  "FEWER ERRORS": { tone: "good", shape: "✓", meaning: "Fewer answers are wrong or failed than before." },
  "DETECTABLE BUT TINY": {
    tone: "even",
    shape: "=",
    meaning: "There is a change, but it is too small to matter.",
  },
  SAME: { tone: "even", shape: "=", meaning: "No change that matters." },
  INCONCLUSIVE: {
    tone: "unclear",
    shape: "?",
    meaning: "This run does not tell: neither that it changed nor that it did not.",
  },
  "SUSPECTED SLOWER": {
    tone: "bad",
    shape: "?",
    meaning: "It looks slower. Traffic changed too, so this is a suspicion: compare to know.",
  },
  "SUSPECTED FASTER": {
    tone: "even",
    shape: "?",
    meaning: "It looks faster. Traffic changed too, so this is a suspicion: compare to know.",
  },
  "SUSPECTED WORSE ERRORS": {
    tone: "bad",
    shape: "?",
    meaning: "More answers failed. Traffic changed too, so this is a suspicion: compare to know.",
  },
};

export function verdictWords({ verdict }: Pick<Comparison, "verdict">): VerdictWords {
  return WORDS[verdict];
}

const JUDGEMENT_SHAPES: Readonly<Record<ComparisonRow["judgement"], string>> = {
  better: "✓",
  worse: "✕",
  same: "=",
  unclear: "?",
  unseen: "–",
};

/** `✓ better` */
export function sayJudgement({ judgement }: Pick<ComparisonRow, "judgement">): string {
  return `${JUDGEMENT_SHAPES[judgement]} ${judgement}`;
}

const ROW_NAMES: Readonly<Record<ComparisonRow["name"], string>> = {
  time: "Response time",
  errors: "Errors",
  cache: "Cache",
  database: "Database calls",
};

export function rowName({ name }: Pick<ComparisonRow, "name">): string {
  return ROW_NAMES[name];
}
