/**
 * The pieces that header values are made of: tokens, quoted strings, parameters (RFC 9110 section 5.6).
 *
 * In: a header value as a byte string, one character for each byte (that is how Node hands out headers, and `latin1` decodes bytes).
 * Out: its pieces, each with the index where it begins, so that an error can name the byte.
 * Holds: one pass from left to right, no backtracking; what does not fit the grammar is refused, never skipped.
 * Does not: know which header it reads. The caller brings `refuse`, which turns a fault into its own error.
 */

import type { GateError, GateErrorInit } from "../problems/gate-error.ts";

/** What can be wrong with a header value, whatever header it is. */
export type HeaderFault = "malformed" | "duplicated" | "extended" | "encoding" | "nested" | "nameless";

/** Makes the error for a fault at `index` of the value. `problem` is one sentence; the rest goes into the error as it is. */
export type Refuse = (
  fault: HeaderFault,
  index: number,
  problem: string,
  init?: Pick<GateErrorInit, "expected" | "seen">,
) => GateError;

/**
 * How a backslash in a quoted string is read.
 * - `http`: RFC 9110 section 5.6.4, `\x` is `x`.
 * - `form-data`: what browsers and libraries write into Content-Disposition, see `readFormDataEscape`.
 */
export type QuotedStringStyle = "http" | "form-data";

/** One `name=value`. `name` is lower-case; `value` is still a byte string. */
export interface Parameter {
  readonly name: string;
  readonly value: string;
  readonly isQuoted: boolean;
  /** Index of the first character of the name, and of the value (of its opening quote). */
  readonly index: number;
  readonly valueIndex: number;
}

/** A piece of text and the index after it. */
interface Piece {
  readonly text: string;
  readonly end: number;
}

const TOKEN = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
// RFC 9110 section 5.6.3 takes a tab for a space here. No client sends one, and undici takes it for the end of a filename*: refused.
const OPTIONAL_SPACE = / */y;
// RFC 9110 section 5.5: a field value has no control characters but HTAB. Bytes from 0x80 on are obs-text.
const CONTROL = /[^\t -~\u0080-\uffff]/;

/** Index of the first control character other than HTAB, or -1. */
export function findControl(text: string): number {
  return text.search(CONTROL);
}

/** The token at `index`; `text` is empty where there is none. */
export function readToken(value: string, index: number): Piece {
  TOKEN.lastIndex = index;
  const text = TOKEN.exec(value)?.[0] ?? "";
  return { text, end: index + text.length };
}

/** Index of the first character from `index` on that is no space. */
export function skipSpace(value: string, index: number): number {
  OPTIONAL_SPACE.lastIndex = index;
  return index + (OPTIONAL_SPACE.exec(value)?.[0].length ?? 0);
}

/**
 * Reads `*( OWS ";" OWS parameter )` from `index` to the end of the value; each name once.
 * @param mayBeEmpty whether a `;` without a parameter is fine (RFC 9110 section 5.6.6 says so, RFC 2183 does not).
 * @throws what `refuse` makes: `malformed`, `duplicated`.
 */
export function readParameters(
  value: string,
  index: number,
  style: QuotedStringStyle,
  mayBeEmpty: boolean,
  refuse: Refuse,
): ReadonlyMap<string, Parameter> {
  const parameters = new Map<string, Parameter>();
  let at = skipSpace(value, index);
  while (at < value.length) {
    if (value[at] !== ";")
      throw refuse("malformed", at, "There is text where a semicolon or the end belongs.");
    at = skipSpace(value, at + 1);
    if (mayBeEmpty && (at === value.length || value[at] === ";")) continue;
    const { parameter, end } = readParameter(value, at, style, refuse);
    if (parameters.has(parameter.name)) {
      throw refuse("duplicated", at, `The parameter ${parameter.name} is there twice.`);
    }
    parameters.set(parameter.name, parameter);
    at = skipSpace(value, end);
  }
  return parameters;
}

function readParameter(
  value: string,
  index: number,
  style: QuotedStringStyle,
  refuse: Refuse,
): { parameter: Parameter; end: number } {
  const name = readToken(value, index);
  if (name.text === "" || value[name.end] !== "=") {
    throw refuse("malformed", name.end, "A parameter is not of the form name=value.");
  }
  const valueIndex = name.end + 1;
  const isQuoted = value[valueIndex] === '"';
  const { text, end } = isQuoted
    ? readQuotedString(
        value,
        valueIndex,
        (at) =>
          style === "http" ? readHttpEscape(value, at) : readFormDataEscape(value, at, name.text, refuse),
        refuse,
      )
    : readToken(value, valueIndex);
  if (!isQuoted && text === "") {
    throw refuse("malformed", valueIndex, "A parameter's value is neither a token nor in double quotes.");
  }
  return { parameter: { name: name.text.toLowerCase(), value: text, isQuoted, index, valueIndex }, end };
}

function readQuotedString(
  value: string,
  index: number,
  readEscape: (index: number) => Piece,
  refuse: Refuse,
): Piece {
  let text = "";
  let at = index + 1;
  for (;;) {
    const special = findQuoteOrBackslash(value, at);
    if (special === -1) throw refuse("malformed", index, "A quoted string has no closing quote.");
    text += value.slice(at, special);
    if (value[special] === '"') return { text, end: special + 1 };
    const escaped = readEscape(special);
    text += escaped.text;
    at = escaped.end;
  }
}

function findQuoteOrBackslash(value: string, index: number): number {
  for (let at = index; at < value.length; at++) {
    const code = value.charCodeAt(at);
    if (code === 0x22 || code === 0x5c) return at;
  }
  return -1;
}

function readHttpEscape(value: string, index: number): Piece {
  return { text: value.slice(index + 1, index + 2), end: index + 2 };
}

/**
 * A backslash in a form-data name means two things in the field. Go, Ruby, Apache HttpClient, httpx, aiohttp and old curl write `\\` for
 * a backslash and (but for httpx) `\"` for a quote; browsers, today's curl, urllib3, OkHttp and .NET write a backslash as it is and
 * never a bare quote. `fixtures/clients/` has what each of them sends.
 * - `\\` is one backslash: the first group means just that, and a name with two in a row is of no use to the second.
 * - `\"` is a quote, but refused before a semicolon or the end, where the second group would have ended the string.
 * - `\\` before the closing quote is refused: python-multipart takes the second backslash and the quote for a quote.
 * - backslash and space is a space in `name`, where aiohttp writes it so. No field's name can have a backslash. In `filename` aiohttp
 *   percent-encodes, so that the backslash there is the name's own.
 * - any other backslash is a backslash: the first group never writes one.
 * So where the string ends is the same in both readings, or the value is refused. `%22`, `%0D` and `%0A` stay as they are: a
 * name that really has a percent sign looks the same.
 */
function readFormDataEscape(value: string, index: number, parameterName: string, refuse: Refuse): Piece {
  const next = value[index + 1];
  if (next === " " && parameterName.toLowerCase() === "name") return { text: " ", end: index + 2 };
  if (next !== '"' && next !== "\\") return { text: "\\", end: index + 1 };
  const after = value[next === "\\" ? index + 2 : skipSpace(value, index + 2)];
  const mayBeClosing = next === "\\" ? after === '"' : after === undefined || after === ";";
  if (mayBeClosing) {
    throw refuse("malformed", index, "A backslash before a closing quote can be read in two ways.", {
      expected: 'no backslash at the end of a name, and a quote written as %22 or \\"',
    });
  }
  return { text: next, end: index + 2 };
}
