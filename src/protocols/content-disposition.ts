/**
 * Reads a Content-Disposition value: of a form part (RFC 7578 section 4.2) and of a raw body (RFC 6266), by the same strict rules.
 *
 * In: the value as a byte string. Out: its type, `name` and `filename`, decoded as UTF-8.
 * Holds: each parameter at most once, none but `name`, `filename`, `filename*`; where `filename*` is there too it says the same
 * as `filename`; a name has no control characters but HTAB. One value, one reading.
 * Does not: judge whether a name is safe to use: `../x` and `a\b` come out as they are.
 */
import { quoteSeen } from "../problems/gate-error.ts";
import { readEncodedWord, readExtendedValue } from "./extended-value.ts";
import { findControl, type Parameter, type Refuse, readParameters, readToken } from "./header-text.ts";
import { readUtf8 } from "./utf8-text.ts";

/** `type` is lower-case. `fileName` is `""` where a browser sends a file field in which no file was chosen. */
export interface ContentDisposition {
  readonly type: string;
  readonly name: string | null;
  readonly fileName: string | null;
}

const KNOWN_PARAMETERS: ReadonlySet<string> = new Set(["name", "filename", "filename*"]);

/**
 * Reads the whole value.
 * @param mayBeExtendedAlone whether `filename*` may stand without `filename`: RFC 6266 section 4.3 allows it in an HTTP header,
 *        RFC 7578 section 4.2 forbids it in form-data.
 * @throws what `refuse` makes: `malformed`, `duplicated`, `extended`, `encoding`.
 */
export function readContentDisposition(
  value: string,
  mayBeExtendedAlone: boolean,
  refuse: Refuse,
): ContentDisposition {
  const control = findControl(value);
  if (control !== -1) throw refuse("malformed", control, "The Content-Disposition has a control character.");
  const type = readToken(value, 0);
  if (type.text === "") throw refuse("malformed", 0, "The Content-Disposition does not begin with its type.");
  const parameters = readParameters(value, type.end, "form-data", false, refuse);
  for (const parameter of parameters.values()) checkKnown(parameter, refuse);
  return {
    type: type.text.toLowerCase(),
    name: readText(parameters.get("name"), refuse),
    fileName: readFileName(parameters, mayBeExtendedAlone, refuse),
  };
}

// RFC 2231 would let name*0, name*1 … be joined, and name* overrule name. Readers differ, so none of it passes (T7, MP-07).
function checkKnown({ name, index }: Parameter, refuse: Refuse): void {
  if (KNOWN_PARAMETERS.has(name)) return;
  const isExtended = name.includes("*");
  const problem = isExtended
    ? `The parameter ${quoteSeen(name)} is an extended or continued one.`
    : `The parameter ${quoteSeen(name)} has no meaning here.`;
  throw refuse(isExtended ? "extended" : "malformed", index, problem, { expected: "name and filename only" });
}

function readText(parameter: Parameter | undefined, refuse: Refuse): string | null {
  if (parameter === undefined) return null;
  const text = readUtf8(parameter.value);
  if (text === null) {
    throw refuse("encoding", parameter.valueIndex, `The parameter ${parameter.name} is not UTF-8.`, {
      expected: "names in UTF-8",
    });
  }
  return text;
}

function readFileName(
  parameters: ReadonlyMap<string, Parameter>,
  mayBeExtendedAlone: boolean,
  refuse: Refuse,
): string | null {
  const plain = readText(parameters.get("filename"), refuse);
  const extended = parameters.get("filename*");
  if (extended === undefined) return plain;
  const decoded = extended.isQuoted ? null : readExtendedValue(extended.value);
  if (decoded === null || findControl(decoded) !== -1) {
    throw refuse("extended", extended.valueIndex, "filename* cannot be decoded.", {
      expected: "no filename*, or one of the form utf-8''percent-encoded",
    });
  }
  const isSame =
    plain === null ? mayBeExtendedAlone : plain === decoded || readEncodedWord(plain) === decoded;
  if (isSame) return decoded;
  throw refuse("extended", extended.index, "filename and filename* do not say the same.", {
    expected: "filename alone, or filename* of the very same name",
    seen: `filename ${plain === null ? "missing" : quoteSeen(plain)}, filename* ${quoteSeen(decoded)}`,
  });
}
