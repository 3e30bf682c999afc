/**
 * Reads a Content-Type value: `type/subtype *( OWS ";" OWS parameter )`, RFC 9110 section 8.3.1.
 *
 * In: the value as a byte string. Out: the media type in lower case, and its parameters.
 * Holds: strict; a parameter that is there twice is refused, since two readers would take different ones.
 * Does not: sniff, guess, or know which types exist.
 */
import { GateError, quoteSeen } from "../problems/gate-error.ts";
import {
  findControl,
  type Parameter,
  type QuotedStringStyle,
  type Refuse,
  readParameters,
  readToken,
} from "./header-text.ts";

const STYLE: QuotedStringStyle = "http";
const EXPECTED = "a Content-Type of the form type/subtype; name=value";

/** A media type: `type` is lower-case `type/subtype`; parameter names are lower-case, values as sent, without quotes. */
export interface MediaType {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/**
 * Reads a request's Content-Type.
 * @throws CONTENT_TYPE_UNSUPPORTED where it is malformed or a parameter is there twice (details.byteOffset: in the value).
 * @see    RFC 9110 section 8.3.1
 */
export function parseMediaType(value: string): MediaType {
  const { type, parameters } = readMediaType(value, refuseContentType(value));
  return { type, parameters: new Map([...parameters].map(([name, { value: text }]) => [name, text])) };
}

/**
 * Reads only the `type/subtype` of a Content-Type, in lower case: enough to choose a protocol by, before its own reader
 * judges the parameters with its own codes.
 * @throws CONTENT_TYPE_UNSUPPORTED where the value does not begin with one.
 */
export function readMediaTypeName(value: string): string {
  return readTypeAndSubtype(value, refuseContentType(value)).type;
}

/**
 * The same as `parseMediaType`, with the parameters' places, and with errors of the caller's making.
 * @throws what `refuse` makes: `malformed`, `duplicated`.
 */
export function readMediaType(
  value: string,
  refuse: Refuse,
): { type: string; parameters: ReadonlyMap<string, Parameter> } {
  const control = findControl(value);
  if (control !== -1) throw refuse("malformed", control, "The Content-Type has a control character.");
  const { type, end } = readTypeAndSubtype(value, refuse);
  return { type, parameters: readParameters(value, end, STYLE, true, refuse) };
}

function readTypeAndSubtype(value: string, refuse: Refuse): { type: string; end: number } {
  const type = readToken(value, 0);
  if (type.text === "" || value[type.end] !== "/") {
    throw refuse("malformed", type.end, "The Content-Type does not begin with type/subtype.", {
      expected: EXPECTED,
    });
  }
  const subtype = readToken(value, type.end + 1);
  if (subtype.text === "") {
    throw refuse("malformed", subtype.end, "The Content-Type has no subtype.", { expected: EXPECTED });
  }
  return { type: `${type.text}/${subtype.text}`.toLowerCase(), end: subtype.end };
}

function refuseContentType(value: string): Refuse {
  return (_fault, index, problem, init) =>
    new GateError("CONTENT_TYPE_UNSUPPORTED", {
      message: problem,
      expected: EXPECTED,
      seen: quoteSeen(value),
      ...init,
      details: { byteOffset: index },
    });
}
