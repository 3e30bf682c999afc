/**
 * Random-looking bytes that are the same for the same seed, so that every payload can be made again from a report.
 */

/** `lengthBytes` bytes derived from `seed`; not for secrets. */
export function seededBytes(seed: string, lengthBytes: number): Uint8Array {
  const next = seededNumbers(seed);
  const bytes = new Uint8Array(lengthBytes);
  for (let index = 0; index < lengthBytes; index += 1) bytes[index] = next() >>> 24;
  return bytes;
}

/** Unsigned 32-bit numbers without end: mulberry32 over an FNV-1a hash of the seed. */
export function seededNumbers(seed: string): () => number {
  let state = 0x811c9dc5;
  for (const char of seed) state = Math.imul(state ^ (char.codePointAt(0) ?? 0), 0x01000193);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}
