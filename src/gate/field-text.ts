/**
 * One text field while it arrives: bounded in bytes at once, judged in characters at its end.
 */
import type { FieldRule } from "../flows/flow.ts";
import { GateError, quoteSeen } from "../problems/gate-error.ts";

const UTF8_BYTES_PER_CHAR_MAX = 4;
/** Everything below space but tab and line ends, and DEL: nobody types them, and logs, shells and databases trip over them. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that are refused
const CONTROL_CHARACTERS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/;

export class FieldText {
  readonly name: string;
  readonly #rule: FieldRule;
  readonly #chunks: Uint8Array[] = [];
  #bytes = 0;

  constructor(name: string, rule: FieldRule) {
    this.name = name;
    this.#rule = rule;
  }

  /** @throws FIELD_TOO_LONG as soon as no encoding of an allowed text could have so many bytes */
  write(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#rule.lengthCharsMax * UTF8_BYTES_PER_CHAR_MAX)
      throw this.#tooLong(`more than ${this.#bytes - 1} bytes`);
    // A copy: the view would keep its whole 64 KiB receive buffer alive.
    this.#chunks.push(Uint8Array.from(chunk));
  }

  /** @throws FIELD_NOT_TEXT, FIELD_TOO_LONG, FIELD_TOO_SHORT */
  finish(): string {
    const text = this.#decode();
    const lengthChars = countCodePoints(text);
    if (lengthChars > this.#rule.lengthCharsMax) throw this.#tooLong(`${lengthChars} characters`);
    if (lengthChars < this.#rule.lengthCharsMin) {
      throw new GateError("FIELD_TOO_SHORT", {
        expected: `${quoteSeen(this.name)} with at least ${this.#rule.lengthCharsMin} characters`,
        seen: `${lengthChars} characters`,
        details: { field: this.name },
      });
    }
    return text;
  }

  #decode(): string {
    let text: string;
    try {
      text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Buffer.concat(this.#chunks));
    } catch {
      throw this.#notText("bytes that are not UTF-8");
    }
    if (CONTROL_CHARACTERS.test(text)) throw this.#notText("control characters");
    return text;
  }

  #notText(seen: string): GateError {
    return new GateError("FIELD_NOT_TEXT", {
      expected: `${quoteSeen(this.name)} as UTF-8 text`,
      seen,
      details: { field: this.name },
    });
  }

  #tooLong(seen: string): GateError {
    return new GateError("FIELD_TOO_LONG", {
      expected: `${quoteSeen(this.name)} with at most ${this.#rule.lengthCharsMax} characters`,
      seen,
      details: { field: this.name, limitChars: this.#rule.lengthCharsMax },
    });
  }
}

function countCodePoints(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}
