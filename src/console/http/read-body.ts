/**
 * A small JSON body of a request to the console.
 */
import type { IncomingMessage } from "node:http";
import { GateError, quoteSeen } from "../../problems/gate-error.ts";

const BODY_BYTES_MAX = 16 * 1024;
const BODY_MS_MAX = 10_000;

/**
 * Reads an object. An empty body is an empty object. A form of another site cannot send `application/json` without being asked about first, so nothing
 * else is read. @see Fetch, "CORS-safelisted request-header"
 * @throws CONSOLE_REQUEST_INVALID
 */
export async function readBody(req: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const text = await readText(req);
  if (text === "") return {};
  const type = (req.headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase();
  if (type !== "application/json") throw invalid("Content-Type: application/json", quoteSeen(type ?? ""));
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    throw invalid("a JSON object", "text that is no JSON");
  }
  throw invalid("a JSON object", "another JSON value");
}

async function readText(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const late = setTimeout(() => req.destroy(), BODY_MS_MAX);
  try {
    for await (const chunk of req as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > BODY_BYTES_MAX) throw invalid(`at most ${BODY_BYTES_MAX} bytes`, "more");
      chunks.push(chunk);
    }
  } finally {
    clearTimeout(late);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function invalid(expected: string, seen: string): GateError {
  return new GateError("CONSOLE_REQUEST_INVALID", {
    message: "The body cannot be read.",
    expected,
    seen,
  });
}

/** A text member, trimmed. @throws CONSOLE_REQUEST_INVALID where it is missing, empty, too long or holds line breaks or other controls */
export function textMember(body: Readonly<Record<string, unknown>>, name: string, charsMax: number): string {
  const value = optionalText(body, name, charsMax);
  if (value !== null) return value;
  throw member(name, `a text of 1 to ${charsMax} characters`, "none");
}

/** The same; `null` where it is absent, `null` or empty. @throws CONSOLE_REQUEST_INVALID */
export function optionalText(
  body: Readonly<Record<string, unknown>>,
  name: string,
  charsMax: number,
): string | null {
  const value = body[name] ?? null;
  if (value === null) return null;
  if (typeof value !== "string") throw member(name, "a text", `a ${typeof value}`);
  const text = value.trim();
  if ([...text].length > charsMax) throw member(name, `at most ${charsMax} characters`, "more");
  if (/\p{Cc}/u.test(text))
    throw member(name, "a text on one line", "a line break or another control character");
  return text === "" ? null : text;
}

function member(name: string, expected: string, seen: string): GateError {
  return new GateError("CONSOLE_REQUEST_INVALID", {
    message: `The member "${name}" cannot be taken.`,
    expected,
    seen,
  });
}
