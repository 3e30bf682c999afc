/**
 * A state machine over the bytes of one JSON value (RFC 8259). No value is built: what is kept is a state, the position in a
 * literal, and for each open array or object one entry of a bounded stack.
 */
import { flaw } from "../flaw.ts";

/** Open arrays and objects at once. Python's `json` gives up near 1,000. */
export const DEPTH_MAX = 512;

/** What may come next. */
type State =
  | "value"
  | "value-or-end"
  | "key"
  | "key-or-end"
  | "colon"
  | "comma-or-end"
  | "end"
  | "string"
  | "escape"
  | "hex"
  | "literal"
  | "minus"
  | "zero"
  | "integer"
  | "point"
  | "fraction"
  | "exponent"
  | "exponent-sign"
  | "exponent-digits";

const EXPECTED: Readonly<Record<State, string>> = {
  value: "a value",
  "value-or-end": "a value or ]",
  key: "a name in quotes",
  "key-or-end": "a name in quotes or }",
  colon: "a colon",
  "comma-or-end": "a comma or the end of the array or object",
  end: "nothing more",
  string: "the end of a string",
  escape: "an escape sequence",
  hex: "four hex digits",
  literal: "true, false or null",
  minus: "a digit",
  zero: "the end of a number",
  integer: "the end of a number",
  point: "a digit",
  fraction: "the end of a number",
  exponent: "an exponent",
  "exponent-sign": "a digit",
  "exponent-digits": "the end of a number",
};

/** States in which a number may end. */
const NUMBER_ENDS: ReadonlySet<State> = new Set(["zero", "integer", "fraction", "exponent-digits"]);

const IN_NUMBER: ReadonlySet<State> = new Set([
  ...NUMBER_ENDS,
  "minus",
  "point",
  "exponent",
  "exponent-sign",
]);

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;

const isSpace = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;
const isHex = (byte: number): boolean =>
  isDigit(byte) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66);
const isEscape = (byte: number): boolean => '"\\/bfnrt'.includes(String.fromCharCode(byte));
const isExponent = (byte: number): boolean => byte === 0x65 || byte === 0x45;

export class JsonCheck {
  #state: State = "value";
  /** For each open array or object: `true` for an object. */
  readonly #open: boolean[] = [];
  #stringIsKey = false;
  #left = 0;
  #literal = "";

  /**
   * Takes the next bytes.
   * @throws FILE_STRUCTURE_INVALID, FILE_TRAILING_BYTES, FILE_TOO_COMPLEX
   */
  push(piece: Buffer, offset: number): void {
    for (let at = 0; at < piece.length; at += 1) {
      if (this.#state === "string") at = skipPlain(piece, at);
      if (at < piece.length) this.#take(piece[at] as number, offset + at);
    }
  }

  /** Whether what came so far is one whole value. */
  isWhole(): boolean {
    return this.#open.length === 0 && (this.#state === "end" || NUMBER_ENDS.has(this.#state));
  }

  /** What may come next, in words. */
  expected(): string {
    return EXPECTED[this.#state];
  }

  #take(byte: number, offset: number): void {
    if (NUMBER_ENDS.has(this.#state) && !this.#continuesNumber(byte)) this.#closeValue();
    if (this.#state === "string") this.#inString(byte, offset);
    else if (this.#state === "escape") this.#inEscape(byte, offset);
    else if (this.#state === "hex") this.#inHex(byte, offset);
    else if (this.#state === "literal") this.#inLiteral(byte, offset);
    else if (IN_NUMBER.has(this.#state)) this.#inNumber(byte, offset);
    else if (!isSpace(byte)) this.#between(byte, offset);
  }

  #between(byte: number, offset: number): void {
    const isInObject = this.#open.at(-1) === true;
    if (this.#state === "end") throw flaw("FILE_TRAILING_BYTES", offset, "one JSON value", "more after it");
    if (this.#state === "colon" && byte === 0x3a) this.#state = "value";
    else if (this.#state === "comma-or-end" && byte === COMMA) this.#state = isInObject ? "key" : "value";
    else if (this.#canClose(byte, isInObject)) this.#close();
    else if ((this.#state === "key" || this.#state === "key-or-end") && byte === QUOTE)
      this.#openString(true);
    else if (this.#state === "value" || this.#state === "value-or-end") this.#openValue(byte, offset);
    else throw this.#wrong(offset);
  }

  #canClose(byte: number, isInObject: boolean): boolean {
    const isEndByte = byte === (isInObject ? 0x7d : 0x5d);
    const mayEnd = isInObject ? "key-or-end" : "value-or-end";
    return isEndByte && this.#open.length > 0 && (this.#state === "comma-or-end" || this.#state === mayEnd);
  }

  #close(): void {
    this.#open.pop();
    this.#closeValue();
  }

  #closeValue(): void {
    this.#state = this.#open.length === 0 ? "end" : "comma-or-end";
  }

  #openValue(byte: number, offset: number): void {
    if (byte === QUOTE) this.#openString(false);
    else if (byte === 0x7b) this.#openNested(true, offset);
    else if (byte === 0x5b) this.#openNested(false, offset);
    else if (byte === 0x2d) this.#state = "minus";
    else if (isDigit(byte)) this.#state = byte === 0x30 ? "zero" : "integer";
    else if (byte === 0x74) this.#openLiteral("true");
    else if (byte === 0x66) this.#openLiteral("false");
    else if (byte === 0x6e) this.#openLiteral("null");
    else throw this.#wrong(offset);
  }

  #openNested(isObject: boolean, offset: number): void {
    this.#open.push(isObject);
    if (this.#open.length > DEPTH_MAX) {
      throw flaw("FILE_TOO_COMPLEX", offset, `arrays and objects at most ${DEPTH_MAX} deep`, "deeper ones");
    }
    this.#state = isObject ? "key-or-end" : "value-or-end";
  }

  #openString(isKey: boolean): void {
    this.#stringIsKey = isKey;
    this.#state = "string";
  }

  #inString(byte: number, offset: number): void {
    if (byte === BACKSLASH) this.#state = "escape";
    else if (byte === QUOTE) this.#closeString();
    else if (byte < 0x20) throw this.#wrong(offset);
  }

  #closeString(): void {
    if (this.#stringIsKey) this.#state = "colon";
    else this.#closeValue();
  }

  #inEscape(byte: number, offset: number): void {
    if (byte === 0x75) {
      this.#state = "hex";
      this.#left = 4;
    } else if (isEscape(byte)) this.#state = "string";
    else throw this.#wrong(offset);
  }

  #inHex(byte: number, offset: number): void {
    if (!isHex(byte)) throw this.#wrong(offset);
    this.#left -= 1;
    if (this.#left === 0) this.#state = "string";
  }

  #openLiteral(word: string): void {
    this.#state = "literal";
    this.#literal = word.slice(1);
  }

  #inLiteral(byte: number, offset: number): void {
    if (byte !== this.#literal.charCodeAt(0)) throw this.#wrong(offset);
    this.#literal = this.#literal.slice(1);
    if (this.#literal === "") this.#closeValue();
  }

  #continuesNumber(byte: number): boolean {
    if (isDigit(byte)) return this.#state !== "zero";
    if (this.#state === "exponent-digits") return false;
    return isExponent(byte) || (byte === 0x2e && this.#state !== "fraction");
  }

  #inNumber(byte: number, offset: number): void {
    const next = this.#nextInNumber(byte);
    if (next === null) throw this.#wrong(offset);
    this.#state = next;
  }

  #nextInNumber(byte: number): State | null {
    const state = this.#state;
    const isSign = byte === 0x2b || byte === 0x2d;
    if (state === "minus" && byte === 0x30) return "zero";
    if (isDigit(byte)) {
      if (state === "minus" || state === "integer") return "integer";
      return state === "point" || state === "fraction" ? "fraction" : "exponent-digits";
    }
    if (NUMBER_ENDS.has(state)) return byte === 0x2e ? "point" : "exponent";
    return state === "exponent" && isSign ? "exponent-sign" : null;
  }

  #wrong(offset: number): Error {
    return flaw("FILE_STRUCTURE_INVALID", offset, EXPECTED[this.#state], "something else");
  }
}

/** Index of the first byte that ends or escapes a string, or that no string has; `piece.length` where there is none. */
function skipPlain(piece: Buffer, from: number): number {
  let at = from;
  while (at < piece.length) {
    const byte = piece[at] as number;
    if (byte === QUOTE || byte === BACKSLASH || byte < 0x20) break;
    at += 1;
  }
  return at;
}
