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
  const quotes = new QuoteCheck(findSeparator(start));
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

type Place = "field-start" | "plain" | "quoted" | "after-quote";

class QuoteCheck {
  readonly #separator: number;
  #place: Place = "field-start";
  #openedAt = 0;

  constructor(separator: number) {
    this.#separator = separator;
  }

  push(piece: Buffer, offset: number): void {
    for (let at = 0; at < piece.length; at += 1) {
      if (this.#place === "quoted") {
        at = piece.indexOf(QUOTE, at);
        if (at === -1) return;
        this.#place = "after-quote";
      } else this.#take(piece[at] as number, offset + at);
    }
  }

  /** Offset of the quote that was never closed, or `null`. */
  openAt(): number | null {
    return this.#place === "quoted" ? this.#openedAt : null;
  }

  #take(byte: number, offset: number): void {
    const opens = byte === QUOTE && this.#place !== "plain";
    if (opens && this.#place === "field-start") this.#openedAt = offset;
    if (opens) this.#place = "quoted";
    else if (byte === this.#separator || byte === 0x0a || byte === 0x0d) this.#place = "field-start";
    else this.#place = "plain";
  }
}
