/**
 * *Last change?* The newest change that is known of, and whether anything went differently since: a suspicion, never a proof.
 */
import type { Answer, DeploymentJudgement } from "../console-api.ts";
import { sayMoment } from "../say-figures.ts";

/** A change of one flow, judged; `null` where nothing can be said of it yet. */
export interface JudgedChange {
  readonly atMs: number;
  /** `deployed 3c4d`. */
  readonly label: string;
  /** `null`: of the gate as a whole, and no flow had traffic to judge it by. */
  readonly flow: string | null;
  readonly judgement: DeploymentJudgement | null;
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
    condition: judgement?.condition ?? "unknown",
    word: wordOf(judgement),
    sentence:
      judgement === null
        ? `${what}. Too little traffic since to tell what it did.`
        : `${what}. ${judgement.sentence}`,
    seenAtMs: atMs,
    link: flow === null ? null : `/flows/${flow}`,
  };
}

function wordOf(judgement: DeploymentJudgement | null): string {
  switch (judgement?.condition) {
    case "good":
      return "No trace";
    case "bad":
      return "Worse?";
    case "attention":
      return "Different?";
    default:
      return "Not known";
  }
}
