/**
 * From what came of a case and of its twin to a state, with the reasons. No I/O.
 *
 * Always holds: a refusal is told by its answer; an acceptance that nobody can look into, or that cannot be told from harm, is left open.
 */
import type { CheckCase, Expectation, Target } from "./check.ts";
import { isAccepted, judge, type Outcome } from "./judge.ts";

export interface Judgement {
  readonly state: "pass" | "fail" | "inconclusive";
  /** What is wrong, or why nothing can be said. */
  readonly reasons: readonly string[];
}

export const ACCEPTED: Expectation = { outcome: "accepted" };

/** @param twin `null` where the control upload is the twin, and was judged already */
export function judgeCase(
  target: Target,
  { expect }: Pick<CheckCase, "expect">,
  attack: Outcome,
  twin: Outcome | null,
): Judgement {
  const wrong = judge(target, expect, attack);
  const twinWrong = twin === null ? [] : judge(target, ACCEPTED, twin);
  const reasons = [...wrong, ...twinWrong.map((reason) => `the benign twin: ${reason}`)];
  if (reasons.length > 0) return { state: "fail", reasons };
  const open = whyOpen(target, expect, attack);
  return open === null ? { state: "pass", reasons: [] } : { state: "inconclusive", reasons: [open] };
}

function whyOpen(
  target: Target,
  expect: Expectation,
  { exchange, received, content }: Outcome,
): string | null {
  if (expect.outcome === "refused" || !isAccepted(target, exchange)) return null;
  if (received === null) return "it was accepted, and nobody can look at what was stored";
  if (expect.outcome === "accepted" || expect.unclear === undefined) return null;
  const { unclear } = expect;
  return received.map((upload) => unclear(upload, content)).find((each) => each !== null) ?? null;
}

/** Copies are judged by their answers alone: what the service got is mixed with the twin's. */
export function judgeCopies(
  target: Target,
  { expect }: Pick<CheckCase, "expect">,
  copies: readonly Outcome[],
  twin: Outcome,
): Judgement {
  const wrong = copies.flatMap((each) => judge(target, expect, each));
  const twinWrong = judge(target, ACCEPTED, twin).map((reason) => `the benign twin meanwhile: ${reason}`);
  const reasons = [...new Set([...wrong, ...twinWrong])];
  return { state: reasons.length > 0 ? "fail" : "pass", reasons };
}
