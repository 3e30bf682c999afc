/**
 * The top level of one PDF dictionary (ISO 32000-2 section 7.3).
 *
 * In: bytes from before its `<<`. Out: its keys, each with the first token of its value: enough to follow cross-references. Strings,
 * comments and nested dictionaries are skipped as the standard has them, so that a key inside a string is not taken for one.
 */

/** Key without slash (its `#xx` escapes read) → first token of its value, as written (`<<` and `[` for what is nested). */
export type PdfDictionary = ReadonlyMap<string, string>;

const TOKEN =
  /[\0\t\n\f\r ]+|%[^\r\n]*|<<|>>|\[|\]|\(|<[0-9A-Fa-f\0\t\n\f\r ]*>|\/[^\0\t\n\f\r ()<>[\]{}/%]*|[^\0\t\n\f\r ()<>[\]{}/%]+/y;

/**
 * @returns `null` where there is no dictionary, it is not closed within `bytes`, or names a key twice.
 */
export function readPdfDictionary(bytes: Buffer): PdfDictionary | null {
  const tokens = new Tokens(bytes.toString("latin1"));
  if (tokens.next() !== "<<") return null;
  const pairs = new Pairs();
  let depth = 1;
  for (let token = tokens.next(); token !== null; token = tokens.next()) {
    if (depth === 1 && token !== ">>" && !pairs.take(token)) return null;
    if (token === "<<" || token === "[") depth += 1;
    if (token === ">>" || token === "]") depth -= 1;
    if (depth === 0) return pairs.isComplete() ? pairs.found : null;
  }
  return null;
}

/** Puts the top-level tokens of a dictionary together into keys and values. */
class Pairs {
  readonly found = new Map<string, string>();
  #key: string | null = null;

  /** False for a token that cannot stand there, and for a key that was there before. */
  take(token: string): boolean {
    if (this.#key !== null) {
      this.found.set(this.#key, token);
      this.#key = null;
      return true;
    }
    if (!token.startsWith("/")) return isReferenceRest(token);
    this.#key = readName(token);
    return !this.found.has(this.#key);
  }

  isComplete(): boolean {
    return this.#key === null;
  }
}

/** After the first token of a value, `0 R` of a reference may follow. */
function isReferenceRest(token: string): boolean {
  return token === "R" || /^\d+$/.test(token);
}

function readName(token: string): string {
  return token
    .slice(1)
    .replace(/#([0-9A-Fa-f]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** Splits text into tokens; white space and comments are left out; a literal string comes as `(`. */
class Tokens {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** `null` at the end, or where no token can be. */
  next(): string | null {
    for (;;) {
      TOKEN.lastIndex = this.#at;
      const match = TOKEN.exec(this.#text);
      if (match === null) return null;
      const token = match[0];
      this.#at = TOKEN.lastIndex;
      if (token === "(") return this.#skipString() ? token : null;
      if (!/^[\0\t\n\f\r %]/.test(token)) return token;
    }
  }

  /** Section 7.3.4.2: parentheses nest, a backslash takes the next character's meaning away. */
  #skipString(): boolean {
    let depth = 1;
    for (; this.#at < this.#text.length; this.#at += 1) {
      const char = this.#text[this.#at];
      if (char === "\\") this.#at += 1;
      else if (char === "(") depth += 1;
      else if (char === ")") depth -= 1;
      if (depth === 0) {
        this.#at += 1;
        return true;
      }
    }
    return false;
  }
}
