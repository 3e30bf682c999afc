/**
 * A SHA-256 over a row of values in which every value says its own length, so that no two different rows are the same bytes:
 * "ab" and "c" are not "a" and "bc", and nothing is not an empty text.
 */
import { createHash, type Hash } from "node:crypto";

const NO_TEXT = -1;

export class FramedHash {
  readonly #hash: Hash = createHash("sha256");

  /** @param purpose what the hash is for: hashes of different purposes never meet. */
  constructor(purpose: string) {
    this.text(purpose);
  }

  /** Hashed as UTF-16, as JavaScript has it: UTF-8 would make one of all surrogates that have no partner. */
  text(text: string | null): this {
    this.number(text === null ? NO_TEXT : text.length);
    if (text !== null) this.#hash.update(Buffer.from(text, "utf16le"));
    return this;
  }

  /** @param value a whole number that JavaScript has exactly. */
  number(value: number): this {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(value));
    this.#hash.update(bytes);
    return this;
  }

  /** Lower-case hex. Nothing can be added after it. */
  digest(): string {
    return this.#hash.digest("hex");
  }
}
