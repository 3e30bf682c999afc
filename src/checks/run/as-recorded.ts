/**
 * Compares the answer to the control upload with the one that was recorded as expected: a case of its own of UPL-RS-01.
 */
import type { Answer } from "../answer-reader.ts";
import type { CaseReport } from "./check-run.ts";
import type { CheckSubject, ExpectedAnswer } from "./run-request.ts";
import type { LoggedExchange } from "./run-wire.ts";
import { sayAnswers } from "./say-outcome.ts";

/** @param control the first control upload that passed, or `null` */
export function compareWithRecorded(
  { expected, about }: CheckSubject,
  control: LoggedExchange | null,
): CaseReport {
  const told = {
    name: "as recorded",
    confidence: null,
    promised: expected === null ? null : `answered as on ${expected.recordedAt}`,
    observed: null,
    diff: [],
    exchanges: [],
    elapsedMs: 0,
    evidence: null,
  };
  if (expected === null) {
    const reason = `no expectation is recorded: sluicegate record ${about.flow ?? "FLOW"}`;
    return { ...told, state: "not-applicable", reasons: [reason] };
  }
  const answer = control?.exchange.answers[0];
  if (control === null || answer === undefined)
    return { ...told, state: "inconclusive", reasons: ["no control upload was answered"] };
  const reasons = differences(expected, answer);
  if (reasons === null)
    return { ...told, state: "error", reasons: ["the recorded expectation cannot be read"] };
  return {
    ...told,
    state: reasons.length === 0 ? "pass" : "fail",
    confidence: "certain",
    reasons,
    observed: sayAnswers(control.exchange),
    exchanges: [control.recorded],
  };
}

/** `null` where what was recorded breaks the comparison. */
function differences(expected: ExpectedAnswer, answer: Answer): readonly string[] | null {
  try {
    return expected.compare(answer);
  } catch {
    return null;
  }
}
