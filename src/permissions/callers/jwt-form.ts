/**
 * The form of a signed token, before anything of it is proven: three segments and a header that leaves nothing open.
 *
 * Always holds: one token has one spelling and one reading. Of the header only `alg`, `kid`, `typ` and `crit` are looked at: keys, certificates and
 * addresses in it (`jwk`, `jku`, `x5c`, `x5u`) are nothing to the gate (RFC 8725 section 3.10).
 */
import { hasRepeatedName } from "./repeated-name.ts";

/** What a header says about its token; or, in a sentence for the client, why the token is not taken. */
export type JwtForm =
  | { readonly ok: true; readonly alg: string; readonly kid: string | null }
  | { readonly ok: false; readonly why: string };

/**
 * A receipt, a grant or any other statement that is signed in the same form says so in `typ`, and must not pass for a token (RFC 8725 section
 * 3.11). Letter case does not matter, and `application/` may stand before it (RFC 7515 section 4.1.9).
 */
const TYPES: readonly unknown[] = [undefined, "jwt", "at+jwt"];

/**
 * Reads a token's form. @see RFC 7515 section 7.1
 * @param types what `typ` may be, in lower case and without `application/`
 */
export function readJwtForm(token: string, types: readonly unknown[] = TYPES): JwtForm {
  const segments = token.split(".");
  const [first, second] = segments;
  if (segments.length !== 3 || !segments.every(isCanonical)) return MALFORMED;
  const header = readObject(first);
  if (header === null || readObject(second) === null) return MALFORMED;
  return judgeHeader(header, types);
}

const MALFORMED: JwtForm = { ok: false, why: "The credential is not a signed token in compact form." };

function judgeHeader(
  { alg, kid = null, typ, crit }: Readonly<Record<string, unknown>>,
  types: readonly unknown[],
): JwtForm {
  if (typeof alg !== "string" || (kid !== null && typeof kid !== "string")) return MALFORMED;
  if (crit !== undefined)
    return { ok: false, why: "The token asks for an extension that is not known here." };
  if (!types.includes(plainType(typ))) return { ok: false, why: "The token is of another kind." };
  return { ok: true, alg, kid };
}

const plainType = (typ: unknown): unknown =>
  typeof typ === "string" ? typ.toLowerCase().replace(/^application\//, "") : typ;

/** Decoders pass over spare bits; a token with other spare bits would be a second spelling of it (RFC 4648 section 3.5). */
const isCanonical = (segment: string): boolean =>
  segment !== "" && Buffer.from(segment, "base64url").toString("base64url") === segment;

function readObject(segment = ""): Readonly<Record<string, unknown>> | null {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(segment, "base64url"));
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || Array.isArray(value) || hasRepeatedName(text))
      return null;
    return { ...value };
  } catch {
    return null;
  }
}
