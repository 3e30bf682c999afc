/**
 * GIF 87a and 89a, walked from the header to the trailer.
 *
 * Holds for a file that passes: header, screen, colour tables, extensions and images follow each other without a byte between
 * them; there is at least one image; nothing follows the trailer. LZW data is skipped, not decoded.
 */
import type { Finding } from "../../uploads/finding.ts";
import type { ByteReader } from "../byte-reader.ts";
import { flaw, refusal } from "../flaw.ts";
import { MarkupScan } from "./markup-scan.ts";
import { judgeTail } from "./tail.ts";

const EXTENSION = 0x21;
const IMAGE = 0x2c;
const TRAILER = 0x3b;
const GRAPHIC_CONTROL = 0xf9;

/**
 * @returns what was seen beside an intact structure: trailing bytes, markup in comments, a header that reads as JavaScript.
 * @throws FILE_STRUCTURE_INVALID, FILE_TRUNCATED, FILE_TOO_COMPLEX
 */
export async function walkGif(reader: ByteReader): Promise<readonly Finding[]> {
  const findings: (Finding | null)[] = [];
  const header = await reader.exactly(0, 13, "the GIF header and screen");
  if (!/^GIF8[79]a$/.test(header.toString("latin1", 0, 6)))
    throw damaged(0, "GIF87a or GIF89a", "other bytes");
  findings.push(judgeScriptHeader(header));
  let at = 13 + colourTableBytes(header.readUInt8(10));
  let images = 0;
  for (;;) {
    reader.step(at);
    const kind = (await reader.exactly(at, 1, "the next GIF block")).readUInt8(0);
    if (kind === TRAILER) break;
    if (kind === IMAGE) {
      images += 1;
      at = await skipImage(reader, at);
    } else if (kind === EXTENSION) {
      at = await skipExtension(reader, at, findings);
    } else {
      throw damaged(at, "an image, an extension or the trailer", "another byte");
    }
  }
  if (images === 0) throw damaged(at, "at least one image", "the trailer");
  findings.push(await judgeTail(reader, at + 1, "the image (the GIF trailer)"));
  return findings.filter((finding) => finding !== null);
}

/** A flags byte with bit 7 set is followed by a table of 3 · 2^(n+1) bytes, n being its low three bits. */
function colourTableBytes(flags: number): number {
  return (flags & 0x80) === 0 ? 0 : 3 * 2 ** ((flags & 7) + 1);
}

/** Image descriptor: separator, left, top, width, height (u16 each), flags at 9; then table, LZW code size, sub-blocks. */
async function skipImage(reader: ByteReader, at: number): Promise<number> {
  const descriptor = await reader.exactly(at, 10, "a GIF image descriptor");
  const dataAt = at + 10 + colourTableBytes(descriptor.readUInt8(9));
  const codeSize = (await reader.exactly(dataAt, 1, "the LZW code size")).readUInt8(0);
  if (codeSize < 1 || codeSize > 11) throw damaged(dataAt, "an LZW code size of 1 to 11", `${codeSize}`);
  return skipSubBlocks(reader, dataAt + 1);
}

async function skipExtension(reader: ByteReader, at: number, findings: (Finding | null)[]): Promise<number> {
  const label = (await reader.exactly(at, 2, "a GIF extension")).readUInt8(1);
  const end = await skipSubBlocks(reader, at + 2);
  if (label !== GRAPHIC_CONTROL) {
    const scan = new MarkupScan();
    await reader.eachPiece(at + 2, end, "a GIF extension", (piece, offset) => scan.push(piece, offset));
    findings.push(scan.finding("a comment of the image"));
  }
  return end;
}

/** Sub-blocks: a length byte and as many bytes, until a length of zero. Gives the offset after that zero. */
async function skipSubBlocks(reader: ByteReader, from: number): Promise<number> {
  let at = from;
  for (;;) {
    const piece = await reader.piece(at);
    if (piece.length === 0) await reader.exactly(at, 1, "the rest of a GIF block");
    let inPiece = 0;
    while (inPiece < piece.length) {
      const lengthBytes = piece.readUInt8(inPiece);
      inPiece += 1 + lengthBytes;
      if (lengthBytes === 0) return at + inPiece;
    }
    at += inPiece;
  }
}

/**
 * `GIF89a` is a JavaScript name too. A screen width whose bytes read as the start of a comment or of an assignment makes the file
 * a script: 10,799 pixels for the comment; for `=`, more than 8,000, and readable bytes after it.
 */
function judgeScriptHeader(header: Buffer): Finding | null {
  const start = header.toString("latin1", 6, 10);
  if (!start.startsWith("/*") && !/^=[ -~]{3}$/.test(start)) return null;
  return refusal("FILE_SECOND_FORMAT", 6, "the size of a picture", "the beginning of a script");
}

function damaged(byteOffset: number, expected: string, seen: string): Error {
  return flaw("FILE_STRUCTURE_INVALID", byteOffset, expected, seen);
}
