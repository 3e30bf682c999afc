/**
 * What a server's own answer says is wrong, in its own words: from the error bodies that frameworks write.
 *
 * Always holds: the text is quoted, cut and made fit for a terminal; markup and stacks are left out.
 */
import { quoteSeen } from "../../problems/gate-error.ts";
import type { Answer } from "../answer-reader.ts";
import { headerOf } from "../answer-reader.ts";
import { bodyJson, bodyText } from "./ask.ts";
import { pydanticDetails } from "./find-framework.ts";

const WORDS_CHARS_MAX = 300;
/** Members in which frameworks and RFC 9457 tell what is wrong, best first. */
const TELLING = [
  "detail",
  "message",
  "error",
  "errors",
  "description",
  "title",
  "non_field_errors",
  "reason",
];

/** ` It says: "caption: Field required".`, with a blank in front; empty where it says nothing. */
export function itSays(answer: Answer): string {
  const words = wordsOf(answer);
  return words === null ? "" : ` It says: ${quoteSeen(words, WORDS_CHARS_MAX)}.`;
}

/** The explanation without quotes, or `null`. */
export function wordsOf(answer: Answer): string | null {
  const body = bodyJson(answer);
  const words = body === undefined ? textOf(answer) : wordsIn(body, 0);
  const line = words?.replace(/\s+/g, " ").trim() ?? "";
  return line === "" ? null : line;
}

function wordsIn(body: unknown, level: number): string | null {
  if (typeof body === "string") return body;
  if (level > 3 || typeof body !== "object" || body === null) return null;
  const details = pydanticDetails(body);
  if (details.length > 0)
    return details.map(({ place, message }) => `${place.slice(1).join(".")}: ${message}`).join("; ");
  if (Array.isArray(body)) return listed(body.map((each) => wordsIn(each, level + 1)));
  const members = body as Readonly<Record<string, unknown>>;
  const telling = TELLING.find((name) => members[name] !== undefined && members[name] !== null);
  if (telling !== undefined) return wordsIn(members[telling], level + 1);
  // Django REST framework: {"picture": ["No file was submitted."]}
  return listed(
    Object.entries(members).map(([name, each]) => {
      const words = Array.isArray(each) ? wordsIn(each, level + 1) : null;
      return words === null ? null : `${name}: ${words}`;
    }),
  );
}

function listed(words: readonly (string | null)[]): string | null {
  const known = words.filter((each) => each !== null);
  return known.length === 0 ? null : known.join("; ");
}

/** Plain text as it is; of a page its heading and first paragraph. */
function textOf(answer: Answer): string | null {
  const text = bodyText(answer);
  if (!/^text\/html\b/i.test(headerOf(answer, "content-type") ?? "") && !/^\s*<(!doctype|html)/i.test(text))
    return text.split("\n")[0] ?? null;
  const told = [/<title[^>]*>([^<]*)/i, /<h1[^>]*>([^<]*)/i, /<p[^>]*>([^<]*)/i].map(
    (each) => each.exec(text)?.[1],
  );
  return [...new Set(told.map((each) => each?.trim() ?? ""))].filter((each) => each !== "").join(": ");
}

/** Whether the answer is a page with a form that asks for a password. */
export function isLoginPage(answer: Answer): boolean {
  const text = bodyText(answer);
  return isPage(answer) && /<form\b/i.test(text) && /type\s*=\s*["']?password/i.test(text);
}

export function isPage(answer: Answer): boolean {
  const type = headerOf(answer, "content-type") ?? "";
  return /^text\/html\b/i.test(type) || (type === "" && /^\s*<(!doctype html|html)/i.test(bodyText(answer)));
}
