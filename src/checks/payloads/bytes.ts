/**
 * Text and lists of pieces as bytes. A one-character-one-byte reading (Latin-1) is the wire's; UTF-8 is used where people's text goes.
 */

/** Each character one byte, U+0000 to U+00FF. */
export function latin1(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "latin1"));
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Joins pieces; text is taken as UTF-8. */
export function joined(...pieces: readonly (Uint8Array | string)[]): Uint8Array {
  const parts = pieces.map((piece) => (typeof piece === "string" ? utf8(piece) : piece));
  return new Uint8Array(Buffer.concat(parts));
}

/** `byte` repeated. */
export function repeated(byte: number, lengthBytes: number): Uint8Array {
  return new Uint8Array(lengthBytes).fill(byte);
}
