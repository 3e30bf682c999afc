/**
 * Room for comments inside of pictures that exist already: the picture stays what it is, its bytes become others, or more.
 *
 * Always holds: what comes out is as valid as what came in. `null` where the bytes are not of that format, or the room cannot be of that size.
 */
import { joined, latin1, repeated } from "./bytes.ts";
import { jpegSegment, pngChunk } from "./image-files.ts";

const SPACE = 0x20;
const PNG_END_BYTES = 12;
const PNG_COMMENT_BYTES = 12 + "Comment\0".length;
const JPEG_COMMENT = 0xfe;
const JPEG_SEGMENT_BYTES_MAX = 2 + 65_535;
const GIF_BLOCK_BYTES_MAX = 256;

/** A tEXt chunk before IEND, which is the last twelve bytes. @see PNG specification sections 11.2.5 and 11.3.3.3 */
export function commentedPng(bytes: Uint8Array, text: Uint8Array): Uint8Array | null {
  const end = bytes.length - PNG_END_BYTES;
  if (end < 8 || Buffer.from(bytes.subarray(end + 4, end + 8)).toString("latin1") !== "IEND") return null;
  const chunk = pngChunk("tEXt", joined(latin1("Comment\0"), text));
  return joined(bytes.subarray(0, end), chunk, bytes.subarray(end));
}

/** Longer by `moreBytes`. */
export function longerPng(bytes: Uint8Array, moreBytes: number): Uint8Array | null {
  const room = moreBytes - PNG_COMMENT_BYTES;
  return room < 0 ? null : commentedPng(bytes, repeated(SPACE, room));
}

/** Comment segments behind the first segment, which JFIF and Exif want to be theirs. @see ITU-T T.81 section B.2.4.5 */
export function commentedJpeg(bytes: Uint8Array, ...texts: readonly Uint8Array[]): Uint8Array | null {
  const isApplication = bytes[2] === 0xff && ((bytes[3] ?? 0) & 0xf0) === 0xe0;
  const at = isApplication ? 4 + ((bytes[4] ?? 0) << 8) + (bytes[5] ?? 0) : 2;
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8 || bytes[at] !== 0xff) return null;
  const segments = texts.map((text) => jpegSegment(JPEG_COMMENT, text));
  return joined(bytes.subarray(0, at), ...segments, bytes.subarray(at));
}

/** Longer by `moreBytes`. */
export function longerJpeg(bytes: Uint8Array, moreBytes: number): Uint8Array | null {
  const sizes = split(moreBytes, 4, JPEG_SEGMENT_BYTES_MAX);
  return sizes === null ? null : commentedJpeg(bytes, ...sizes.map((size) => repeated(SPACE, size - 4)));
}

/** A comment extension before the trailer, in blocks of at most 255 bytes. @see GIF89a specification sections 24 and 27 */
export function commentedGif(bytes: Uint8Array, ...texts: readonly Uint8Array[]): Uint8Array | null {
  const end = bytes.length - 1;
  const isNewEnough = Buffer.from(bytes.subarray(0, 6)).toString("latin1") === "GIF89a";
  if (!isNewEnough || bytes[end] !== 0x3b) return null;
  const blocks = texts.flatMap((text) => [Uint8Array.of(text.length), text]);
  return joined(
    bytes.subarray(0, end),
    Uint8Array.of(0x21, 0xfe),
    ...blocks,
    Uint8Array.of(0),
    bytes.subarray(end),
  );
}

/** Longer by `moreBytes`. */
export function longerGif(bytes: Uint8Array, moreBytes: number): Uint8Array | null {
  const sizes = split(moreBytes - 3, 2, GIF_BLOCK_BYTES_MAX);
  return sizes === null ? null : commentedGif(bytes, ...sizes.map((size) => repeated(SPACE, size - 1)));
}

/** Pieces that add up to `total`, each within its bounds. */
function split(total: number, least: number, most: number): readonly number[] | null {
  if (total < 0 || (total > 0 && total < least)) return null;
  const sizes: number[] = [];
  for (let left = total; left > 0; left -= sizes.at(-1) ?? left) {
    const rest = left - most;
    sizes.push(rest > 0 && rest < least ? most - least : Math.min(left, most));
  }
  return sizes;
}
