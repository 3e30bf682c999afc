/**
 * *Last change?* The newest change that is known of, and whether anything went differently since: a suspicion, never a proof.
 */
import type { Answer, Condition, DeploymentJudgement } from "../console-api.ts";
import { sayMoment } from "../say-figures.ts";

/** A change as one flow has felt it. */
export interface JudgedChange {
  readonly atMs: number;
  /** `deployed 3c4d`. */
  readonly label: string;
  /** `null`: it is of all flows, and none had the traffic to judge it by. */
  readonly flow: string | null;
  readonly judgement: DeploymentJudgement;
}

export interface ChangeInput {
  /** The newest change, once for each flow that it concerns; the worst first. */
  readonly changes: readonly JudgedChange[];
  /** How far back was looked. */
  readonly days: number;
  readonly nowMs: number;
}

export function answerChange({ changes, days, nowMs }: ChangeInput): Answer {
  const [worst] = changes;
  if (worst === undefined)
    return {
      question: "change",
      condition: "good",
      word: "None",
      sentence: `No deployment and no edit of a flow is known of in the last ${days} days.`,
      seenAtMs: nowMs,
      link: null,
    };
  const { flow, label, atMs, judgement } = worst;
  const where = flow === null ? "" : `${flow}: `;
  const what = `${where}${label}, ${sayMoment(atMs, nowMs)}`;
  return {
    question: "change",
    condition: judgement.condition,
    word: WORDS[judgement.condition],
    sentence: `${what}. ${flow === null ? "Too little traffic before or since to tell what it did." : judgement.sentence}`,
    seenAtMs: atMs,
    link: flow === null ? null : `/flows/${flow}`,
  };
}

/** With a question mark, since it is suspected. */
const WORDS: Readonly<Record<Condition, string>> = {
  good: "No trace",
  bad: "Worse?",
  attention: "Different?",
  unknown: "Not known",
  stale: "Not known",
};
