/**
 * The smallest valid images, made byte by byte, and the same padded to a size by what each format has for that.
 */
import { crc32, deflateSync } from "node:zlib";
import type { SampleFile } from "../check.ts";
import { joined, latin1, repeated } from "./bytes.ts";

const PNG_SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const PNG_CHUNK_FRAME_BYTES = 12;

/** Length, type, data, CRC of type and data. @see PNG specification section 5.3 */
export function pngChunk(type: string, data: Uint8Array): Uint8Array {
  const body = joined(latin1(type), data);
  const frame = new DataView(new ArrayBuffer(8));
  frame.setUint32(0, data.length);
  frame.setUint32(4, crc32(body));
  return joined(new Uint8Array(frame.buffer, 0, 4), body, new Uint8Array(frame.buffer, 4, 4));
}

/** One grey pixel; `extra` chunks go before the image data. */
export function pngBytes(...extra: readonly Uint8Array[]): Uint8Array {
  const header = Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0);
  const pixels = deflateSync(Uint8Array.of(0, 128));
  return joined(
    PNG_SIGNATURE,
    pngChunk("IHDR", header),
    ...extra,
    pngChunk("IDAT", new Uint8Array(pixels)),
    pngChunk("IEND", new Uint8Array()),
  );
}

export function pngFile(name = "picture.png"): SampleFile {
  return { name, mediaType: "image/png", bytes: pngBytes() };
}

/** A PNG of exactly `sizeBytes`, filled by a tEXt chunk. */
export function pngOfSize(sizeBytes: number): Uint8Array {
  const keyword = latin1("Comment\0");
  const fill = sizeBytes - pngBytes().length - PNG_CHUNK_FRAME_BYTES - keyword.length;
  return pngBytes(pngChunk("tEXt", joined(keyword, repeated(0x20, fill))));
}

/** FF, marker, length with itself, data of at most 65,533 bytes. @see ITU-T T.81 section B.1.1.4 */
export function jpegSegment(marker: number, data: Uint8Array): Uint8Array {
  return joined(Uint8Array.of(0xff, marker, (data.length + 2) >> 8, (data.length + 2) & 0xff), data);
}

/** One grey block of 8×8, with tables of one code each; `extra` segments go before the tables. @see ITU-T T.81 annex B */
export function jpegBytes(...extra: readonly Uint8Array[]): Uint8Array {
  const segment = jpegSegment;
  const table = (id: number) => joined(Uint8Array.of(id, 1), repeated(0, 15), Uint8Array.of(0));
  return joined(
    Uint8Array.of(0xff, 0xd8),
    segment(0xe0, latin1("JFIF\0\u0001\u0001\0\0\u0001\0\u0001\0\0")),
    ...extra,
    segment(0xdb, joined(Uint8Array.of(0), repeated(1, 64))),
    segment(0xc0, Uint8Array.of(8, 0, 8, 0, 8, 1, 1, 0x11, 0)),
    segment(0xc4, table(0x00)),
    segment(0xc4, table(0x10)),
    segment(0xda, Uint8Array.of(1, 1, 0x00, 0, 63, 0)),
    Uint8Array.of(0x3f, 0xff, 0xd9),
  );
}

export function jpegFile(name = "picture.jpg"): SampleFile {
  return { name, mediaType: "image/jpeg", bytes: jpegBytes() };
}

/** One pixel of two colours; `extra` blocks go before it. @see GIF89a specification */
export function gifBytes(...extra: readonly Uint8Array[]): Uint8Array {
  return joined(
    latin1("GIF89a"),
    Uint8Array.of(1, 0, 1, 0, 0x80, 0, 0, 0, 0, 0, 255, 255, 255),
    ...extra,
    Uint8Array.of(0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0, 0x3b),
  );
}

export function gifFile(name = "picture.gif"): SampleFile {
  return { name, mediaType: "image/gif", bytes: gifBytes() };
}
