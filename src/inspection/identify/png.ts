/**
 * PNG (ISO/IEC 15948, PNG third edition), walked from the signature to IEND.
 *
 * Holds for a file that passes: every chunk has a true length, a letter-only type and the right CRC-32; IHDR is first and makes
 * sense; PLTE comes before and IDAT in one run; IEND is empty and last. APNG's chunks are ancillary and pass. Pixels are not
 * decoded; compressed text (zTXt, iCCP) is not expanded.
 */
import { crc32 } from "node:zlib";
import type { Finding } from "../../uploads/finding.ts";
import type { ByteReader } from "../byte-reader.ts";
import { flaw } from "../flaw.ts";
import { MarkupScan } from "./markup-scan.ts";
import { judgeTail } from "./tail.ts";

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const CHUNK_BYTES_MAX = 0x7fffffff;
const CRITICAL = new Set(["IHDR", "PLTE", "IDAT", "IEND"]);
const COMPRESSED = new Set(["IDAT", "fdAT"]);

/** Section 11.2.1, table 11.1: allowed bit depths by colour type. */
const BIT_DEPTHS: ReadonlyMap<number, readonly number[]> = new Map([
  [0, [1, 2, 4, 8, 16]],
  [2, [8, 16]],
  [3, [1, 2, 4, 8]],
  [4, [8, 16]],
  [6, [8, 16]],
]);

interface Chunk {
  readonly type: string;
  readonly offset: number;
  readonly lengthBytes: number;
}

/**
 * @returns what was seen beside an intact structure: trailing bytes, markup in metadata.
 * @throws FILE_STRUCTURE_INVALID, FILE_TRUNCATED, FILE_TOO_COMPLEX
 */
export async function walkPng(reader: ByteReader): Promise<readonly Finding[]> {
  const signature = await reader.exactly(0, 8, "the PNG signature");
  if (!signature.equals(SIGNATURE)) throw damaged(0, "the PNG signature", "other bytes");
  const findings: Finding[] = [];
  const order = new ChunkOrder();
  let at = 8;
  while (!order.isOver) {
    reader.step(at);
    const chunk = await readChunkHeader(reader, at);
    order.take(chunk);
    if (chunk.type === "IHDR") await checkHeader(reader, chunk);
    const markup = await checkChunkData(reader, chunk);
    if (markup !== null) findings.push(markup);
    at += 12 + chunk.lengthBytes;
  }
  const tail = await judgeTail(reader, at, "the image (chunk IEND)");
  return tail === null ? findings : [...findings, tail];
}

/** Section 5.6: the order in which chunks may come. */
class ChunkOrder {
  isOver = false;
  #previous = "";
  readonly #seen = new Set<string>();

  take(chunk: Chunk): void {
    const problem = this.#problemOf(chunk);
    if (problem !== null) throw damaged(chunk.offset, problem, "chunks in another order");
    if (CRITICAL.has(chunk.type)) this.#seen.add(chunk.type);
    this.#previous = chunk.type;
    this.isOver = chunk.type === "IEND";
  }

  #problemOf({ type, lengthBytes }: Chunk): string | null {
    if (this.#previous === "" && type !== "IHDR") return "IHDR as the first chunk";
    if (type === "IHDR" && this.#previous !== "") return "one IHDR only";
    if (type === "PLTE" && (this.#seen.has("IDAT") || this.#seen.has("PLTE"))) return "one PLTE, before IDAT";
    if (type === "IDAT" && this.#seen.has("IDAT") && this.#previous !== "IDAT") return "all IDAT in one run";
    if (type === "IEND" && !this.#seen.has("IDAT")) return "IDAT before IEND";
    if (type === "IEND" && lengthBytes !== 0) return "an empty IEND";
    return null;
  }
}

/** Chunk layout, section 5.3: length u32 at 0, type at 4, data at 8, CRC-32 of type and data after it. */
async function readChunkHeader(reader: ByteReader, offset: number): Promise<Chunk> {
  const header = await reader.exactly(offset, 8, "the next PNG chunk");
  const lengthBytes = header.readUInt32BE(0);
  const type = header.toString("latin1", 4, 8);
  if (!/^[A-Za-z]{2}[A-Z][A-Za-z]$/.test(type)) throw damaged(offset + 4, "a chunk type", "other bytes");
  if (lengthBytes > CHUNK_BYTES_MAX) throw damaged(offset, "a chunk length below 2 GiB", `${lengthBytes}`);
  const isCritical = (header.readUInt8(4) & 0x20) === 0;
  if (isCritical && !CRITICAL.has(type)) {
    throw damaged(offset, "IHDR, PLTE, IDAT, IEND or an ancillary chunk", "an unknown critical chunk");
  }
  return { type, offset, lengthBytes };
}

async function checkChunkData(reader: ByteReader, chunk: Chunk): Promise<Finding | null> {
  const dataEnd = chunk.offset + 8 + chunk.lengthBytes;
  const scan = COMPRESSED.has(chunk.type) ? null : new MarkupScan();
  let crc = 0;
  await reader.eachPiece(chunk.offset + 4, dataEnd, "the rest of a PNG chunk", (piece, offset) => {
    crc = crc32(piece, crc);
    scan?.push(piece, offset);
  });
  const stored = (await reader.exactly(dataEnd, 4, "the CRC of a PNG chunk")).readUInt32BE(0);
  if (stored !== crc) throw damaged(dataEnd, "the chunk's CRC-32", "another value");
  return scan?.finding("the metadata of the image") ?? null;
}

/** Section 11.2.1: width u32, height u32, bit depth, colour type, compression, filter, interlace. */
async function checkHeader(reader: ByteReader, chunk: Chunk): Promise<void> {
  if (chunk.lengthBytes !== 13) throw damaged(chunk.offset, "an IHDR of 13 bytes", `${chunk.lengthBytes}`);
  const data = await reader.exactly(chunk.offset + 8, 13, "IHDR");
  const width = data.readUInt32BE(0);
  const height = data.readUInt32BE(4);
  const hasSize = width > 0 && height > 0 && width <= CHUNK_BYTES_MAX && height <= CHUNK_BYTES_MAX;
  const depths = BIT_DEPTHS.get(data.readUInt8(9)) ?? [];
  const hasDepth = depths.includes(data.readUInt8(8));
  const hasMethods = data.readUInt8(10) === 0 && data.readUInt8(11) === 0 && data.readUInt8(12) <= 1;
  if (!hasSize || !hasDepth || !hasMethods)
    throw damaged(chunk.offset + 8, "a valid IHDR", "impossible values");
}

function damaged(byteOffset: number, expected: string, seen: string): Error {
  return flaw("FILE_STRUCTURE_INVALID", byteOffset, expected, seen);
}
