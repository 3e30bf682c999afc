/**
 * MP4 (ISO/IEC 14496-12 and -14), walked box by box to the end of the file.
 *
 * Holds for a file that passes: `ftyp` is first and names a video brand; boxes fill the file exactly; only the last one may run "to
 * the end"; there is one `moov` with a `mvhd` and a track, and its inner boxes fill it exactly; there is media data. Of a fragmented
 * file each fragment is a whole by itself: one cut exactly between two fragments is a shorter film and passes. Samples are skipped.
 */
import type { Finding } from "../../uploads/finding.ts";
import type { ByteReader } from "../byte-reader.ts";
import { flaw } from "../flaw.ts";
import { MarkupScan } from "./markup-scan.ts";

/** Boxes that hold nothing but boxes (14496-12 table 1). */
const CONTAINERS = new Set(["moov", "trak", "mdia", "minf", "stbl", "mvex", "moof", "traf", "edts"]);
/** Boxes that may hold anything: searched for markup, up to this many bytes each. */
const FREE_BOXES = new Set(["free", "skip", "uuid", "wide", "udta"]);
const FREE_BYTES_MAX = 1024 * 1024;
const DEPTH_MAX = 8;
const BRANDS = /^(iso[m2-9a-c]|mp4[12]|avc1|M4V[ HP]|MSNV|dash|cmf[c2s]|f4v |3gp[4-9]|3g2[abc])$/;
const BRANDS_BYTES_MAX = 4096;

interface Box {
  readonly type: string;
  readonly offset: number;
  readonly dataAt: number;
  readonly end: number;
  readonly runsToEnd: boolean;
}

/**
 * Whether an `ftyp` box names a brand that makes the file an MP4 video (and not a HEIC picture or a QuickTime film).
 * @param data of the box: major brand, version, then compatible brands, four bytes each.
 */
export function isMp4Brand(data: Buffer): boolean {
  const major = data.toString("latin1", 0, 4);
  if (/^(heic|heix|hevc|heim|heis|mif1|msf1|avif|avis|qt {2}|crx |M4A |M4B |jp2 )$/.test(major)) return false;
  if (BRANDS.test(major)) return true;
  for (let at = 8; at + 4 <= data.length; at += 4)
    if (BRANDS.test(data.toString("latin1", at, at + 4))) return true;
  return false;
}

/**
 * @returns what was seen beside an intact structure: markup in boxes that nobody reads.
 * @throws FILE_STRUCTURE_INVALID, FILE_TRUNCATED, FILE_TOO_COMPLEX
 */
export async function walkMp4(reader: ByteReader): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const seen = new Map<string, number>();
  await checkFileType(reader);
  for (let at = 0; at < reader.sizeBytes; ) {
    const box = await readBox(reader, at, null);
    if (box.type === "ftyp" && at > 0) throw damaged(at, "one ftyp box, first", "another one");
    seen.set(box.type, (seen.get(box.type) ?? 0) + 1);
    if (CONTAINERS.has(box.type)) await walkContainer(reader, box, 1, seen);
    const markup = await scanFreeBox(reader, box);
    if (markup !== null) findings.push(markup);
    at = box.end;
  }
  checkParts(seen, reader.sizeBytes);
  return findings;
}

/** 14496-12 section 4.3. */
async function checkFileType(reader: ByteReader): Promise<void> {
  const box = await readBox(reader, 0, null);
  const lengthBytes = box.end - box.dataAt;
  if (box.type !== "ftyp" || box.runsToEnd || lengthBytes < 8 || lengthBytes > BRANDS_BYTES_MAX) {
    throw damaged(0, "a box ftyp with brands", "another box");
  }
  const data = await reader.exactly(box.dataAt, lengthBytes, "the brands of the film");
  if (!isMp4Brand(data)) throw damaged(box.dataAt, "a brand of MP4 video", "other brands");
}

/** Section 4.2: size u32 at 0, type at 4; size 1: u64 at 8; size 0: to the end of the file, at top level only. */
async function readBox(reader: ByteReader, offset: number, parent: Box | null): Promise<Box> {
  reader.step(offset);
  const header = await reader.exactly(offset, 8, "the next MP4 box");
  const size = header.readUInt32BE(0);
  const type = header.toString("latin1", 4, 8);
  if (!/^[\xa9 -~]{4}$/.test(type)) throw damaged(offset + 4, "the name of a box", "other bytes");
  const runsToEnd = size === 0 && parent === null;
  const isLarge = size === 1;
  const lengthBytes = isLarge
    ? await readLargeSize(reader, offset)
    : runsToEnd
      ? reader.sizeBytes - offset
      : size;
  const headerBytes = isLarge ? 16 : 8;
  if (lengthBytes < headerBytes)
    throw damaged(offset, `a box of at least ${headerBytes} bytes`, `${lengthBytes}`);
  const end = offset + lengthBytes;
  if (parent !== null && end > parent.end) throw damaged(offset, "a box inside its parent", "a longer one");
  if (end > reader.sizeBytes)
    throw flaw("FILE_TRUNCATED", reader.sizeBytes, "the whole box", "the end of the file");
  return { type, offset, dataAt: offset + headerBytes, end, runsToEnd };
}

async function readLargeSize(reader: ByteReader, offset: number): Promise<number> {
  const size = (await reader.exactly(offset + 8, 8, "the size of a box")).readBigUInt64BE(0);
  if (size > BigInt(Number.MAX_SAFE_INTEGER)) throw damaged(offset + 8, "a size below 2^53", "a larger one");
  return Number(size);
}

async function walkContainer(
  reader: ByteReader,
  parent: Box,
  depth: number,
  seen: Map<string, number>,
): Promise<void> {
  if (depth > DEPTH_MAX)
    throw flaw("FILE_TOO_COMPLEX", parent.offset, `boxes ${DEPTH_MAX} deep`, "deeper ones");
  for (let at = parent.dataAt; at < parent.end; ) {
    if (at + 8 > parent.end) throw damaged(at, "a whole box inside its parent", "the end of the parent");
    const box = await readBox(reader, at, parent);
    const path = `${parent.type}/${box.type}`;
    seen.set(path, (seen.get(path) ?? 0) + 1);
    if (CONTAINERS.has(box.type)) await walkContainer(reader, box, depth + 1, seen);
    at = box.end;
  }
}

function checkParts(seen: ReadonlyMap<string, number>, end: number): void {
  const count = (path: string): number => seen.get(path) ?? 0;
  if (count("moov") === 0) throw flaw("FILE_TRUNCATED", end, "a box moov", "the end of the file");
  if (count("moov") > 1) throw damaged(end, "one box moov", "more than one");
  if (count("moov/mvhd") !== 1 || count("moov/trak") === 0)
    throw damaged(end, "a header and a track in moov", "none");
  if (count("mdat") === 0) throw flaw("FILE_TRUNCATED", end, "a box mdat", "the end of the file");
}

async function scanFreeBox(reader: ByteReader, box: Box): Promise<Finding | null> {
  if (!FREE_BOXES.has(box.type)) return null;
  const scan = new MarkupScan();
  const end = Math.min(box.end, box.dataAt + FREE_BYTES_MAX);
  await reader.eachPiece(box.dataAt, end, "a box", (piece, offset) => scan.push(piece, offset));
  return scan.finding("an unused part of the film");
}

function damaged(byteOffset: number, expected: string, seen: string): Error {
  return flaw("FILE_STRUCTURE_INVALID", byteOffset, expected, seen);
}
