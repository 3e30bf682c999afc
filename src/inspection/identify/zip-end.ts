/**
 * The end of a ZIP archive (APPNOTE 6.3.10 sections 4.3.14 to 4.3.16): which directory is the one.
 *
 * Readers differ in where they look for it, so only an archive with one possible answer passes: one end record, whose comment ends
 * with the file; with Zip64, a locator and a record directly before it that say the same; a directory directly before those.
 */
import type { ByteReader } from "../byte-reader.ts";
import { flaw } from "../flaw.ts";

const END_BYTES = 22;
const COMMENT_BYTES_MAX = 0xffff;
const END_SIGNATURE = Buffer.from("PK\x05\x06", "latin1");
const LOCATOR_SIGNATURE = 0x07064b50;
const LOCATOR_BYTES = 20;
const ZIP64_SIGNATURE = 0x06064b50;
const ZIP64_BYTES = 56;

/** Where the central directory is. `endAt` is the first byte after it. */
export interface ZipDirectory {
  readonly offset: number;
  readonly endAt: number;
  readonly entries: number;
}

/** The numbers of one end record; `-1n`-like sentinels are resolved by the caller. */
interface EndNumbers {
  readonly disk: number;
  readonly directoryDisk: number;
  readonly entriesHere: number;
  readonly entries: number;
  readonly directoryBytes: number;
  readonly directoryOffset: number;
}

/**
 * @throws FILE_TRUNCATED (no end record), FILE_TRAILING_BYTES, FILE_LEADING_BYTES, FILE_ARCHIVE_UNSAFE, FILE_STRUCTURE_INVALID
 */
export async function readZipDirectory(reader: ByteReader): Promise<ZipDirectory> {
  const endAt = await findEndRecord(reader);
  const record = await reader.exactly(endAt, END_BYTES, "the end record");
  // Disk u16 at 4, disk of directory u16 at 6, entries here u16 at 8, entries u16 at 10, bytes u32 at 12, offset u32 at 16.
  const numbers: EndNumbers = {
    disk: record.readUInt16LE(4),
    directoryDisk: record.readUInt16LE(6),
    entriesHere: record.readUInt16LE(8),
    entries: record.readUInt16LE(10),
    directoryBytes: record.readUInt32LE(12),
    directoryOffset: record.readUInt32LE(16),
  };
  const zip64 = await readZip64(reader, endAt, numbers);
  const directory = checkDirectory(zip64?.numbers ?? numbers, zip64?.offset ?? endAt);
  await rejectEndInDirectory(reader, directory.offset, endAt);
  return directory;
}

/** Whether the last bytes of a file have an end record that a lenient reader would go by, with a directory before it. */
export async function findArchiveAtEnd(reader: ByteReader): Promise<number | null> {
  const { tail, tailAt } = await readTail(reader);
  for (
    let at = tail.lastIndexOf(END_SIGNATURE);
    at !== -1;
    at = at === 0 ? -1 : tail.lastIndexOf(END_SIGNATURE, at - 1)
  ) {
    if (at + END_BYTES > tail.length) continue;
    const directoryBytes = tail.readUInt32LE(at + 12);
    const entries = tail.readUInt16LE(at + 10);
    const isPlausible = directoryBytes >= entries * 46 && directoryBytes <= tailAt + at;
    if (isPlausible && (entries === 0 || directoryBytes === 0xffffffff || directoryBytes > 0))
      return tailAt + at;
  }
  return null;
}

async function readTail(reader: ByteReader): Promise<{ tail: Buffer; tailAt: number }> {
  const tailAt = Math.max(0, reader.sizeBytes - END_BYTES - COMMENT_BYTES_MAX);
  return { tail: await reader.read(tailAt, END_BYTES + COMMENT_BYTES_MAX), tailAt };
}

/** Takes the last end record, as most readers do, and refuses where another reader could take another one. */
async function findEndRecord(reader: ByteReader): Promise<number> {
  const { tail, tailAt } = await readTail(reader);
  const at = tail.lastIndexOf(END_SIGNATURE);
  if (at === -1 || at + END_BYTES > tail.length) {
    throw flaw("FILE_TRUNCATED", reader.sizeBytes, "the archive's end record at the end", "no end record");
  }
  const end = at + END_BYTES + tail.readUInt16LE(at + 20);
  if (end > tail.length)
    throw flaw("FILE_TRUNCATED", reader.sizeBytes, "the whole comment", "the end of the file");
  if (end === tail.length) {
    rejectEarlierEnd(tail, at, tailAt);
    return tailAt + at;
  }
  if (hasEarlierEnd(tail, at)) throw unsafe(tailAt + at, "one end record", "a second one in the comment");
  throw flaw(
    "FILE_TRAILING_BYTES",
    tailAt + end,
    "nothing after the archive's end record",
    `${tail.length - end} more bytes`,
  );
}

/** Whether an end record before `at` claims everything up to the end of the file as its comment. */
function hasEarlierEnd(tail: Buffer, at: number): boolean {
  for (let earlier = at; earlier > 0; ) {
    earlier = tail.lastIndexOf(END_SIGNATURE, earlier - 1);
    if (earlier === -1) return false;
    if (earlier + END_BYTES + tail.readUInt16LE(earlier + 20) === tail.length) return true;
  }
  return false;
}

/** Inside an entry's data another end record is just a stored archive; in names, extras or comments of the directory it is a trap. */
async function rejectEndInDirectory(
  reader: ByteReader,
  directoryOffset: number,
  endAt: number,
): Promise<void> {
  const { tail, tailAt } = await readTail(reader);
  const from = Math.max(0, directoryOffset - tailAt);
  const index = tail.subarray(0, endAt - tailAt).indexOf(END_SIGNATURE, from);
  if (index !== -1) throw unsafe(tailAt + index, "one end record", "a second one in the directory");
}

function rejectEarlierEnd(tail: Buffer, at: number, tailAt: number): void {
  if (hasEarlierEnd(tail, at)) throw unsafe(tailAt + at, "one end record", "two that could be it");
}

/** Section 4.3.15: signature, disk u32 at 4, offset u64 at 8, disks u32 at 16. */
async function readZip64(
  reader: ByteReader,
  endAt: number,
  plain: EndNumbers,
): Promise<{ numbers: EndNumbers; offset: number } | null> {
  const locatorAt = endAt - LOCATOR_BYTES;
  const locator = await reader.read(Math.max(0, locatorAt), LOCATOR_BYTES);
  if (locatorAt < 0 || locator.readUInt32LE(0) !== LOCATOR_SIGNATURE) {
    if (hasSentinel(plain)) throw invalid(endAt, "a Zip64 record for numbers that need one", "none");
    return null;
  }
  const offset = locator.readBigUInt64LE(8);
  if (
    offset !== BigInt(locatorAt - ZIP64_BYTES) ||
    locator.readUInt32LE(4) !== 0 ||
    locator.readUInt32LE(16) > 1
  ) {
    throw unsafe(locatorAt, "a Zip64 record directly before its locator", "another place");
  }
  const numbers = await readZip64Record(reader, Number(offset));
  checkAgreement(plain, numbers, endAt);
  return { numbers, offset: Number(offset) };
}

/** Section 4.3.14: size u64 at 4, versions at 12, disks u32 at 16 and 20, entries u64 at 24 and 32, bytes u64 at 40, offset u64 at 48. */
async function readZip64Record(reader: ByteReader, offset: number): Promise<EndNumbers> {
  const record = await reader.exactly(offset, ZIP64_BYTES, "the Zip64 end record");
  if (record.readUInt32LE(0) !== ZIP64_SIGNATURE || record.readBigUInt64LE(4) !== BigInt(ZIP64_BYTES - 12)) {
    throw invalid(offset, "a Zip64 end record of 56 bytes", "something else");
  }
  return {
    disk: record.readUInt32LE(16),
    directoryDisk: record.readUInt32LE(20),
    entriesHere: Number(record.readBigUInt64LE(24)),
    entries: Number(record.readBigUInt64LE(32)),
    directoryBytes: Number(record.readBigUInt64LE(40)),
    directoryOffset: Number(record.readBigUInt64LE(48)),
  };
}

function hasSentinel(numbers: EndNumbers): boolean {
  return (
    numbers.entries === 0xffff ||
    numbers.directoryBytes === 0xffffffff ||
    numbers.directoryOffset === 0xffffffff
  );
}

/** A number in the plain record is either its sentinel or the same as in the Zip64 record: readers prefer one or the other. */
function checkAgreement(plain: EndNumbers, zip64: EndNumbers, endAt: number): void {
  const agrees = (one: number, other: number, sentinel: number): boolean => one === sentinel || one === other;
  const isFine =
    agrees(plain.disk, zip64.disk, 0xffff) &&
    agrees(plain.directoryDisk, zip64.directoryDisk, 0xffff) &&
    agrees(plain.entriesHere, zip64.entriesHere, 0xffff) &&
    agrees(plain.entries, zip64.entries, 0xffff) &&
    agrees(plain.directoryBytes, zip64.directoryBytes, 0xffffffff) &&
    agrees(plain.directoryOffset, zip64.directoryOffset, 0xffffffff);
  if (!isFine) throw unsafe(endAt, "end records that agree", "two that differ");
}

function checkDirectory(numbers: EndNumbers, endAt: number): ZipDirectory {
  const { entries, entriesHere, directoryBytes, directoryOffset } = numbers;
  if (numbers.disk !== 0 || numbers.directoryDisk !== 0 || entriesHere !== entries) {
    throw unsafe(endAt, "an archive in one piece", "one of several disks");
  }
  const gap = endAt - directoryBytes - directoryOffset;
  if (gap > 0)
    throw flaw(
      "FILE_LEADING_BYTES",
      0,
      "offsets from the start of the file",
      `${gap} bytes before or between`,
    );
  if (gap < 0) throw invalid(endAt, "a directory directly before the end record", "another place");
  return { offset: directoryOffset, endAt, entries };
}

function unsafe(byteOffset: number, expected: string, seen: string): Error {
  return flaw("FILE_ARCHIVE_UNSAFE", byteOffset, expected, seen);
}

function invalid(byteOffset: number, expected: string, seen: string): Error {
  return flaw("FILE_STRUCTURE_INVALID", byteOffset, expected, seen);
}
