/**
 * What a case promises, and what came of it, in a phrase.
 */
import { STATUS_CODES } from "node:http";
import type { Expectation, ReceivedUpload } from "../check.ts";
import type { Exchange } from "../send-probe.ts";
import type { WantedAnswer } from "./check-run.ts";

const NAMES_MAX = 3;

/** `refused with 400 or 415, and nothing stored`. */
export function sayPromise(expect: Expectation, acceptedStatuses: readonly number[]): string {
  const within = expect.withinMs === undefined ? "" : ` within ${expect.withinMs / 1000} s`;
  if (expect.outcome === "accepted")
    return `accepted with ${oneOf(acceptedStatuses)}${within}, and stored as it was sent`;
  const closing = expect.mayJustClose === true ? ", or the connection closed" : "";
  const early = expect.takenBytesMax === undefined ? "" : ` before ${expect.takenBytesMax} bytes were taken`;
  const refused = `refused with ${oneOf(expect.statuses)}${closing}${within}${early}`;
  return expect.outcome === "refused"
    ? `${refused}, and nothing stored`
    : `${refused}; or stored without the harm`;
}

/** `201 Created, and the service got "x.png" (500 bytes)`. */
export function sayObserved(exchange: Exchange, received: readonly ReceivedUpload[] | null): string {
  const stored = received === null ? "" : `, and ${sayReceived(received)}`;
  return `${sayAnswers(exchange)}${stored}`;
}

/** `413 Content Too Large, then the connection was reset`. */
export function sayAnswers({ answers, end }: Exchange): string {
  const ends = {
    closed: "the connection was closed",
    reset: "the connection was reset",
    left: "",
    deadline: "",
  };
  if (answers.length === 0)
    return end === "deadline" ? "no answer in time" : `no answer${ends[end] && `: ${ends[end]}`}`;
  const told = answers.map(({ status }) => `${status} ${STATUS_CODES[status] ?? ""}`.trim()).join(", then ");
  return end === "reset" ? `${told}, then the connection was reset` : told;
}

function sayReceived(received: readonly ReceivedUpload[]): string {
  if (received.length === 0) return "nothing was stored";
  const files = received.flatMap((upload) => upload.files);
  const names = files
    .slice(0, NAMES_MAX)
    .map(({ name, sizeBytes }) => `${JSON.stringify(name ?? "a file")} (${sizeBytes} bytes)`);
  const more = files.length > NAMES_MAX ? ` and ${files.length - NAMES_MAX} more` : "";
  return files.length === 0
    ? "the service got a request without a file"
    : `the service got ${names.join(", ")}${more}`;
}

/** What the first answer must be, where nothing but that is judged. */
export function wantedOf(expect: Expectation, acceptedStatuses: readonly number[]): WantedAnswer | null {
  if (expect.outcome === "accepted") return { statuses: acceptedStatuses, mayJustClose: false };
  if (expect.outcome === "refused-or-neutral") return null;
  return { statuses: expect.statuses, mayJustClose: expect.mayJustClose === true };
}

function oneOf(statuses: readonly number[]): string {
  const [last, ...others] = statuses.toReversed();
  return others.length === 0 ? String(last) : `${others.toReversed().join(", ")} or ${last}`;
}
