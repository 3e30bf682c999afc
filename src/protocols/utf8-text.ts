/**
 * From a byte string (one character for each byte) to text.
 */

// ignoreBOM: a byte order mark stays in the text. It would otherwise vanish from a name that others still see with it.
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

const NOT_ASCII = /[\u0080-\uffff]/;
const NOT_A_BYTE = /[\u0100-\uffff]/;

/** The text whose UTF-8 bytes are the characters of `byteString`; `null` where they are not UTF-8. */
export function readUtf8(byteString: string): string | null {
  if (!NOT_ASCII.test(byteString)) return byteString;
  if (NOT_A_BYTE.test(byteString)) return null;
  try {
    return UTF8.decode(Buffer.from(byteString, "latin1"));
  } catch {
    return null;
  }
}
