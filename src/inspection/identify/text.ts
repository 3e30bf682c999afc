/**
 * Plain text: valid UTF-8 from the first byte to the last, no NUL, no control character but TAB, LF, FF and CR.
 *
 * In: the whole file in pieces, cut anywhere. Out: a thrown FILE_NOT_TEXT with the byte offset, or nothing. A byte order mark of
 * UTF-8 may stand first. `walkText` also refuses text whose first characters make a browser or an interpreter take it for something
 * else (WHATWG MIME Sniffing section 7.1). Where text ends cannot be known: a cut text is a text.
 */
import { isUtf8 } from "node:buffer";
import type { Finding } from "../../uploads/finding.ts";
import type { ByteReader } from "../byte-reader.ts";
import { flaw, refusal } from "../flaw.ts";
import { findForbidden } from "./control-bytes.ts";

const BOM = Buffer.from([0xef, 0xbb, 0xbf]);
const HEAD_BYTES = 64 * 1024;

const MARKUP =
  /^<(?:[?!]|\/?(?:a|b|body|br|div|embed|font|form|frame|frameset|h[1-6]|head|html|iframe|img|input|link|math|meta|object|p|script|span|style|svg|table|title|video)[\s/>])/i;
const OTHER_FORMATS: readonly (readonly [RegExp, string])[] = [
  [MARKUP, "markup (HTML, SVG, XML or PHP)"],
  [/^%PDF-/, "a PDF document"],
  [/^%!PS/, "a PostScript program"],
  [/^#!/, "a script"],
  [/^\{\\rtf/, "an RTF document"],
  [/^\+\/v[89+/]|^\+ADw-/, "text in UTF-7"],
];

/**
 * @returns FILE_SECOND_FORMAT where the text begins like something that programs act on.
 * @throws FILE_NOT_TEXT
 */
export async function walkText(reader: ByteReader): Promise<readonly Finding[]> {
  const begin = await judgeTextStart(reader);
  const check = new TextCheck();
  await reader.eachPiece(0, reader.sizeBytes, "text", (piece, offset) => check.push(piece, offset));
  check.end(reader.sizeBytes);
  return begin === null ? [] : [begin];
}

/** What the first characters that are not white space make of a text. */
export async function judgeTextStart(reader: ByteReader): Promise<Finding | null> {
  const head = await reader.read(0, HEAD_BYTES);
  const bomBytes = head.subarray(0, 3).equals(BOM) ? 3 : 0;
  const seen = nameTextStart(head);
  return seen === null
    ? null
    : refusal("FILE_SECOND_FORMAT", bomBytes, "text without meaning to a program", seen);
}

/** Words for what a text's beginning looks like to a browser or interpreter; `null` for plain text. */
export function nameTextStart(head: Buffer): string | null {
  const text = head
    .toString("latin1", head.subarray(0, 3).equals(BOM) ? 3 : 0)
    .trimStart()
    .slice(0, 64);
  return OTHER_FORMATS.find(([pattern]) => pattern.test(text))?.[1] ?? null;
}

/** Checks text piece by piece; a character may be cut anywhere. */
export class TextCheck {
  readonly #utf8 = new Utf8Check();

  /** @throws FILE_NOT_TEXT */
  push(piece: Buffer, offset: number): void {
    const control = findForbidden(piece);
    if (control !== -1) throw notText(offset + control, nameControl(piece, control));
    this.#utf8.push(piece, offset);
  }

  /** @throws FILE_NOT_TEXT where the file ends inside a character. */
  end(offset: number): void {
    this.#utf8.end(offset);
  }
}

/** Checks UTF-8 alone, piece by piece. */
export class Utf8Check {
  #carry: Buffer = Buffer.alloc(0);

  /** @throws FILE_NOT_TEXT */
  push(piece: Buffer, offset: number): void {
    const bytes = this.#carry.length === 0 ? piece : Buffer.concat([this.#carry, piece]);
    const whole = bytes.length - cutCharacterBytes(bytes);
    if (!isUtf8(bytes.subarray(0, whole))) {
      throw notText(offset - this.#carry.length + findInvalid(bytes), nameInvalid(bytes, offset));
    }
    this.#carry = Buffer.from(bytes.subarray(whole));
  }

  /** @throws FILE_NOT_TEXT where the file ends inside a character. */
  end(offset: number): void {
    if (this.#carry.length > 0) throw notText(offset - this.#carry.length, "half a character at the end");
  }
}

/** Whether the beginning of a file can be that of a text; `isWhole` says that nothing follows it. */
export function canBeText(head: Buffer, isWhole: boolean): boolean {
  const whole = isWhole ? head.length : head.length - cutCharacterBytes(head);
  return findForbidden(head) === -1 && isUtf8(head.subarray(0, whole));
}

/** How many bytes at the end are the beginning of a character that is not all there (0 to 3). */
function cutCharacterBytes(bytes: Buffer): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back += 1) {
    const byte = bytes.readUInt8(bytes.length - back);
    if (byte >= 0xc0) return (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) > back ? back : 0;
    if (byte < 0x80) return 0;
  }
  return 0;
}

/** Index of the first character that is not valid UTF-8, by halving: every prefix before it is valid but for a cut character. */
function findInvalid(bytes: Buffer): number {
  let low = 0;
  let high = bytes.length;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    const part = bytes.subarray(0, middle);
    if (isUtf8(part.subarray(0, middle - cutCharacterBytes(part)))) low = middle;
    else high = middle - 1;
  }
  return low - cutCharacterBytes(bytes.subarray(0, low));
}

function nameControl(piece: Buffer, index: number): string {
  const byte = piece.readUInt8(index);
  return byte === 0 ? "a NUL byte" : `the control character ${byte.toString(16).padStart(2, "0")}`;
}

function nameInvalid(bytes: Buffer, offset: number): string {
  const start = offset === 0 ? bytes.subarray(0, 2).toString("hex") : "";
  return start === "fffe" || start === "feff" ? "text in UTF-16" : "bytes that are not UTF-8";
}

function notText(byteOffset: number, seen: string): Error {
  return flaw("FILE_NOT_TEXT", byteOffset, "UTF-8 text without control characters", seen);
}
