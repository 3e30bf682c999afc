/**
 * How sure a state is: whether somebody looked at what was stored, whether the answer names its reason, or whether there is a status and no more.
 */
import { STATUS_CODES } from "node:http";
import { type Answer, headerOf } from "../answer-reader.ts";
import type { Target } from "../check.ts";
import { isAccepted, type Outcome } from "../judge.ts";
import type { CheckState, Confidence } from "./check-run.ts";

const WORDS_MIN = 3;
const REASON_KEYS = ["code", "detail", "error", "errors", "message", "msg", "reason", "type", "title"];

/** Of a case of one request; `null` where nothing was told. */
export function confidenceOf(state: CheckState, target: Target, outcome: Outcome): Confidence | null {
  if (state !== "pass" && state !== "fail") return null;
  const { exchange, received } = outcome;
  const [answer] = exchange.answers;
  if (received !== null) return answer === undefined && received.length === 0 ? "firm" : "certain";
  if (answer === undefined) return "tentative";
  if (state === "fail") return isAccepted(target, exchange) || answer.status >= 500 ? "firm" : "tentative";
  return namesReason(answer) ? "firm" : "tentative";
}

/** Of a scenario: `isSeen` where what is stored or kept was looked at. */
export function confidenceOfPlay(state: CheckState, isSeen: boolean): Confidence | null {
  if (state !== "pass" && state !== "fail") return null;
  return isSeen ? "certain" : "firm";
}

/** Whether an answer says why: a member of its JSON that says something, or words beside those of the status. */
export function namesReason(answer: Answer): boolean {
  const text = Buffer.from(answer.body.subarray(0, 64 * 1024)).toString();
  if (/\bjson\b/i.test(headerOf(answer, "content-type") ?? "")) return jsonNames(text, answer.status);
  const words = text
    .replace(/<(style|script)\b[\s\S]*?<\/\1>|<[^>]*>/gi, " ")
    .replaceAll(STATUS_CODES[answer.status] ?? "\0", " ");
  return (words.match(/\p{L}{2,}/gu)?.length ?? 0) >= WORDS_MIN;
}

function jsonNames(text: string, status: number): boolean {
  try {
    return saysSomething(JSON.parse(text), STATUS_CODES[status] ?? "");
  } catch {
    return false;
  }
}

/** Frameworks answer a list or an object of errors by field, or one text under a well-known key. */
function saysSomething(value: unknown, phrase: string): boolean {
  if (typeof value === "string") return value !== "" && value !== phrase && value !== "about:blank";
  if (Array.isArray(value)) return value.some((each) => saysSomething(each, phrase));
  if (typeof value !== "object" || value === null) return false;
  const entries = Object.entries(value);
  const known = entries.filter(([key]) => REASON_KEYS.includes(key));
  return (known.length > 0 ? known : entries.filter(([, each]) => typeof each === "object")).some(
    ([, each]) => saysSomething(each, phrase),
  );
}
