/**
 * The same file with other bytes, still valid and with the same content to look at: for routes that take equal files for one upload.
 *
 * Always holds: only places that the format has for comments are used. A type without such a place is left as it is.
 */
import type { SampleFile } from "../check.ts";
import { joined, latin1 } from "../payloads/bytes.ts";
import { pngChunk } from "../payloads/image-files.ts";

const MARKED: Readonly<Record<string, (bytes: Uint8Array, mark: string) => Uint8Array | null>> = {
  "image/png": markedPng,
  "image/jpeg": markedJpeg,
  "image/gif": markedGif,
  "text/plain": markedText,
};

/** @param mark letters, digits and dashes, at most 100 */
export function uniqueFile(file: SampleFile, mark: string): SampleFile {
  const bytes = MARKED[file.mediaType]?.(file.bytes, mark) ?? null;
  return bytes === null ? file : { ...file, bytes };
}

/** A tEXt chunk before the end: IEND is the last twelve bytes. @see PNG specification sections 11.2.5 and 11.3.3.3 */
function markedPng(bytes: Uint8Array, mark: string): Uint8Array | null {
  const end = bytes.length - 12;
  if (end < 8 || Buffer.from(bytes.subarray(end + 4, end + 8)).toString("latin1") !== "IEND") return null;
  const chunk = pngChunk("tEXt", joined(latin1("Comment\0"), latin1(mark)));
  return joined(bytes.subarray(0, end), chunk, bytes.subarray(end));
}

/** A comment segment after the first one, which JFIF and Exif want to be theirs. @see ITU-T T.81 section B.2.4.5 */
function markedJpeg(bytes: Uint8Array, mark: string): Uint8Array | null {
  const isApplication = bytes[2] === 0xff && ((bytes[3] ?? 0) & 0xf0) === 0xe0;
  const at = isApplication ? 4 + ((bytes[4] ?? 0) << 8) + (bytes[5] ?? 0) : 2;
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8 || bytes[at] !== 0xff) return null;
  const text = latin1(mark);
  const segment = joined(Uint8Array.of(0xff, 0xfe, 0, text.length + 2), text);
  return joined(bytes.subarray(0, at), segment, bytes.subarray(at));
}

/** A comment extension before the trailer. @see GIF89a specification sections 24 and 27 */
function markedGif(bytes: Uint8Array, mark: string): Uint8Array | null {
  const end = bytes.length - 1;
  const isNewEnough = Buffer.from(bytes.subarray(0, 6)).toString("latin1") === "GIF89a";
  if (!isNewEnough || bytes[end] !== 0x3b) return null;
  const text = latin1(mark);
  const comment = joined(Uint8Array.of(0x21, 0xfe, text.length), text, Uint8Array.of(0));
  return joined(bytes.subarray(0, end), comment, bytes.subarray(end));
}

function markedText(bytes: Uint8Array, mark: string): Uint8Array {
  const isEnded = bytes.at(-1) === 0x0a;
  return joined(bytes, isEnded ? "" : "\n", `${mark}\n`);
}
