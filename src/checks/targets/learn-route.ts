/**
 * What a refused first try says of how the route wants to be asked: another method, another name of the file's field.
 *
 * Always holds: only what nobody has said is learnt, and only from words that leave one choice.
 */
import { type Answer, headerOf } from "../answer-reader.ts";
import { bodyJson } from "./ask.ts";
import { pydanticDetails } from "./find-framework.ts";
import type { Known } from "./infer-flow.ts";

const METHODS: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH"]);

/** @returns what is to be tried next, or `null` where there is nothing to learn */
export function learnRoute(answer: Answer, { input, request, learnt }: Known): Known["learnt"] | null {
  const method = request.method === null && learnt.method === undefined ? methodIn(answer) : null;
  if (method !== null) return { ...learnt, method };
  const field = input.field === null && learnt.field === undefined ? fieldIn(answer) : null;
  return field === null ? null : { ...learnt, field };
}

/** @see RFC 9110 section 10.2.1 */
function methodIn(answer: Answer): string | null {
  if (answer.status !== 405) return null;
  const allowed = (headerOf(answer, "allow") ?? "").split(",").map((each) => each.trim().toUpperCase());
  const [method, ...others] = allowed.filter((each) => METHODS.has(each));
  return method === undefined || others.length > 0 ? null : method;
}

/** The one field that FastAPI, or Django REST framework, misses. */
function fieldIn(answer: Answer): string | null {
  if (answer.status !== 400 && answer.status !== 422) return null;
  const body = bodyJson(answer);
  const missing = pydanticDetails(body).flatMap(({ place: [first, name, ...rest], message }) => {
    const isMissing = first === "body" && rest.length === 0 && /required|missing/i.test(message);
    return isMissing && name !== undefined ? [name] : [];
  });
  const told = [...missing, ...(missing.length > 0 ? [] : withoutFile(body))];
  return told.length === 1 ? (told[0] ?? null) : null;
}

/** `{"picture": ["No file was submitted."]}` */
function withoutFile(body: unknown): string[] {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return [];
  return Object.entries(body).flatMap(([name, words]: [string, unknown]) =>
    Array.isArray(words) && /no file was submitted/i.test(String(words[0])) ? [name] : [],
  );
}
