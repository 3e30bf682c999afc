/**
 * What became of one upload: its answer held against what the flow says is a good one.
 *
 * In: the answer, the recorded expectation, the digest that the service tells. Out: an outcome, and why where it is not a good one.
 * Always holds: a 2xx that is not the promised answer is never `accepted`; of what the target says, only a code in capitals is repeated.
 */
import type { Answer } from "../../checks/answer-reader.ts";
import { jsonOf, pointedAt } from "../../checks/define-scenario.ts";
import type { ExpectedAnswer } from "../../checks/run/run-request.ts";
import type { MeasuredOutcome } from "../measured-request.ts";
import type { LoadRoute } from "./load-route.ts";

/** `reason` is `null` where the upload was accepted. */
export interface JudgedAnswer {
  readonly outcome: MeasuredOutcome;
  readonly reason: string | null;
}

export interface AnswerRules {
  readonly route: Pick<LoadRoute, "acceptedStatuses" | "hasShares" | "digestPointer">;
  /** What `sluicegate record` has stored, or `null`. */
  readonly expected: ExpectedAnswer | null;
}

const REASON_CHARS_MAX = 300;

/** @param fileSha256 of the first file as it was sent; asked for only where the answer tells a digest */
export function judgeAnswer(answer: Answer, rules: AnswerRules, fileSha256: () => string): JudgedAnswer {
  const { route, expected } = rules;
  const isGood = route.acceptedStatuses.includes(answer.status);
  const isSuccess = answer.status >= 200 && answer.status < 300;
  if (!isGood && !isSuccess) return refusalOf(answer, route.hasShares);
  const complaints = [
    ...(isGood ? [] : [`the status is ${answer.status}, expected ${route.acceptedStatuses.join(" or ")}`]),
    ...(expected?.compare(answer) ?? []),
    ...digestComplaints(answer, route.digestPointer, fileSha256),
  ];
  if (complaints.length === 0) return { outcome: "accepted", reason: null };
  const reason = [...new Set(complaints)].join("; ").slice(0, REASON_CHARS_MAX);
  return { outcome: isSuccess ? "wrong" : "failed", reason };
}

/** A share that is used up is a promise kept; anything else is a failure, since every payload is one that the route must take. */
function refusalOf(answer: Answer, hasShares: boolean): JudgedAnswer {
  const code = codeIn(answer);
  const words = `the status is ${answer.status}${code === null ? "" : ` (${code})`}`;
  return answer.status === 429 && hasShares
    ? { outcome: "refused", reason: `${words}: more than the flow's own shares allow` }
    : { outcome: "failed", reason: words };
}

/** An error code of the gate, or one that looks like it. */
function codeIn(answer: Answer): string | null {
  const found = pointedAt(jsonOf({ answers: [answer] }), "/code");
  return typeof found === "string" && /^[A-Z][A-Z0-9_-]{2,60}$/.test(found) ? found : null;
}

function digestComplaints(answer: Answer, pointer: string | null, fileSha256: () => string): string[] {
  if (pointer === null) return [];
  const told = pointedAt(jsonOf({ answers: [answer] }), pointer);
  return typeof told === "string" && told.toLowerCase() === fileSha256()
    ? []
    : [`the digest at ${pointer} is not that of the file that was sent`];
}

const DEPTH_MAX = 3;

/** Where an answer's JSON tells a digest: a JSON pointer, or `null`. @param sha256 of the file that was sent, in small hexadecimal digits */
export function findDigest(answer: Answer, sha256: string): string | null {
  return pointerTo(jsonOf({ answers: [answer] }), sha256, "", 0);
}

function pointerTo(value: unknown, sha256: string, at: string, depth: number): string | null {
  if (typeof value === "string") return value.toLowerCase() === sha256 ? at : null;
  if (typeof value !== "object" || value === null || depth >= DEPTH_MAX) return null;
  for (const [name, member] of Object.entries(value)) {
    const step = name.replaceAll("~", "~0").replaceAll("/", "~1");
    const found = pointerTo(member, sha256, `${at}/${step}`, depth + 1);
    if (found !== null) return found;
  }
  return null;
}
