/**
 * CSV (RFC 4180): valid text whose quoted fields are all closed.
 *
 * The separator is the one of `,` `;` TAB `|` that the first line has most of; a quote opens a field only at its beginning, and `""`
 * inside it is one quote. The number of fields a line is not compared: honest exports differ in it. Whether a cell reads as a
 * formula is a question for who opens it, not for what the file is.
 */
import type { Finding } from "../../uploads/finding.ts";
import type { ByteReader } from "../byte-reader.ts";
import { flaw } from "../flaw.ts";
import { judgeTextStart, TextCheck } from "./text.ts";

const QUOTE = 0x22;
const SEPARATORS = [0x2c, 0x3b, 0x09, 0x7c] as const;

/**
 * @returns FILE_SECOND_FORMAT where the text begins like something that programs act on.
 * @throws FILE_NOT_TEXT, FILE_TRUNCATED (a quoted field is never closed)
 */
export async function walkCsv(reader: ByteReader): Promise<readonly Finding[]> {
  const begin = await judgeTextStart(reader);
  const start = await reader.read(0, 64 * 1024);
  const from = start.subarray(0, 3).toString("hex") === "efbbbf" ? 3 : 0;
  const quotes = new QuoteCheck(findSeparator(start.subarray(from)));
  const text = new TextCheck();
  await reader.eachPiece(from, reader.sizeBytes, "CSV", (piece, offset) => {
    text.push(piece, offset);
    quotes.push(piece, offset);
  });
  text.end(reader.sizeBytes);
  const openAt = quotes.openAt();
  if (openAt !== null)
    throw flaw("FILE_TRUNCATED", openAt, "the end of a quoted field", "the end of the file");
  return begin === null ? [] : [begin];
}

function findSeparator(start: Buffer): number {
  const lineEnd = start.findIndex((byte) => byte === 0x0a || byte === 0x0d);
  const line = lineEnd === -1 ? start : start.subarray(0, lineEnd);
  const count = (wanted: number): number => line.reduce((sum, byte) => sum + (byte === wanted ? 1 : 0), 0);
  return SEPARATORS.reduce((best, next) => (count(next) > count(best) ? next : best));
}

/**
 * Follows quotes from one to the next: between them only the byte before an opening quote and the byte after a closing one matter, so
 * that nothing else has to be looked at.
 */
class QuoteCheck {
  readonly #separator: number;
  #isQuoted = false;
  /** The last piece ended with a quote inside a quoted field: the next byte says whether it closed it. */
  #mayGoOn = false;
  #openedAt = 0;
  #last = 0x0a;

  constructor(separator: number) {
    this.#separator = separator;
  }

  push(piece: Buffer, offset: number): void {
    let at = 0;
    if (this.#mayGoOn && piece[0] === QUOTE) {
      this.#isQuoted = true;
      at = 1;
    }
    this.#mayGoOn = false;
    for (at = nextQuote(piece, at); at !== -1; at = nextQuote(piece, at)) {
      at = this.#isQuoted ? this.#takeClosing(piece, at) : this.#takeOpening(piece, at, offset);
    }
    this.#last = piece[piece.length - 1] ?? this.#last;
  }

  /** Offset of the quote that was never closed, or `null`. */
  openAt(): number | null {
    return this.#isQuoted ? this.#openedAt : null;
  }

  #takeOpening(piece: Buffer, at: number, offset: number): number {
    const before = at === 0 ? this.#last : piece[at - 1];
    if (before === this.#separator || before === 0x0a || before === 0x0d) {
      this.#isQuoted = true;
      this.#openedAt = offset + at;
    }
    return at + 1;
  }

  #takeClosing(piece: Buffer, at: number): number {
    if (piece[at + 1] === QUOTE) return at + 2;
    this.#isQuoted = false;
    this.#mayGoOn = at + 1 === piece.length;
    return at + 1;
  }
}

/** Looks near by itself and calls the fast search only for what is farther: its call costs more than 32 steps. */
function nextQuote(piece: Buffer, from: number): number {
  const near = Math.min(from + 32, piece.length);
  for (let at = from; at < near; at += 1) {
    if (piece[at] === QUOTE) return at;
  }
  return near === piece.length ? -1 : piece.indexOf(QUOTE, near);
}
