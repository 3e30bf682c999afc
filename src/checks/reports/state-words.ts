/**
 * The states of a run as every report names, orders and marks them: a word and a shape, so that no colour is needed.
 */
import type { CheckResult, CheckState, Confidence } from "../run/check-run.ts";

/** One of the seven groups that reports count. */
export interface StateGroup {
  readonly key: "fail" | "unclear" | "warn" | "waived" | "pass" | "manual" | "not-applicable";
  /** One or two words: `Broken`. */
  readonly word: string;
  /** The same inside a sentence. */
  readonly inSentence: string;
  /** A character that differs from the others in shape. */
  readonly shape: string;
  /** What it says, for whoever sees it the first time. */
  readonly meaning: string;
  readonly states: readonly CheckState[];
}

/** Worst first. `error` is counted with `inconclusive`: neither says anything of the target. */
export const STATE_GROUPS: readonly StateGroup[] = [
  {
    key: "fail",
    word: "Broken",
    inSentence: "broken",
    shape: "✕",
    meaning: "A promise is broken, and it was seen.",
    states: ["fail"],
  },
  {
    key: "unclear",
    word: "Unclear",
    inSentence: "unclear",
    shape: "?",
    meaning: "Nothing can be told, or the check broke off.",
    states: ["error", "inconclusive"],
  },
  {
    key: "warn",
    word: "Warned",
    inSentence: "warned",
    shape: "!",
    meaning: "Not good, but nobody has promised better.",
    states: ["warn"],
  },
  {
    key: "waived",
    word: "Waived",
    inSentence: "waived",
    shape: "◇",
    meaning: "Broken, and somebody answers for that until a day.",
    states: ["waived"],
  },
  {
    key: "pass",
    word: "Kept",
    inSentence: "kept",
    shape: "✓",
    meaning: "The promise was kept.",
    states: ["pass"],
  },
  {
    key: "manual",
    word: "By a person",
    inSentence: "for a person",
    shape: "☐",
    meaning: "A person has to look.",
    states: ["manual"],
  },
  {
    key: "not-applicable",
    word: "Not for this",
    inSentence: "not for this route",
    shape: "–",
    meaning: "The route has nothing that the check is about.",
    states: ["not-applicable"],
  },
];

const STATE_WORD: Readonly<Record<CheckState, string>> = {
  fail: "broken",
  error: "broke off",
  inconclusive: "cannot tell",
  warn: "warned",
  waived: "waived",
  pass: "kept",
  manual: "for a person",
  "not-applicable": "not for this route",
};

const CONFIDENCE_WORD: Readonly<Record<Confidence, string>> = {
  certain: "certain: what is stored was read back",
  firm: "firm: the status, and a reason that is named",
  tentative: "tentative: the status alone",
};

/** The one state as a word or two. */
export function stateWord(state: CheckState): string {
  return STATE_WORD[state];
}

/** How sure a result is, in words; `null` where there is nothing to be sure of. */
export function confidenceWord(confidence: Confidence | null): string | null {
  return confidence === null ? null : CONFIDENCE_WORD[confidence];
}

/** The group of a state. */
export function groupOf(state: CheckState): StateGroup["key"] {
  return STATE_GROUPS.find((group) => group.states.includes(state))?.key ?? "unclear";
}

/** The results of one group, in the order of the run; those that broke off before those that cannot tell. */
export function resultsIn(results: readonly CheckResult[], key: StateGroup["key"]): readonly CheckResult[] {
  const states = STATE_GROUPS.find((group) => group.key === key)?.states ?? [];
  return states.flatMap((state) => results.filter((result) => result.state === state));
}
