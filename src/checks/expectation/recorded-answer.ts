/**
 * The file `expected/created.answer.json`: what a real answer to an accepted upload was, and how another one is compared with it.
 *
 * Always holds: of headers only those are kept that a client acts on; of the body an example, with the members named that differ each time.
 */

import { isGroup } from "../../setup/written-group.ts";
import { headerOf } from "../answer-reader.ts";

export const RECORDED_FORM = "sluicegate-recorded-answer/1";
export const ANSWER_FILE = "expected/created.answer.json";

/** An answer as it came. `headers` in wire order, names lower-case. */
export interface ComparedAnswer {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
}

/** The file's content. */
export interface RecordedAnswer {
  readonly schema: typeof RECORDED_FORM;
  /** ISO 8601, UTC. */
  readonly recordedAt: string;
  readonly status: number;
  /** By lower-case name. `null`: it was there, with another value each time. */
  readonly headers: Readonly<Record<string, string | null>>;
  /** `json`: the flow's `expect.body` describes it. */
  readonly bodyKind: "json" | "text" | "empty";
  /** JSON pointers into `example` of what differs each time. */
  readonly volatile: readonly string[];
  /** Of `json` the parsed body; of `text` the text where it was the same each time, else `null`. */
  readonly example: unknown;
}

/** What clients act on, and whether its value may be another each time. */
const HEADERS_THAT_MATTER: Readonly<Record<string, "value" | "presence">> = {
  "content-type": "value",
  "cache-control": "value",
  "x-content-type-options": "value",
  location: "presence",
  "content-location": "presence",
  link: "presence",
};

/** The headers that matter of answers to the same request: a value where all have the same. */
export function headersThatMatter(answers: readonly ComparedAnswer[]): Record<string, string | null> {
  const found = Object.entries(HEADERS_THAT_MATTER).flatMap(([name, what]): [string, string | null][] => {
    const values = answers.map((answer) => headerOf(answer, name));
    const [first] = values;
    if (first === undefined || values.includes(null)) return [];
    const isSame = what === "value" && values.every((value) => value === first);
    return [[name, isSame ? first : null]];
  });
  return Object.fromEntries(found);
}

/** What kind of body it is: by its type, and by whether there is one. */
export function bodyKindOf(answer: ComparedAnswer): RecordedAnswer["bodyKind"] {
  if (answer.body.length === 0) return "empty";
  return /\bjson\b/i.test(headerOf(answer, "content-type") ?? "") ? "json" : "text";
}

/** The body as JSON; `undefined` where it is none. */
export function jsonBody(answer: ComparedAnswer): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(answer.body));
  } catch {
    return undefined;
  }
}

export function textBody(answer: ComparedAnswer): string {
  return new TextDecoder().decode(answer.body);
}

/** What of an answer is not as recorded, in plain words; its JSON is compared with the schema elsewhere. */
export function differences(recorded: RecordedAnswer, answer: ComparedAnswer): string[] {
  const kind = bodyKindOf(answer);
  const isOtherText =
    recorded.bodyKind === "text" && typeof recorded.example === "string" && kind === "text"
      ? textBody(answer) !== recorded.example
      : false;
  return [
    ...(answer.status === recorded.status
      ? []
      : [`the status is ${answer.status}, and was ${recorded.status} when it was recorded`]),
    ...Object.entries(recorded.headers).flatMap(([name, value]) => headerDifference(answer, name, value)),
    ...(kind === recorded.bodyKind
      ? []
      : [`the body is ${BODY_WORDS[kind]}, and was ${BODY_WORDS[recorded.bodyKind]} when it was recorded`]),
    ...(isOtherText ? ["the body is another text than was recorded"] : []),
  ];
}

const BODY_WORDS = { json: "JSON", text: "text", empty: "empty" } as const;

function headerDifference(answer: ComparedAnswer, name: string, recorded: string | null): string[] {
  const value = headerOf(answer, name);
  if (value === null) return [`the header ${name} is missing, and was there when it was recorded`];
  if (recorded === null || plain(value) === plain(recorded)) return [];
  return [`the header ${name} is "${value.slice(0, 100)}", and was "${recorded}" when it was recorded`];
}

/** Case and spaces around `;`, `,` and `=` are no difference in the headers that are compared by value. */
function plain(value: string): string {
  return value
    .toLowerCase()
    .replace(/\s*([;,=])\s*/g, "$1")
    .replaceAll('"', "");
}

/** The content of the file; `null` where it has not that form. */
export function readRecorded(text: string): RecordedAnswer | null {
  let written: unknown;
  try {
    written = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isGroup(written) || written.schema !== RECORDED_FORM) return null;
  const { recordedAt, status, headers, bodyKind, volatile } = written;
  const isWhole =
    typeof recordedAt === "string" &&
    !Number.isNaN(Date.parse(recordedAt)) &&
    typeof status === "number" &&
    isGroup(headers) &&
    Object.values(headers).every((value) => value === null || typeof value === "string") &&
    typeof bodyKind === "string" &&
    Object.hasOwn(BODY_WORDS, bodyKind) &&
    Array.isArray(volatile);
  return isWhole ? (written as unknown as RecordedAnswer) : null;
}
