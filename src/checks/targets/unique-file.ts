/**
 * The same file with other bytes, still valid and with the same content to look at: for routes that take equal files for one upload.
 *
 * Always holds: only places that the format has for comments are used. A type without such a place is left as it is.
 */
import type { SampleFile } from "../check.ts";
import { joined, latin1 } from "../payloads/bytes.ts";
import { commentedGif, commentedJpeg, commentedPng } from "../payloads/comment-space.ts";

type Mark = (bytes: Uint8Array, mark: Uint8Array) => Uint8Array | null;

const MARKED: Readonly<Record<string, Mark>> = {
  "image/png": commentedPng,
  "image/jpeg": commentedJpeg,
  "image/gif": commentedGif,
  "text/plain": withLine,
};

/** @param mark letters, digits and dashes, at most 100 */
export function uniqueFile(file: SampleFile, mark: string): SampleFile {
  const bytes = MARKED[file.mediaType]?.(file.bytes, latin1(mark)) ?? null;
  return bytes === null ? file : { ...file, bytes };
}

function withLine(bytes: Uint8Array, mark: Uint8Array): Uint8Array {
  const isEnded = bytes.at(-1) === 0x0a;
  return joined(bytes, isEnded ? "" : "\n", mark, "\n");
}
