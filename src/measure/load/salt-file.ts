/**
 * The same file with other bytes, as often as wanted: a file that is still valid and has the same content, so that nothing between a client and the disk
 * has seen it before, and everything treats it as it treats the sample.
 *
 * In: a sample. Out: the pieces of the salted file; the sample's own bytes are never copied, since a large one is sent hundreds of times.
 * Always holds: only places that the format has for comments, or white space that means nothing, are used. A type without such a place is left as it is.
 */
import { joined, latin1 } from "../../checks/payloads/bytes.ts";
import { jpegSegment, pngChunk } from "../../checks/payloads/image-files.ts";

/** A sample that can be salted. */
export interface SaltedFile {
  /** Bytes that a salt adds. */
  readonly moreBytes: number;
  /** @param salt of `SALT_CHARS` hexadecimal digits; the same salt gives the same bytes */
  pieces(salt: string): readonly Uint8Array[];
}

export const SALT_CHARS = 24;

/** Where a sample is cut, and what goes in between. `null`: the bytes are not of that format after all, or have no room. */
type Cut = (bytes: Uint8Array) => {
  readonly before: Uint8Array;
  readonly salt: (salt: string) => Uint8Array;
  readonly after: Uint8Array;
} | null;

/** How a file of this type is salted; `null` where only its name can be fresh. */
export function saltedFile(mediaType: string, bytes: Uint8Array): SaltedFile | null {
  const cut = (CUTS[mediaType] ?? (mediaType === OCTETS ? atTheEnd : null))?.(bytes) ?? null;
  if (cut === null) return null;
  const { before, salt, after } = cut;
  const pieces = (chosen: string): readonly Uint8Array[] => [before, salt(chosen), after];
  const sizeBytes = pieces("0".repeat(SALT_CHARS)).reduce((sum, piece) => sum + piece.length, 0);
  return { moreBytes: sizeBytes - bytes.length, pieces };
}

const OCTETS = "application/octet-stream";
const NOTHING = new Uint8Array();

const cutAt = (bytes: Uint8Array, at: number, salt: (salt: string) => Uint8Array) => ({
  before: bytes.subarray(0, at),
  salt,
  after: bytes.subarray(at),
});

/** Any bytes are as good as any others. */
const atTheEnd: Cut = (bytes) => cutAt(bytes, bytes.length, latin1);

/** A tEXt chunk before IEND, which is the last twelve bytes. @see PNG specification sections 11.2.5 and 11.3.3.3 */
const inPng: Cut = (bytes) => {
  const end = bytes.length - 12;
  if (end < 8 || textAt(bytes, end + 4, 4) !== "IEND") return null;
  return cutAt(bytes, end, (salt) => pngChunk("tEXt", latin1(`Comment\0${salt}`)));
};

const JPEG_COMMENT = 0xfe;

/** A comment segment behind the first segment, which JFIF and Exif want to be theirs. @see ITU-T T.81 section B.2.4.5 */
const inJpeg: Cut = (bytes) => {
  const isApplication = bytes[2] === 0xff && ((bytes[3] ?? 0) & 0xf0) === 0xe0;
  const at = isApplication ? 4 + ((bytes[4] ?? 0) << 8) + (bytes[5] ?? 0) : 2;
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8 || bytes[at] !== 0xff) return null;
  return cutAt(bytes, at, (salt) => jpegSegment(JPEG_COMMENT, latin1(salt)));
};

/** A comment extension before the trailer; an older file becomes one that may have such. @see GIF89a specification sections 7, 24 and 27 */
const inGif: Cut = (bytes) => {
  const end = bytes.length - 1;
  if (!/^GIF8[79]a$/.test(textAt(bytes, 0, 6)) || bytes[end] !== 0x3b) return null;
  const comment = (salt: string): Uint8Array =>
    joined(Uint8Array.of(0x21, 0xfe, salt.length), latin1(salt), Uint8Array.of(0));
  return { before: joined("GIF89a", bytes.subarray(6, end)), salt: comment, after: bytes.subarray(end) };
};

/** A chunk of a name that nobody knows, which readers pass over, at the end of the RIFF. @see RFC 9649 section 2.7 */
const inWebp: Cut = (bytes) => {
  const view = viewOf(bytes);
  const isWhole = bytes.length >= 12 && view.getUint32(4, true) + 8 === bytes.length;
  if (!isWhole || textAt(bytes, 0, 4) !== "RIFF" || textAt(bytes, 8, 4) !== "WEBP") return null;
  const chunk = (salt: string): Uint8Array => joined("NOTE", littleEndian(salt.length, 4), latin1(salt));
  const grown = littleEndian(bytes.length - 8 + 8 + SALT_CHARS, 4);
  const before = joined(bytes.subarray(0, 4), grown, bytes.subarray(8));
  return { before, salt: chunk, after: NOTHING };
};

/** A `free` box behind the last box, unless that one runs to the end of the file. @see ISO/IEC 14496-12 section 8.1.2 */
const inMp4: Cut = (bytes) => {
  if (textAt(bytes, 4, 4) !== "ftyp" || !endsWithItsBoxes(bytes)) return null;
  return cutAt(bytes, bytes.length, (salt) => joined(bigEndian(8 + salt.length), "free", latin1(salt)));
};

function endsWithItsBoxes(bytes: Uint8Array): boolean {
  const view = viewOf(bytes);
  let at = 0;
  while (at + 8 <= bytes.length) {
    const size = view.getUint32(at);
    const isLarge = size === 1 && at + 16 <= bytes.length;
    const length = isLarge ? Number(view.getBigUint64(at + 8)) : size;
    if (length < 8) return false;
    at += length;
  }
  return at === bytes.length;
}

/**
 * A comment line before the last `startxref`: every offset of the cross-reference is to something before it, and between `startxref` and `%%EOF` only
 * a number may stand. @see ISO 32000-2 sections 7.2.4 and 7.5.5
 */
const inPdf: Cut = (bytes) => {
  const at = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).lastIndexOf("startxref");
  const isLineStart = at > 0 && (bytes[at - 1] === 0x0a || bytes[at - 1] === 0x0d);
  return isLineStart ? cutAt(bytes, at, (salt) => latin1(`%${salt}\n`)) : null;
};

const ZIP_END_BYTES = 22;

/** The archive's comment, behind the one that it has. @see APPNOTE.TXT 6.3.10 section 4.3.16 */
const inZip: Cut = (bytes) => {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const at = buffer.lastIndexOf("PK\x05\x06");
  if (at < 0 || at + ZIP_END_BYTES > bytes.length) return null;
  const commentBytes = buffer.readUInt16LE(at + 20);
  const isLast = at + ZIP_END_BYTES + commentBytes === bytes.length;
  if (!isLast || commentBytes + SALT_CHARS > 0xffff) return null;
  const comment = bytes.subarray(at + ZIP_END_BYTES);
  const before = bytes.subarray(0, at + 20);
  const salted = (salt: string): Uint8Array =>
    joined(littleEndian(commentBytes + salt.length, 2), comment, latin1(salt));
  return { before, salt: salted, after: NOTHING };
};

/** A line of its own. */
const inText: Cut = (bytes) =>
  cutAt(bytes, bytes.length, (salt) => latin1(`${isLineEnded(bytes) ? "" : "\n"}${salt}\n`));

/** Empty lines, which readers pass over, of one line end or the other: no row more and no value another. */
const inCsv: Cut = (bytes) =>
  cutAt(bytes, bytes.length, (salt) => latin1((isLineEnded(bytes) ? "" : "\n") + inBits(salt, "\n", "\r\n")));

/** White space behind the value. @see RFC 8259 section 2 */
const inJson: Cut = (bytes) => cutAt(bytes, bytes.length, (salt) => latin1(inBits(salt, " ", "\t")));

const OFFICE = "application/vnd.openxmlformats-officedocument";

const CUTS: Readonly<Record<string, Cut>> = {
  "image/png": inPng,
  "image/jpeg": inJpeg,
  "image/gif": inGif,
  "image/webp": inWebp,
  "video/mp4": inMp4,
  "application/pdf": inPdf,
  "application/zip": inZip,
  [`${OFFICE}.wordprocessingml.document`]: inZip,
  [`${OFFICE}.spreadsheetml.sheet`]: inZip,
  [`${OFFICE}.presentationml.presentation`]: inZip,
  "text/plain": inText,
  "text/csv": inCsv,
  "application/json": inJson,
};

/** Of the salt's last bits, since those differ most: enough for a trillion files. */
const BITS = 40;

function inBits(salt: string, zero: string, one: string): string {
  const bits = BigInt(`0x${salt}`).toString(2).padStart(BITS, "0").slice(-BITS);
  return [...bits].map((bit) => (bit === "0" ? zero : one)).join("");
}

const isLineEnded = (bytes: Uint8Array): boolean => bytes.length === 0 || bytes.at(-1) === 0x0a;

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const textAt = (bytes: Uint8Array, at: number, length: number): string =>
  Buffer.from(bytes.subarray(at, at + length)).toString("latin1");

function littleEndian(value: number, lengthBytes: 2 | 4): Uint8Array {
  const bytes = Buffer.alloc(lengthBytes);
  bytes.writeUIntLE(value, 0, lengthBytes);
  return new Uint8Array(bytes);
}

function bigEndian(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return new Uint8Array(bytes);
}
