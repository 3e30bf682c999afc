/**
 * One header of a ZIP archive's central directory (APPNOTE 6.3.10 section 4.3.12), read and judged by itself.
 *
 * In: the header's place. Out: a `ZipEntry`, every number resolved (Zip64 too). Links, devices, encryption, methods other than
 * stored and deflate, several disks, and a name that two readers read differently are refused here.
 */
import { crc32 } from "node:zlib";
import type { ByteReader } from "../byte-reader.ts";
import { flaw } from "../flaw.ts";
import { entryNameProblem } from "./zip-names.ts";

/** One entry, as the central directory has it. Names are also kept as raw bytes (latin1) to compare with the local header. */
export interface ZipEntry {
  readonly index: number;
  readonly headerOffset: number;
  readonly name: string;
  readonly rawName: string;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly compressedBytes: number;
  readonly uncompressedBytes: number;
  readonly localOffset: number;
  readonly isDirectory: boolean;
}

const HEADER_BYTES = 46;
const SIGNATURE = 0x02014b50;
const NAME_BYTES_MAX = 1024;
/** Deflate cannot do better than 1,032 to 1; a header that says more lies. */
const DEFLATE_RATIO_MAX = 1032;

const FLAG_UTF8 = 0x0800;
/** Encrypted, patched data, strong encryption, masked headers. */
const FLAGS_REFUSED = 0x0001 | 0x0020 | 0x0040 | 0x2000;

const EXTRA_ZIP64 = 0x0001;
const EXTRA_UNICODE_PATH = 0x7075;
/** Strong encryption header, AES. */
const EXTRAS_REFUSED: ReadonlySet<number> = new Set([0x0017, 0x9901]);

/** Reads an extra field into tag → data; `null` where its lengths do not hold. Up to three zero bytes of padding may end it. */
export function readExtra(bytes: Buffer): ReadonlyMap<number, Buffer> | null {
  const found = new Map<number, Buffer>();
  let at = 0;
  while (at + 4 <= bytes.length) {
    const tag = bytes.readUInt16LE(at);
    const end = at + 4 + bytes.readUInt16LE(at + 2);
    if (end > bytes.length || found.has(tag)) return null;
    found.set(tag, bytes.subarray(at + 4, end));
    at = end;
  }
  return bytes.subarray(at).every((byte) => byte === 0) ? found : null;
}

/**
 * @param directoryEnd  first byte after the directory: the header must end at or before it
 * @returns the entry, and where the next header begins
 * @throws FILE_ARCHIVE_UNSAFE, FILE_STRUCTURE_INVALID, FILE_TRUNCATED
 */
export async function readZipEntry(
  reader: ByteReader,
  headerOffset: number,
  index: number,
  directoryEnd: number,
): Promise<{ entry: ZipEntry; end: number }> {
  const fixed = await reader.exactly(headerOffset, HEADER_BYTES, "a header of the directory");
  if (fixed.readUInt32LE(0) !== SIGNATURE)
    throw invalid(headerOffset, "a header of the directory", "other bytes");
  // Name, extra and comment lengths u16 at 28, 30, 32.
  const nameBytes = fixed.readUInt16LE(28);
  const extraBytes = fixed.readUInt16LE(30);
  const end = headerOffset + HEADER_BYTES + nameBytes + extraBytes + fixed.readUInt16LE(32);
  if (end > directoryEnd) throw invalid(headerOffset, "a header inside the directory", "a longer one");
  const header = await reader.exactly(
    headerOffset,
    HEADER_BYTES + nameBytes + extraBytes,
    "a header of the directory",
  );
  return { entry: readHeader(header, headerOffset, index), end };
}

function readHeader(header: Buffer, headerOffset: number, index: number): ZipEntry {
  const flags = header.readUInt16LE(8);
  const method = header.readUInt16LE(10);
  const nameEnd = HEADER_BYTES + header.readUInt16LE(28);
  const nameBytes = header.subarray(HEADER_BYTES, nameEnd);
  const extra = readExtra(header.subarray(nameEnd));
  if (extra === null) throw invalid(headerOffset, "a readable extra field", "lengths that do not hold");
  checkKind(header, headerOffset, extra);
  const name = readName(nameBytes, flags, extra, headerOffset);
  const entry = { index, headerOffset, name, rawName: nameBytes.toString("latin1"), flags, method };
  const sizes = readSizes(header, extra, headerOffset);
  const full = { ...entry, ...sizes, crc: header.readUInt32LE(16), isDirectory: name.endsWith("/") };
  checkSizes(full);
  return full;
}

/** Made-by u16 at 4, flags u16 at 8, method u16 at 10, disk u16 at 34, external attributes u32 at 38. */
function checkKind(header: Buffer, at: number, extra: ReadonlyMap<number, Buffer>): void {
  const flags = header.readUInt16LE(8);
  const method = header.readUInt16LE(10);
  const isEncrypted = (flags & FLAGS_REFUSED) !== 0 || [...EXTRAS_REFUSED].some((tag) => extra.has(tag));
  if (isEncrypted) throw unsafe(at, "entries that can be read", "an encrypted entry");
  if (method !== 0 && method !== 8)
    throw unsafe(at, "stored or deflated entries", `compression method ${method}`);
  if (header.readUInt16LE(34) !== 0) throw unsafe(at, "an archive in one piece", "an entry on another disk");
  const attributes = header.readUInt32LE(38);
  const unixKind = (attributes >>> 28) & 0xf;
  // Maven's archiver writes all ones where it knows no mode.
  const isPlain = [0, 0x4, 0x8].includes(unixKind) || attributes >>> 16 === 0xffff;
  const isReparsePoint = header.readUInt8(5) !== 3 && (attributes & 0x0400) !== 0;
  if (!isPlain || isReparsePoint) throw unsafe(at, "files and folders only", "a link, device or pipe");
}

function readName(bytes: Buffer, flags: number, extra: ReadonlyMap<number, Buffer>, at: number): string {
  if (bytes.length > NAME_BYTES_MAX)
    throw unsafe(at, `names of at most ${NAME_BYTES_MAX} bytes`, `${bytes.length}`);
  const name = decodeName(bytes, (flags & FLAG_UTF8) !== 0, at);
  const other = extra.get(EXTRA_UNICODE_PATH);
  if (other !== undefined) checkUnicodePath(bytes, other, at);
  const problem =
    entryNameProblem(name) ?? (other === undefined ? null : entryNameProblem(other.toString("utf8", 5)));
  if (problem !== null) throw unsafe(at, "plain relative names", problem);
  return name;
}

/** Without the flag the character set is unknown; bytes are kept one to one: every character that matters here is ASCII. */
function decodeName(bytes: Buffer, isUtf8: boolean, at: number): string {
  if (!isUtf8) return bytes.toString("latin1");
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw unsafe(at, "a name in UTF-8, as its flag says", "other bytes");
  }
}

/**
 * Section 4.6.9, Info-ZIP Unicode path: version u8, CRC-32 of the header's name u32, the name in UTF-8. Some readers go by it and
 * some do not, so it may only spell the same name: equal in every ASCII character.
 */
function checkUnicodePath(name: Buffer, extra: Buffer, at: number): void {
  const skeleton = (text: string): string => text.replace(/[^ -~]+/g, "?");
  const isSame =
    extra.length > 5 &&
    extra.readUInt8(0) === 1 &&
    extra.readUInt32LE(1) === crc32(name) &&
    skeleton(name.toString("latin1")) === skeleton(extra.toString("utf8", 5));
  if (!isSame) throw unsafe(at, "one name for an entry", "a second name");
}

/** Sizes u32 at 20 and 24, offset u32 at 42; each that is FFFFFFFF stands in the Zip64 extra (section 4.5.3), in this order. */
function readSizes(
  header: Buffer,
  extra: ReadonlyMap<number, Buffer>,
  at: number,
): Pick<ZipEntry, "compressedBytes" | "uncompressedBytes" | "localOffset"> {
  const wide = extra.get(EXTRA_ZIP64) ?? Buffer.alloc(0);
  let wideAt = 0;
  const resolve = (value: number): number => {
    if (value !== 0xffffffff) return value;
    if (wideAt + 8 > wide.length) throw invalid(at, "a Zip64 size", "none");
    const size = wide.readBigUInt64LE(wideAt);
    wideAt += 8;
    if (size > BigInt(Number.MAX_SAFE_INTEGER)) throw invalid(at, "a size below 2^53", "a larger one");
    return Number(size);
  };
  const uncompressedBytes = resolve(header.readUInt32LE(24));
  const compressedBytes = resolve(header.readUInt32LE(20));
  const localOffset = resolve(header.readUInt32LE(42));
  return { uncompressedBytes, compressedBytes, localOffset };
}

function checkSizes(entry: ZipEntry): void {
  const { method, compressedBytes, uncompressedBytes } = entry;
  const at = entry.headerOffset;
  if (entry.isDirectory && uncompressedBytes > 0) throw unsafe(at, "a folder without content", "content");
  const isPossible =
    method === 0
      ? compressedBytes === uncompressedBytes
      : uncompressedBytes <= compressedBytes * DEFLATE_RATIO_MAX;
  if (!isPossible) throw unsafe(at, "sizes that are possible", "sizes that are not");
}

function unsafe(byteOffset: number, expected: string, seen: string): Error {
  return flaw("FILE_ARCHIVE_UNSAFE", byteOffset, expected, seen);
}

function invalid(byteOffset: number, expected: string, seen: string): Error {
  return flaw("FILE_STRUCTURE_INVALID", byteOffset, expected, seen);
}
