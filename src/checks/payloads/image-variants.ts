/**
 * Pictures of any size and number of frames, honest or only in what their headers say; and WebP, which has no builder elsewhere.
 */
import { deflateSync } from "node:zlib";
import { joined, latin1 } from "./bytes.ts";
import { gifBytes, jpegBytes, pngBytes, pngChunk } from "./image-files.ts";

const PNG_SIGNATURE_BYTES = 8;
/** Signature and the chunk IHDR; the chunk IEND. */
const PNG_DATA_AT = 33;
const PNG_END_BYTES = 12;
const JPEG_FRAME = Uint8Array.of(0xff, 0xc0);
const GIF_SCREEN_AT = 6;

/** One grey pixel with a header that says another size. @see PNG section 11.2.2 */
export function pngDeclaring(width: number, height: number): Uint8Array {
  return pngOf(pngHeader(width, height, 8), pngBytes().subarray(PNG_DATA_AT, -PNG_END_BYTES));
}

/** A whole black picture of one bit a pixel. Its rows unpack to `height * (1 + width / 8)` bytes. */
export function blankPng(width: number, height: number): Uint8Array {
  const rows = new Uint8Array(height * (1 + Math.ceil(width / 8)));
  const data = pngChunk("IDAT", new Uint8Array(deflateSync(rows)));
  return pngOf(pngHeader(width, height, 1), data);
}

function pngHeader(width: number, height: number, depth: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(13));
  view.setUint32(0, width);
  view.setUint32(4, height);
  view.setUint8(8, depth);
  return new Uint8Array(view.buffer);
}

/** A PNG of these chunks between its header and its end. */
export function pngOf(header: Uint8Array, ...chunks: readonly Uint8Array[]): Uint8Array {
  const signature = pngBytes().subarray(0, PNG_SIGNATURE_BYTES);
  return joined(signature, pngChunk("IHDR", header), ...chunks, pngChunk("IEND", new Uint8Array()));
}

/** Size in the frame header: FF C0, length, precision, height, width. @see ITU-T T.81 section B.2.2 */
export function jpegDeclaring(width: number, height: number): Uint8Array {
  const bytes = jpegBytes();
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const at = Buffer.from(bytes).indexOf(JPEG_FRAME);
  view.setUint16(at + 5, height);
  view.setUint16(at + 7, width);
  return bytes;
}

/** Size of the screen and of the one picture on it. */
export function gifDeclaring(width: number, height: number): Uint8Array {
  const bytes = gifBytes();
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const pictureAt = bytes.indexOf(0x2c);
  for (const at of [GIF_SCREEN_AT, pictureAt + 5]) {
    view.setUint16(at, width, true);
    view.setUint16(at + 2, height, true);
  }
  return bytes;
}

/** So many pictures of one pixel, one after the other. */
export function gifOfFrames(count: number): Uint8Array {
  const bytes = gifBytes();
  const picture = bytes.subarray(bytes.indexOf(0x2c), -1);
  return joined(
    bytes.subarray(0, bytes.indexOf(0x2c)),
    ...Array<Uint8Array>(count).fill(picture),
    Uint8Array.of(0x3b),
  );
}

/** One grey pixel, lossless. */
const WEBP_PIXEL = "UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==";

/** What the extended form announces. */
const WEBP_EXIF_AND_XMP = 0x0c;

/** The picture alone, or, with further chunks or a canvas of its own, in the extended form. @see RFC 9649 section 2.7 */
export function webpBytes(
  extra: readonly Uint8Array[] = [],
  canvas?: readonly [width: number, height: number],
): Uint8Array {
  const simple = new Uint8Array(Buffer.from(WEBP_PIXEL, "base64"));
  if (extra.length === 0 && canvas === undefined) return simple;
  const [width, height] = canvas ?? [1, 1];
  const head = Uint8Array.of(WEBP_EXIF_AND_XMP, 0, 0, 0, ...threeBytes(width - 1), ...threeBytes(height - 1));
  const chunks = joined(riffChunk("VP8X", head), simple.subarray(12), ...extra);
  return joined(riffHead(chunks.length), chunks);
}

function threeBytes(value: number): readonly number[] {
  return [value & 0xff, (value >> 8) & 0xff, value >> 16];
}

function riffHead(chunkBytes: number): Uint8Array {
  const size = new DataView(new ArrayBuffer(4));
  size.setUint32(0, chunkBytes + 4, true);
  return joined("RIFF", new Uint8Array(size.buffer), "WEBP");
}

/** Name, length, data, and a zero where the length is odd. */
export function riffChunk(name: string, data: Uint8Array): Uint8Array {
  const size = new DataView(new ArrayBuffer(4));
  size.setUint32(0, data.length, true);
  return joined(latin1(name), new Uint8Array(size.buffer), data, new Uint8Array(data.length % 2));
}
