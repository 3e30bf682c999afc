/**
 * A bounded window over a file.
 *
 * In: a `ByteSource`. Out: views of its bytes at any offset. What always holds: at most one window of `WINDOW_BYTES_MAX` is in
 * memory; every walker pays a step for each part of the structure that it looks at, and gets FILE_TOO_COMPLEX when the steps are
 * used up, so that no file can make it run for ever. Reads grow from 4 KiB to the whole window while they go forward, and fall
 * back to 4 KiB at a jump: walking forward is fast, and a structure that lets one skip costs what the structure costs.
 */
import { GateError } from "../problems/gate-error.ts";
import type { ByteSource } from "../uploads/byte-source.ts";
import { flaw } from "./flaw.ts";

/** Most bytes held at once, and the longest view that `read` gives. */
export const WINDOW_BYTES_MAX = 256 * 1024;

/** Parts of a structure that may be looked at in one file. A PNG of 2 GiB in chunks of 8 KiB, as libpng writes it, has 262,144. */
export const STEPS_MAX = 300_000;

const FIRST_READ_BYTES = 4096;

export class ByteReader {
  readonly sizeBytes: number;
  readonly #source: ByteSource;
  readonly #signal: AbortSignal;
  readonly #stepsMax: number;
  #window: Buffer = Buffer.alloc(0);
  #windowStart = 0;
  #readBytes = FIRST_READ_BYTES;
  #stepsUsed = 0;

  constructor(source: ByteSource, signal: AbortSignal, stepsMax: number = STEPS_MAX) {
    this.#source = source;
    this.#signal = signal;
    this.#stepsMax = stepsMax;
    this.sizeBytes = source.sizeBytes;
  }

  /** Steps paid for so far. */
  get stepsUsed(): number {
    return this.#stepsUsed;
  }

  /**
   * Pays for one part of the structure (segment, chunk, box, entry …).
   * @throws FILE_TOO_COMPLEX when the budget is used up.
   */
  step(byteOffset: number): void {
    this.#stepsUsed += 1;
    if (this.#stepsUsed > this.#stepsMax) {
      throw flaw("FILE_TOO_COMPLEX", byteOffset, `at most ${this.#stepsMax} parts`, "more parts");
    }
  }

  /**
   * A view of `lengthBytes` from `offset`, shorter only at the end of the file; valid until the next call.
   * @param lengthBytes at most `WINDOW_BYTES_MAX`.
   */
  async read(offset: number, lengthBytes: number): Promise<Buffer> {
    const wanted = Math.max(0, Math.min(lengthBytes, this.sizeBytes - offset));
    if (!this.#holds(offset, wanted)) await this.#load(offset, wanted);
    const from = offset - this.#windowStart;
    return wanted === 0 ? Buffer.alloc(0) : this.#window.subarray(from, from + wanted);
  }

  /**
   * A view of exactly `lengthBytes`.
   * @throws FILE_TRUNCATED where the file has fewer; `part` says in words what should have been there.
   */
  async exactly(offset: number, lengthBytes: number, part: string): Promise<Buffer> {
    const view = await this.read(offset, lengthBytes);
    if (view.length < lengthBytes) throw this.#cutOff(part);
    return view;
  }

  /** All bytes at hand from `offset`: at least one, unless the file ends there. Valid until the next call. */
  async piece(offset: number): Promise<Buffer> {
    if (offset >= this.sizeBytes) return Buffer.alloc(0);
    if (!this.#holds(offset, 1)) await this.#load(offset, 1);
    return this.#window.subarray(offset - this.#windowStart);
  }

  /**
   * Hands the bytes of `[from, to)` to `take`, piece by piece.
   * @throws FILE_TRUNCATED where the file ends before `to`.
   */
  async eachPiece(
    from: number,
    to: number,
    part: string,
    take: (piece: Buffer, offset: number) => void,
  ): Promise<void> {
    if (to > this.sizeBytes) throw this.#cutOff(part);
    for (let at = from; at < to; ) {
      const piece = await this.piece(at);
      const own = piece.length > to - at ? piece.subarray(0, to - at) : piece;
      take(own, at);
      at += own.length;
    }
  }

  #cutOff(part: string): GateError {
    return flaw("FILE_TRUNCATED", this.sizeBytes, part, "the end of the file");
  }

  #holds(offset: number, lengthBytes: number): boolean {
    return offset >= this.#windowStart && offset + lengthBytes <= this.#windowStart + this.#window.length;
  }

  #nextReadBytes(offset: number): number {
    const windowEnd = this.#windowStart + this.#window.length;
    const goesOn = offset >= this.#windowStart && offset <= windowEnd && this.#window.length > 0;
    return goesOn ? Math.min(this.#readBytes * 2, WINDOW_BYTES_MAX) : FIRST_READ_BYTES;
  }

  async #load(offset: number, lengthBytes: number): Promise<void> {
    if (lengthBytes === 0) return;
    this.#signal.throwIfAborted();
    this.#readBytes = this.#nextReadBytes(offset);
    const bytes = await this.#source.read(offset, Math.max(lengthBytes, this.#readBytes));
    if (bytes.length < lengthBytes) {
      throw new GateError("STORAGE_READ_FAILED", {
        cause: new Error("the source gave fewer bytes than it has"),
      });
    }
    this.#window = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#windowStart = offset;
  }
}
