/**
 * The part of a ZIP archive before its directory: local headers, data and data descriptors (APPNOTE 6.3.10 sections 4.3.7 to 4.3.9).
 *
 * Holds for an archive that passes: local headers say the same as the directory; entries lie one after the other, from byte 0 up to
 * the directory, without a gap and without an overlap. Data is skipped, not inflated.
 */
import type { ByteReader } from "../byte-reader.ts";
import { flaw } from "../flaw.ts";
import { readExtra, type ZipEntry } from "./zip-entry.ts";

const HEADER_BYTES = 30;
const SIGNATURE = 0x04034b50;
const DESCRIPTOR_SIGNATURE = 0x08074b50;
const FLAG_DESCRIPTOR = 0x0008;
/** Flags that change how an entry is read: encrypted, descriptor, strong encryption, UTF-8, masked. Hints of the packer may differ. */
const FLAGS_COMPARED = 0x0001 | FLAG_DESCRIPTOR | 0x0040 | 0x0800 | 0x2000;

/**
 * Walks all entries in the order of their offsets.
 * @returns where the data of each entry begins, by the entry's index.
 * @throws FILE_ARCHIVE_UNSAFE, FILE_LEADING_BYTES, FILE_STRUCTURE_INVALID, FILE_TRUNCATED
 */
export async function walkLocalHeaders(
  reader: ByteReader,
  entries: readonly ZipEntry[],
  directoryOffset: number,
): Promise<readonly number[]> {
  const inOrder = [...entries].sort((one, other) => one.localOffset - other.localOffset);
  const dataOffsets: number[] = [];
  let end = 0;
  for (const [position, entry] of inOrder.entries()) {
    reader.step(entry.localOffset);
    checkPlace(entry, end, position);
    const next = inOrder[position + 1]?.localOffset ?? directoryOffset;
    const dataAt = await readLocalHeader(reader, entry);
    dataOffsets[entry.index] = dataAt;
    end = await checkDataEnd(reader, entry, dataAt + entry.compressedBytes, next);
  }
  if (end !== directoryOffset) throw unsafe(end, "the directory after the last entry", "a gap");
  return dataOffsets;
}

function checkPlace(entry: ZipEntry, end: number, position: number): void {
  if (entry.localOffset < end)
    throw unsafe(entry.localOffset, "entries one after the other", "two that overlap");
  if (entry.localOffset === end) return;
  if (position === 0)
    throw flaw("FILE_LEADING_BYTES", 0, "the first entry at the start", `${entry.localOffset} bytes`);
  throw unsafe(end, "entries one after the other", "a gap between them");
}

/** Flags u16 at 6, method u16 at 8, CRC u32 at 14, sizes u32 at 18 and 22, name and extra lengths u16 at 26 and 28. */
async function readLocalHeader(reader: ByteReader, entry: ZipEntry): Promise<number> {
  const at = entry.localOffset;
  const fixed = await reader.exactly(at, HEADER_BYTES, "a local header");
  if (fixed.readUInt32LE(0) !== SIGNATURE)
    throw unsafe(at, "a local header where the directory says", "other bytes");
  const nameEnd = HEADER_BYTES + fixed.readUInt16LE(26);
  const end = nameEnd + fixed.readUInt16LE(28);
  const header = await reader.exactly(at, end, "a local header");
  if (header.toString("latin1", HEADER_BYTES, nameEnd) !== entry.rawName) throw differs(at, "name");
  if (((header.readUInt16LE(6) ^ entry.flags) & FLAGS_COMPARED) !== 0) throw differs(at, "flags");
  if (header.readUInt16LE(8) !== entry.method) throw differs(at, "method");
  checkLocalSizes(header, nameEnd, entry);
  return at + end;
}

/** Section 4.4.4 bit 3: sizes and CRC may be zero here and stand in a descriptor after the data. */
function checkLocalSizes(header: Buffer, nameEnd: number, entry: ZipEntry): void {
  const extra = readExtra(header.subarray(nameEnd));
  if (extra === null)
    throw flaw("FILE_STRUCTURE_INVALID", entry.localOffset, "a readable extra field", "bad lengths");
  if (extra.has(0x7075) && entry.rawName !== "" && !/[^ -~]/.test(entry.rawName)) {
    throw unsafe(entry.localOffset, "one name for an entry", "a second name");
  }
  const wide = extra.get(0x0001);
  const isLater = (entry.flags & FLAG_DESCRIPTOR) !== 0;
  const agrees = (value: number, wideAt: number, wanted: number): boolean => {
    const isWide = value === 0xffffffff && wide !== undefined && wide.length >= wideAt + 8;
    const size = isWide ? Number(wide.readBigUInt64LE(wideAt)) : value;
    return size === wanted || (isLater && size === 0);
  };
  const crc = header.readUInt32LE(14);
  if (crc !== entry.crc && !(isLater && crc === 0)) throw differs(entry.localOffset, "CRC-32");
  // Section 4.5.3: uncompressed first, then compressed.
  if (!agrees(header.readUInt32LE(22), 0, entry.uncompressedBytes)) throw differs(entry.localOffset, "size");
  if (!agrees(header.readUInt32LE(18), 8, entry.compressedBytes)) throw differs(entry.localOffset, "size");
}

/**
 * What lies between an entry's data and the next record: nothing, or with bit 3 one data descriptor (section 4.3.9): CRC-32, sizes
 * of four or eight bytes, with or without a signature.
 */
async function checkDataEnd(
  reader: ByteReader,
  entry: ZipEntry,
  dataEnd: number,
  next: number,
): Promise<number> {
  const lengthBytes = next - dataEnd;
  if (lengthBytes < 0) throw unsafe(entry.localOffset, "entries one after the other", "two that overlap");
  if ((entry.flags & FLAG_DESCRIPTOR) === 0) return dataEnd;
  if (![12, 16, 20, 24].includes(lengthBytes))
    throw unsafe(dataEnd, "a data descriptor, then the next entry", "a gap");
  const bytes = await reader.exactly(dataEnd, lengthBytes, "a data descriptor");
  if (!isDescriptor(bytes, entry)) throw unsafe(dataEnd, "a data descriptor that agrees", "another one");
  return next;
}

function isDescriptor(bytes: Buffer, entry: ZipEntry): boolean {
  const hasSignature = bytes.length === 16 || bytes.length === 24;
  if (hasSignature && bytes.readUInt32LE(0) !== DESCRIPTOR_SIGNATURE) return false;
  const fields = hasSignature ? bytes.subarray(4) : bytes;
  const isWide = fields.length === 20;
  const size = (at: number): number =>
    isWide ? Number(fields.readBigUInt64LE(4 + at * 8)) : fields.readUInt32LE(4 + at * 4);
  return (
    fields.readUInt32LE(0) === entry.crc &&
    size(0) === entry.compressedBytes &&
    size(1) === entry.uncompressedBytes
  );
}

function differs(byteOffset: number, what: string): Error {
  return unsafe(byteOffset, `the same ${what} in the directory and before the data`, "two different ones");
}

function unsafe(byteOffset: number, expected: string, seen: string): Error {
  return flaw("FILE_ARCHIVE_UNSAFE", byteOffset, expected, seen);
}
