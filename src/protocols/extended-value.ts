/**
 * The two ways in which a header can carry a name that is not ASCII, other than as plain UTF-8. Both are taken only in their
 * one canonical form, as .NET's `MultipartFormDataContent` writes them beside each other:
 * `filename="=?utf-8?B?0YQucG5n?="; filename*=utf-8''%D1%84.png`.
 */
import { readUtf8 } from "./utf8-text.ts";

// RFC 8187 section 3.2.1: attr-char, or a percent sign and two hex digits.
const EXTENDED_VALUE = /^utf-8''((?:[!#$&+\-.^_`|~0-9A-Za-z]|%[0-9A-Fa-f]{2})*)$/i;
// RFC 2047 section 2, base64 only, one word only.
const ENCODED_WORD = /^=\?utf-8\?B\?([A-Za-z0-9+/]+={0,2})\?=$/i;

/** Decodes `utf-8''…` of RFC 8187; no other charset, no language. `null` where it is anything else. */
export function readExtendedValue(value: string): string | null {
  const encoded = EXTENDED_VALUE.exec(value)?.[1];
  if (encoded === undefined) return null;
  return readUtf8(
    encoded.replace(/%(..)/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
  );
}

/** Decodes one `=?utf-8?B?…?=` of RFC 2047 in canonical base64. `null` where it is anything else. */
export function readEncodedWord(value: string): string | null {
  const encoded = ENCODED_WORD.exec(value)?.[1];
  if (encoded === undefined) return null;
  const bytes = Buffer.from(encoded, "base64");
  return bytes.toString("base64") === encoded ? readUtf8(bytes.toString("latin1")) : null;
}
