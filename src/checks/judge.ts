/**
 * From what came back, and what the service got, to what is wrong with it. No I/O.
 */
import { createHash } from "node:crypto";
import { STATUS_CODES } from "node:http";
import { type Answer, headerOf } from "./answer-reader.ts";
import type {
  AcceptedExpectation,
  ContentFile,
  Expectation,
  NeutralExpectation,
  ReceivedFile,
  ReceivedUpload,
  Refusal,
  Target,
  UploadContent,
} from "./check.ts";
import type { Exchange } from "./send-probe.ts";

/** What a probe led to, with all that there is to judge it by. `received` is `null` where nobody can look into the service. */
export interface Outcome {
  readonly exchange: Exchange;
  readonly received: readonly ReceivedUpload[] | null;
  readonly content: UploadContent;
}

/** Complaints in plain words; none where the outcome is safe. */
export function judge(target: Target, expect: Expectation, outcome: Outcome): readonly string[] {
  if (expect.outcome === "accepted") return judgeAccepted(target, expect, outcome);
  if (expect.outcome === "refused") return judgeRefused(target, expect, outcome);
  return isAccepted(target, outcome.exchange)
    ? judgeNeutral(target, outcome, expect)
    : judgeRefused(target, expect, outcome);
}

/** Whether the first answer has one of the route's statuses of success, and is not the way back to the form. */
export function isAccepted(target: Target, exchange: Exchange): boolean {
  const [answer] = exchange.answers;
  return (
    answer !== undefined && target.acceptedStatuses.includes(answer.status) && !isSentBack(target, answer)
  );
}

function judgeAccepted(target: Target, expect: AcceptedExpectation, outcome: Outcome): readonly string[] {
  const { exchange } = outcome;
  const complaints = judgeTime(exchange, expect.withinMs);
  if (!isAccepted(target, exchange)) {
    complaints.push(
      `expected to be accepted with ${target.acceptedStatuses.join(" or ")}, got ${describe(exchange)}`,
    );
    return complaints;
  }
  return [...complaints, ...judgeContent(outcome, { isExact: true, mayDiffer: makesAnew(target) })];
}

function judgeNeutral(target: Target, outcome: Outcome, expect: NeutralExpectation): readonly string[] {
  const harms = (outcome.received ?? []).map((upload) => expect.harm(upload, outcome.content));
  return [
    ...judgeTime(outcome.exchange, expect.withinMs),
    ...judgeNeutralContent(target, outcome, expect),
    ...harms.filter((each) => each !== null),
  ];
}

/** Held back is nothing at all; made harmless is other bytes. */
function judgeNeutralContent(
  target: Target,
  outcome: Outcome,
  { mayBeHeld, mayDiffer }: NeutralExpectation,
): readonly string[] {
  if (mayBeHeld === true && outcome.received?.length === 0) return [];
  return judgeContent(outcome, {
    isExact: false,
    mayDiffer: mayDiffer === true || makesAnew(target),
  });
}

/** Whether the route says that it makes pictures anew, and takes pictures: what it stores of them are other bytes. */
export function makesAnew({ file, inspect }: Target): boolean {
  return inspect?.images?.reEncode === true && file.control.mediaType.startsWith("image/");
}

function judgeRefused(target: Target, expect: Refusal, outcome: Outcome): readonly string[] {
  const { exchange, received } = outcome;
  const complaints = [...judgeTime(exchange, expect.withinMs), ...judgeStatus(target, expect, exchange)];
  if (expect.closes === true) complaints.push(...judgeClosed(exchange));
  if (expect.withoutContinue === true && exchange.interimStatuses.includes(100))
    complaints.push("100 Continue came before the refusal: the body was asked for");
  if (promisesRefusals(target)) complaints.push(...judgeHeaders(exchange, expect.headers ?? []));
  if (expect.takenBytesMax !== undefined) complaints.push(...judgeTaken(exchange, expect.takenBytesMax));
  if (exchange.malformed !== null && expect.mayJustClose !== true) complaints.push(exchange.malformed);
  for (const upload of received ?? []) complaints.push(`it got through: ${upload.method} ${upload.path}`);
  return complaints;
}

function judgeStatus(target: Target, expect: Refusal, exchange: Exchange): string[] {
  const [answer] = exchange.answers;
  const status = answer?.status;
  if (status === undefined && expect.mayJustClose === true && exchange.end !== "deadline") return [];
  if (status !== undefined && expect.statuses.includes(status)) return [];
  if (answer !== undefined && !promisesRefusals(target) && isRefusal(target, answer)) return [];
  return [`expected ${expect.statuses.join(" or ")}, got ${describe(exchange)}`];
}

/** Whether the form of a refusal was promised: its status, its headers. */
function promisesRefusals({ unpromised }: Target): boolean {
  return unpromised?.has("refusals") !== true;
}

/** "Not now" says nothing of the upload. */
const NOT_NOW: ReadonlySet<number> = new Set([408, 425, 429]);

/** Refused in whatever form: by another status, or as pages do it, which show the form again. */
function isRefusal(target: Target, answer: Answer): boolean {
  const { status } = answer;
  if (status >= 400 && status < 500) return !NOT_NOW.has(status);
  return isSentBack(target, answer) || (status === 200 && isFormAgain(target, answer));
}

/** A redirect to where the form is, on a route that leads elsewhere after a good upload. */
function isSentBack(target: Target, answer: Answer): boolean {
  const location = headerOf(answer, "location");
  if (target.leadsElsewhere !== true || location === null || answer.status < 300 || answer.status >= 400)
    return false;
  return isSamePlace(target, location);
}

/** Whether an address of an answer is that of the route itself, whatever its query. */
export function isSamePlace({ origin, path }: Pick<Target, "origin" | "path">, location: string): boolean {
  const own = new URL(path, origin);
  return URL.canParse(location, own.href) && new URL(location, own.href).pathname === own.pathname;
}

const FILE_INPUT = /<input\b[^>]*\btype\s*=\s*["']?file\b/i;

function isFormAgain(target: Target, { status, body }: Answer): boolean {
  return !target.acceptedStatuses.includes(status) && FILE_INPUT.test(new TextDecoder().decode(body));
}

function judgeHeaders(exchange: Exchange, names: readonly string[]): string[] {
  const [answer] = exchange.answers;
  const missing = answer === undefined ? [] : names.filter((name) => headerOf(answer, name) === null);
  return missing.map((name) => `the refusal (${answer?.status}) has no header ${name}`);
}

function judgeClosed(exchange: Exchange): string[] {
  const complaints: string[] = [];
  if (exchange.answers.length > 1) {
    complaints.push(`${exchange.answers.length} answers on one connection: ${describe(exchange)}`);
  }
  if (exchange.end === "left") complaints.push("the connection was kept open after the refusal");
  return complaints;
}

function judgeTaken(exchange: Exchange, takenBytesMax: number): string[] {
  const taken = exchange.takenAtAnswerBytes ?? exchange.takenBytes;
  return taken <= takenBytesMax
    ? []
    : [`${taken} bytes were taken before the answer, at most ${takenBytesMax} were expected`];
}

function judgeTime(exchange: Exchange, withinMs: number | undefined): string[] {
  const tookMs = Math.round(exchange.answeredAfterMs ?? exchange.elapsedMs);
  if (withinMs === undefined || tookMs <= withinMs) return [];
  return exchange.answers.length === 0
    ? [`no answer within ${withinMs} ms`]
    : [`answered after ${tookMs} ms, expected within ${withinMs} ms`];
}

/** `isExact`: names must be those that were sent, beside fields. `mayDiffer`: bytes need not be those that were sent. */
interface Sameness {
  readonly isExact: boolean;
  readonly mayDiffer: boolean;
}

function judgeContent(outcome: Outcome, sameness: Sameness): readonly string[] {
  const { received, content } = outcome;
  if (received === null) return [];
  const [upload, ...others] = received;
  if (upload === undefined) return ["the answer says accepted, and the service got nothing"];
  const complaints = others.map((other) => `the service also got ${other.method} ${other.path}`);
  if (!sameFields(upload, content)) {
    complaints.push(
      `the service got the fields ${JSON.stringify(upload.fields)}, sent were ${JSON.stringify(content.fields)}`,
    );
  }
  if (upload.files.length !== content.files.length) {
    complaints.push(`the service got ${upload.files.length} files, sent were ${content.files.length}`);
  }
  return [
    ...complaints,
    ...upload.files.flatMap((file, index) => judgeFile(file, content.files[index], sameness)),
  ];
}

function sameFields(upload: ReceivedUpload, content: UploadContent): boolean {
  if (upload.fields === null) return true;
  const sorted = (fields: UploadContent["fields"]) => fields.map((pair) => JSON.stringify(pair)).sort();
  return JSON.stringify(sorted(upload.fields)) === JSON.stringify(sorted(content.fields));
}

function judgeFile(got: ReceivedFile, sent: ContentFile | undefined, sameness: Sameness): string[] {
  if (sent === undefined) return [`the service got a file ${JSON.stringify(got.name)} that was not sent`];
  const complaints: string[] = [];
  if (!sameness.mayDiffer && got.sha256 !== sha256(sent.bytes)) {
    complaints.push(`the service got other bytes (${got.sizeBytes}) than were sent (${sent.bytes.length})`);
  }
  if (got.field !== null && got.field !== sent.field)
    complaints.push(`the service got the file as field ${JSON.stringify(got.field)}`);
  if (sameness.isExact && got.name !== null && lettersOf(got.name) !== lettersOf(sent.name)) {
    complaints.push(
      `the service got the name ${JSON.stringify(got.name)}, sent was ${JSON.stringify(sent.name)}`,
    );
  }
  return complaints;
}

/** A name may be cleaned on the way, but not become another: its letters and digits stay. */
function lettersOf(name: string): string {
  return name
    .normalize()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, "");
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

const TOLD_CHARS_MAX = 80;
const NO_ANSWER: Readonly<Record<Exchange["end"], string>> = {
  closed: "no answer: the connection was closed",
  reset: "no answer: the connection was reset",
  left: "no answer",
  deadline: "no answer in time",
};

/** The answers in one phrase: `201 Created`, `400 Bad Request, then 404 Not Found`, `422 … ("the field file is missing")`. */
export function describe({ answers, end }: Exchange): string {
  const [first] = answers;
  if (first === undefined) return NO_ANSWER[end];
  const statuses = answers.map(({ status }) => `${status} ${STATUS_CODES[status] ?? ""}`.trim());
  const told = first.status < 400 ? "" : wordsOf(first);
  return statuses.join(", then ") + (told === "" ? "" : ` (${told})`);
}

/** The first words of a refusal; a page has none, and those of the status alone say nothing more. */
function wordsOf(answer: Answer): string {
  const text = new TextDecoder().decode(answer.body.subarray(0, 1000)).replace(/\s+/g, " ").trim();
  if (text.startsWith("<") || text.includes(STATUS_CODES[answer.status] ?? "\0")) return "";
  return text.length <= TOLD_CHARS_MAX ? text : `${text.slice(0, TOLD_CHARS_MAX)}…`;
}
