/**
 * A SHA-256 over a row of values in which every value says its own length, so that no two different rows are the same bytes:
 * "ab" and "c" are not "a" and "bc", and nothing is not an empty text.
 *
 * The bytes are gathered and hashed in one go: each call of a hash costs more than hashing a few hundred bytes.
 */
import { hash } from "node:crypto";

const NO_TEXT = -1;
const NUMBER_BYTES = 8;
const TWO_POW_32 = 2 ** 32;
/** Enough for most uploads with one file. */
const ROOM_BYTES = 1024;
const NO_ROOM = Buffer.alloc(0);

/** Kept from one hash to the next; `null` while one has it. */
let spareRoom: Buffer | null = Buffer.allocUnsafeSlow(ROOM_BYTES);

export class FramedHash {
  #bytes: Buffer;
  #length = 0;

  /** @param purpose what the hash is for: hashes of different purposes never meet. */
  constructor(purpose: string) {
    this.#bytes = spareRoom ?? Buffer.allocUnsafeSlow(ROOM_BYTES);
    spareRoom = null;
    this.text(purpose);
  }

  /** Hashed as UTF-16, as JavaScript has it: UTF-8 would make one of all surrogates that have no partner. */
  text(text: string | null): this {
    this.number(text === null ? NO_TEXT : text.length);
    if (text !== null) {
      this.#makeRoom(text.length * 2);
      this.#length += this.#bytes.write(text, this.#length, "utf16le");
    }
    return this;
  }

  /** Eight bytes, two's complement, the lowest first. @param value a whole number that JavaScript has exactly. */
  number(value: number): this {
    this.#makeRoom(NUMBER_BYTES);
    this.#bytes.writeInt32LE(value | 0, this.#length);
    this.#bytes.writeInt32LE(Math.floor(value / TWO_POW_32), this.#length + 4);
    this.#length += NUMBER_BYTES;
    return this;
  }

  /** Lower-case hex. The hash is at its end with it. */
  digest(): string {
    const digest = hash("sha256", this.#bytes.subarray(0, this.#length), "hex");
    if (this.#bytes.length === ROOM_BYTES) spareRoom = this.#bytes;
    this.#bytes = NO_ROOM;
    this.#length = 0;
    return digest;
  }

  #makeRoom(moreBytes: number): void {
    const neededBytes = this.#length + moreBytes;
    if (neededBytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(neededBytes, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}
