/**
 * PDF (ISO 32000-2), walked from its end: `%%EOF`, `startxref`, and every cross-reference section that this leads to.
 *
 * Holds for a file that passes: the header stands at byte 0; only white space follows the last `%%EOF`; `startxref` and every
 * `/Prev` and `/XRefStm` lead to a cross-reference table or stream with a readable dictionary; the chain has an end; there is a
 * root. Incremental updates and linearised files pass. Objects are not read: that is the work of an isolated process. A file cut
 * exactly between two incremental updates is a whole older revision of itself, and passes as that.
 */
import type { Finding } from "../../uploads/finding.ts";
import type { ByteReader } from "../byte-reader.ts";
import { flaw, refusal } from "../flaw.ts";
import { type PdfDictionary, readPdfDictionary } from "./pdf-dictionary.ts";

const SECTIONS_MAX = 4096;
const TAIL_BYTES = 64 * 1024;
const DICTIONARY_BYTES_MAX = 64 * 1024;
/** Bytes between `startxref` and `%%EOF`: a number and some white space. */
const STARTXREF_BYTES_MAX = 256;

/** ISO 32000-2 table 1: white space. */
const SPACE = new Set([0x00, 0x09, 0x0a, 0x0c, 0x0d, 0x20]);

interface Section {
  readonly dictionary: PdfDictionary;
}

/**
 * @returns what was seen beside an intact structure: trailing bytes.
 * @throws FILE_STRUCTURE_INVALID, FILE_TRUNCATED, FILE_TOO_COMPLEX
 */
export async function walkPdf(reader: ByteReader): Promise<readonly Finding[]> {
  const header = (await reader.read(0, 16)).toString("latin1");
  if (!/^%PDF-[12]\.\d/.test(header)) throw damaged(0, "the header %PDF-1.n or %PDF-2.n", "other bytes");
  const { startOffset, trailing } = await readEnd(reader);
  await walkSections(reader, startOffset);
  return trailing === null ? [] : [trailing];
}

/** Section 7.5.5: the last lines are `startxref`, the offset of the last cross-reference section, `%%EOF`. */
async function readEnd(reader: ByteReader): Promise<{ startOffset: number; trailing: Finding | null }> {
  const tailAt = Math.max(0, reader.sizeBytes - TAIL_BYTES);
  const tail = await reader.read(tailAt, TAIL_BYTES);
  const marker = tail.lastIndexOf("%%EOF");
  if (marker === -1)
    throw flaw("FILE_TRUNCATED", reader.sizeBytes, "%%EOF near the end", "the end of the file");
  const before = tail.toString("latin1", Math.max(0, marker - STARTXREF_BYTES_MAX), marker);
  const match = /startxref[\0\t\n\f\r ]+(\d{1,15})[\0\t\n\f\r ]+$/.exec(before);
  if (match === null)
    throw damaged(tailAt + marker, "startxref and an offset before %%EOF", "something else");
  const after = tail.subarray(marker + 5);
  const rest = after.findIndex((byte) => !SPACE.has(byte));
  const trailing = rest === -1 ? null : trailingBytes(tailAt + marker + 5 + rest, after.length - rest);
  return { startOffset: Number(match[1]), trailing };
}

function trailingBytes(byteOffset: number, lengthBytes: number): Finding {
  const seen = `${lengthBytes} more bytes`;
  return refusal("FILE_TRAILING_BYTES", byteOffset, "nothing after the document's last %%EOF", seen);
}

async function walkSections(reader: ByteReader, startOffset: number): Promise<void> {
  const visited = new Set<number>();
  const waiting = [startOffset];
  let hasRoot = false;
  for (let offset = waiting.pop(); offset !== undefined; offset = waiting.pop()) {
    reader.step(offset);
    if (visited.has(offset)) throw damaged(offset, "a chain of sections with an end", "a loop");
    visited.add(offset);
    if (visited.size > SECTIONS_MAX) {
      throw flaw("FILE_TOO_COMPLEX", offset, `at most ${SECTIONS_MAX} revisions`, "more");
    }
    const { dictionary } = await readSection(reader, offset);
    hasRoot ||= dictionary.has("Root");
    waiting.push(...followingSections(dictionary, offset));
  }
  if (!hasRoot) throw damaged(startOffset, "a document root", "none");
}

function followingSections(dictionary: PdfDictionary, offset: number): number[] {
  const following: number[] = [];
  for (const key of ["Prev", "XRefStm"]) {
    const value = dictionary.get(key);
    if (value === undefined) continue;
    if (!/^\d{1,15}$/.test(value)) throw damaged(offset, `an offset as /${key}`, "something else");
    following.push(Number(value));
  }
  return following;
}

async function readSection(reader: ByteReader, offset: number): Promise<Section> {
  const at = await skipSpace(reader, offset);
  const start = (await reader.read(at, 64)).toString("latin1");
  if (/^xref[\0\t\n\f\r ]/.test(start)) return readTable(reader, at + 4);
  const object = /^\d{1,10}[\0\t\n\f\r ]+\d{1,5}[\0\t\n\f\r ]+obj/.exec(start);
  if (object !== null) return readStreamObject(reader, at, at + object[0].length);
  throw damaged(offset, "a cross-reference table or stream where startxref points", "something else");
}

/** Section 7.5.4: subsections of a first number and a count, then entries of 20 bytes; after the last one, `trailer`. */
async function readTable(reader: ByteReader, from: number): Promise<Section> {
  let at = from;
  for (;;) {
    reader.step(at);
    at = await skipSpace(reader, at);
    const start = (await reader.read(at, 64)).toString("latin1");
    if (start.startsWith("trailer")) return { dictionary: await readDictionary(reader, at + 7) };
    const heading = /^\d{1,10}[\t\f ]+(\d{1,10})[\t\f ]*[\r\n]+/.exec(start);
    if (heading === null) throw damaged(at, "a subsection of the table, or the trailer", "something else");
    at += heading[0].length;
    at += Number(heading[1]) * (await entryBytes(reader, at));
    if (at > reader.sizeBytes) throw flaw("FILE_TRUNCATED", reader.sizeBytes, "the whole table", "the end");
  }
}

/** Entries are 20 bytes; some programs end them with one character in place of two, which makes 19. */
async function entryBytes(reader: ByteReader, at: number): Promise<number> {
  const entry = (await reader.read(at, 20)).toString("latin1");
  return /^\d{10} \d{5} [nf][\r\n][^\r\n ]/.test(entry) ? 19 : 20;
}

/** Section 7.5.8: a stream whose dictionary has /Type /XRef. */
async function readStreamObject(reader: ByteReader, at: number, dictionaryAt: number): Promise<Section> {
  const dictionary = await readDictionary(reader, dictionaryAt);
  if (dictionary.get("Type") !== "/XRef") throw damaged(at, "a cross-reference stream", "another object");
  return { dictionary };
}

async function readDictionary(reader: ByteReader, offset: number): Promise<PdfDictionary> {
  const dictionary = readPdfDictionary(await reader.read(offset, DICTIONARY_BYTES_MAX));
  if (dictionary === null) throw damaged(offset, "a readable dictionary", "something else");
  return dictionary;
}

async function skipSpace(reader: ByteReader, offset: number): Promise<number> {
  const bytes = await reader.read(offset, 1024);
  const index = bytes.findIndex((byte) => !SPACE.has(byte));
  return index === -1 ? offset + bytes.length : offset + index;
}

function damaged(byteOffset: number, expected: string, seen: string): Error {
  return flaw("FILE_STRUCTURE_INVALID", byteOffset, expected, seen);
}
