/**
 * WebP (RFC 9649): a RIFF container, walked chunk by chunk.
 *
 * Holds for a file that passes: the RIFF size is the file's size; chunks fill it exactly, each with a zero padding byte where
 * its length is odd; the first is VP8, VP8L or VP8X; there is picture data with the right start. Picture data is skipped.
 */
import type { Finding } from "../../uploads/finding.ts";
import type { ByteReader } from "../byte-reader.ts";
import { flaw } from "../flaw.ts";
import { MarkupScan } from "./markup-scan.ts";
import { judgeTail } from "./tail.ts";

const FIRST_CHUNKS = new Set(["VP8 ", "VP8L", "VP8X"]);
const PICTURE_CHUNKS = new Set(["VP8 ", "VP8L", "ANMF"]);
const COMPRESSED = new Set(["VP8 ", "VP8L", "ANMF", "ALPH"]);

interface Chunk {
  readonly id: string;
  readonly offset: number;
  readonly lengthBytes: number;
}

/**
 * @returns what was seen beside an intact structure: trailing bytes, markup in metadata.
 * @throws FILE_STRUCTURE_INVALID, FILE_TRUNCATED, FILE_TOO_COMPLEX
 */
export async function walkWebp(reader: ByteReader): Promise<readonly Finding[]> {
  const findings: (Finding | null)[] = [];
  const end = await readRiffEnd(reader);
  let at = 12;
  let pictures = 0;
  while (at < end) {
    reader.step(at);
    const chunk = await readChunk(reader, at, end);
    if (at === 12 && !FIRST_CHUNKS.has(chunk.id))
      throw damaged(at, "VP8, VP8L or VP8X first", "another chunk");
    if (PICTURE_CHUNKS.has(chunk.id)) pictures += 1;
    findings.push(await checkChunkData(reader, chunk));
    at += 8 + chunk.lengthBytes + (chunk.lengthBytes % 2);
  }
  if (pictures === 0) throw damaged(end, "a chunk with picture data", "none");
  findings.push(await judgeTail(reader, end, "the image (its RIFF size)"));
  return findings.filter((finding) => finding !== null);
}

/** RFC 9649 section 2.4: "RIFF" at 0, size u32 at 4 (of all that follows it, even), "WEBP" at 8. */
async function readRiffEnd(reader: ByteReader): Promise<number> {
  const header = await reader.exactly(0, 12, "the WebP header");
  if (header.toString("latin1", 0, 4) !== "RIFF" || header.toString("latin1", 8, 12) !== "WEBP") {
    throw damaged(0, "RIFF … WEBP", "other bytes");
  }
  const end = 8 + header.readUInt32LE(4);
  if (end % 2 !== 0 || end < 20) throw damaged(4, "an even RIFF size of at least 12", `${end - 8}`);
  if (end > reader.sizeBytes) {
    throw flaw("FILE_TRUNCATED", reader.sizeBytes, `${end} bytes, as the header says`, "the end of the file");
  }
  return end;
}

async function readChunk(reader: ByteReader, offset: number, end: number): Promise<Chunk> {
  if (offset + 8 > end) throw damaged(offset, "a whole chunk header", "the end of the RIFF size");
  const header = await reader.exactly(offset, 8, "a WebP chunk");
  const lengthBytes = header.readUInt32LE(4);
  const id = header.toString("latin1", 0, 4);
  if (!/^[ -~]{4}$/.test(id)) throw damaged(offset, "a chunk name", "other bytes");
  const chunkEnd = offset + 8 + lengthBytes + (lengthBytes % 2);
  if (chunkEnd > end) throw damaged(offset + 4, "a chunk inside the RIFF size", "a longer one");
  return { id, offset, lengthBytes };
}

async function checkChunkData(reader: ByteReader, chunk: Chunk): Promise<Finding | null> {
  const dataAt = chunk.offset + 8;
  await checkPictureStart(reader, chunk);
  if (chunk.lengthBytes % 2 === 1) {
    const padding = await reader.exactly(dataAt + chunk.lengthBytes, 1, "a padding byte");
    if (padding.readUInt8(0) !== 0)
      throw damaged(dataAt + chunk.lengthBytes, "a zero padding byte", "another");
  }
  if (COMPRESSED.has(chunk.id)) return null;
  const scan = new MarkupScan();
  await reader.eachPiece(dataAt, dataAt + chunk.lengthBytes, "a WebP chunk", (piece, offset) =>
    scan.push(piece, offset),
  );
  return scan.finding("the metadata of the image");
}

/** VP8 key frame: 9d 01 2a at 3 (RFC 6386 section 9.1). VP8L: 2f at 0 (RFC 9649 section 3.4). VP8X: ten bytes (section 2.7). */
async function checkPictureStart(reader: ByteReader, { id, offset, lengthBytes }: Chunk): Promise<void> {
  const start = await reader.read(offset + 8, Math.min(lengthBytes, 10));
  const isFine =
    (id !== "VP8 " || (start.length === 10 && start.readUIntBE(3, 3) === 0x9d012a)) &&
    (id !== "VP8L" || (start.length >= 5 && start.readUInt8(0) === 0x2f)) &&
    (id !== "VP8X" || lengthBytes === 10) &&
    (id !== "ANMF" || lengthBytes >= 24);
  if (!isFine) throw damaged(offset + 8, `the start of a ${id.trim()} chunk`, "other bytes");
}

function damaged(byteOffset: number, expected: string, seen: string): Error {
  return flaw("FILE_STRUCTURE_INVALID", byteOffset, expected, seen);
}
