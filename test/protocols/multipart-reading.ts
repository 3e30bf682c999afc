/**
 * For tests: reads a whole body with the parser, cut into chunks as the test likes, into one value that can be compared.
 */
import { GateError } from "../../src/problems/gate-error.ts";
import {
  DEFAULT_PART_HEADER_LIMITS,
  MultipartParser,
  type PartHead,
} from "../../src/protocols/multipart/multipart-parser.ts";

/** One part with its content; `byteOffset` as in `PartHead`. */
export interface ReadPart extends PartHead {
  readonly content: Buffer;
}

/** What came of a body: all its parts, or the code and place of the error. */
export type Reading =
  | { readonly parts: readonly ReadPart[] }
  | { readonly code: string; readonly byteOffset: number };

export const TEST_LIMITS = { partsMax: 100, ...DEFAULT_PART_HEADER_LIMITS } as const;

/**
 * Feeds `chunks` to a fresh parser.
 * @throws Error where the events come in an order that `MultipartSink` excludes, or something other than a GateError is thrown.
 */
export function readChunks(
  boundary: string,
  chunks: Iterable<Uint8Array>,
  limits: ConstructorParameters<typeof MultipartParser>[1] = TEST_LIMITS,
): Reading {
  const parts: ReadPart[] = [];
  let open: { head: PartHead; chunks: Uint8Array[] } | null = null;
  let isEnded = false;
  const parser = new MultipartParser(boundary, limits, {
    partBegin(head) {
      if (open !== null || isEnded) throw new Error("partBegin out of order");
      open = { head, chunks: [] };
    },
    partData(chunk) {
      if (open === null || chunk.length === 0) throw new Error("partData out of order or empty");
      open.chunks.push(chunk);
    },
    partEnd() {
      if (open === null) throw new Error("partEnd out of order");
      parts.push({ ...open.head, content: Buffer.concat(open.chunks) });
      open = null;
    },
    bodyEnd() {
      if (open !== null || isEnded) throw new Error("bodyEnd out of order");
      isEnded = true;
    },
  });
  try {
    for (const chunk of chunks) parser.write(chunk);
    parser.end();
  } catch (error) {
    return readError(error);
  }
  if (!isEnded) throw new Error("no error and no bodyEnd");
  return { parts };
}

function readError(error: unknown): { code: string; byteOffset: number } {
  if (!(error instanceof GateError)) throw error;
  const { byteOffset } = error.details;
  if (typeof byteOffset !== "number") throw new Error(`${error.code} has no byteOffset`);
  return { code: error.code, byteOffset };
}

/** `body` in pieces of one byte. */
export function* byteByByte(body: Buffer): Generator<Buffer> {
  for (let at = 0; at < body.length; at++) yield body.subarray(at, at + 1);
}

/** `body` cut at random places, by `random` giving numbers from 0 to below 1; pieces of up to `pieceBytesMax`, some of them empty. */
export function* randomSplits(body: Buffer, random: () => number, pieceBytesMax = 40): Generator<Buffer> {
  for (let at = 0; at < body.length; ) {
    const next = at + Math.floor(random() * (pieceBytesMax + 1));
    yield body.subarray(at, next);
    at = next;
  }
}

/** A small seeded generator (mulberry32), so that a printed seed repeats a run. */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
