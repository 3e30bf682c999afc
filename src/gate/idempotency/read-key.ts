/**
 * The `Idempotency-Key` header: its values in, the key out.
 *
 * The draft asks for a Structured Fields string, in double quotes; most clients send the bare characters, so both are taken, and both forms of
 * the same characters are the same key. A bare key is visible ASCII without comma, semicolon and quotes: those would begin a list, a parameter or
 * a string, and a client that means one of these did not mean a key. Always: a refusal says what is wrong and where, and never repeats the key.
 * @see draft-ietf-httpapi-idempotency-key-header-07 section 2.1; RFC 9651 sections 3.3.3 and 4.2.5
 */
import { GateError } from "../../problems/gate-error.ts";

const KEY_CHARS_MAX = 255;

/** The first character that a bare key cannot have. */
const NOT_BARE = /[^\x21\x23-\x26\x28-\x2b\x2d-\x3a\x3c-\x7e]/;

/** Space around a value belongs to the header. @see RFC 9110 section 5.5 */
const OUTER_SPACE = /^[ \t]+|[ \t]+$/g;

/**
 * Reads the key of a request that has the header.
 * @param values every value of the header as sent; at least one
 * @returns 1 to 255 characters of printable ASCII
 * @throws IDEMPOTENCY_KEY_INVALID
 */
export function readKey(values: readonly string[]): string {
  const [value, ...others] = values;
  if (value === undefined || others.length > 0) throw invalid(`${values.length} headers`);
  const text = value.replace(OUTER_SPACE, "");
  const key = text.startsWith('"') ? readQuoted(text) : readBare(text);
  if (key === "") throw invalid("an empty key");
  if (key.length > KEY_CHARS_MAX) throw invalid(`${key.length} characters`);
  return key;
}

function readBare(text: string): string {
  const at = text.search(NOT_BARE);
  if (at >= 0) throw invalid(`${characterAt(text, at)}, which a key without quotes cannot have`);
  return text;
}

/** @see RFC 9651 section 4.2.5 */
function readQuoted(text: string): string {
  let key = "";
  for (let at = 1; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '"') return endOfQuoted(key, text.slice(at + 1));
    if (character === "\\") {
      at += 1;
      key += escapedAt(text, at);
    } else {
      if (!/[\x20-\x7e]/.test(character)) throw invalid(characterAt(text, at));
      key += character;
    }
  }
  throw invalid("no closing quote");
}

function escapedAt(text: string, at: number): string {
  const character = text.charAt(at);
  if (character !== '"' && character !== "\\")
    throw invalid("a backslash before something other than a quote or a backslash");
  return character;
}

function endOfQuoted(key: string, rest: string): string {
  const next = rest.replace(OUTER_SPACE, "").charAt(0);
  if (next === ",") throw invalid("a list");
  if (next === ";") throw invalid("a parameter after the key");
  if (next !== "") throw invalid("more characters after the closing quote");
  return key;
}

function characterAt(text: string, at: number): string {
  const code = text.charCodeAt(at).toString(16).toUpperCase().padStart(4, "0");
  return `the character U+${code} at position ${at + 1}`;
}

function invalid(seen: string): GateError {
  return new GateError("IDEMPOTENCY_KEY_INVALID", {
    expected: `one key of 1 to ${KEY_CHARS_MAX} characters, as a string in double quotes or as visible ASCII without comma, semicolon and quotes`,
    seen,
    details: { header: "Idempotency-Key" },
  });
}
