/**
 * A file's name in a header of its own, for raw bodies.
 */

/** Characters of `ext-value` that stand for themselves. @see RFC 8187 section 3.2.1 */
const NOT_ATTR_CHAR = /['()*]/g;

/**
 * `attachment; filename="…"`, with `filename*` beside it where the name has more than plain ASCII.
 * @param fileName a clean name.
 * @see RFC 6266 sections 4.3 and 5
 */
export function contentDisposition(fileName: string): string {
  const plain = fileName.toWellFormed().replace(/[^\x20-\x7e]|["\\%]/gu, "_");
  if (plain === fileName) return `attachment; filename="${plain}"`;
  const extended = encodeURIComponent(fileName.toWellFormed()).replace(NOT_ATTR_CHAR, percentEncoded);
  return `attachment; filename="${plain}"; filename*=UTF-8''${extended}`;
}

function percentEncoded(char: string): string {
  return `%${char.charCodeAt(0).toString(16).toUpperCase()}`;
}
