/**
 * What to say of bytes after the end of a file's structure.
 *
 * Up to `PADDING_BYTES_MAX` bytes that are all zero are padding, as some cameras and block devices leave it: nothing can hide in
 * them, so they are only told. Anything else can carry a second file and refuses the first one.
 */
import type { Finding } from "../../uploads/finding.ts";
import type { ByteReader } from "../byte-reader.ts";
import { refusal } from "../flaw.ts";
import { readSignature } from "./signature.ts";

const PADDING_BYTES_MAX = 1024 * 1024;

/**
 * @param end   where the structure ended
 * @param what  the structure in words: "the image"
 * @returns FILE_TRAILING_BYTES as `info` (padding) or `refuse`; `null` where the file ends there too.
 */
export async function judgeTail(reader: ByteReader, end: number, what: string): Promise<Finding | null> {
  const trailingBytes = reader.sizeBytes - end;
  if (trailingBytes <= 0) return null;
  const expected = `nothing after the end of ${what}`;
  if (await isZeroRun(reader, end, reader.sizeBytes)) {
    const seen = `${trailingBytes} zero bytes`;
    return { code: "FILE_TRAILING_BYTES", severity: "info", byteOffset: end, expected, seen };
  }
  const kind = await nameTail(reader, end);
  const seen = `${trailingBytes} more bytes${kind === null ? "" : `: ${kind}`}`;
  return refusal("FILE_TRAILING_BYTES", end, expected, seen);
}

/** Words for what the bytes after the end begin or end like; `null` where that is unknown. */
async function nameTail(reader: ByteReader, end: number): Promise<string | null> {
  const last = await reader.read(Math.max(end, reader.sizeBytes - 4), 4);
  if (last.toString("latin1") === "SEFT") return "what Samsung phones add to a photo";
  const head = await reader.read(end, 4096);
  return readSignature(head, end + head.length === reader.sizeBytes).label;
}

/** Whether `[from, to)` is at most 1 MiB of zero bytes. */
export async function isZeroRun(reader: ByteReader, from: number, to: number): Promise<boolean> {
  if (to - from > PADDING_BYTES_MAX || to > reader.sizeBytes) return false;
  let allZero = true;
  await reader.eachPiece(from, to, "padding", (piece) => {
    allZero &&= piece.every((byte) => byte === 0);
  });
  return allZero;
}
