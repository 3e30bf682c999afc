/**
 * A finite automaton over the bytes of one JSON value (RFC 8259), its transitions as data.
 *
 * No value is built: what is kept is a state and, for each open array or object, one entry of a bounded stack. A byte is one look-up
 * in a table; only brackets and commas need more. So a file of gigabytes is read in one pass at some hundred megabytes a second.
 */
import { flaw } from "../flaw.ts";
import { isForbidden } from "./control-bytes.ts";

/** Open arrays and objects at once. Python's `json` gives up near 1,000. */
export const DEPTH_MAX = 512;

/** States, with what may come next in words. `after` is after a value; states ending in `-end` may also be that. */
const STATES = {
  value: "a value",
  "value-or-close": "a value or ]",
  key: "a name in quotes",
  "key-or-close": "a name in quotes or }",
  colon: "a colon",
  after: "a comma or the end of the array or object",
  string: "the end of a string",
  "string-escape": "an escape sequence",
  "string-hex-1": "four hex digits",
  "string-hex-2": "four hex digits",
  "string-hex-3": "four hex digits",
  "string-hex-4": "four hex digits",
  "key-string": "the end of a name",
  "key-string-escape": "an escape sequence",
  "key-string-hex-1": "four hex digits",
  "key-string-hex-2": "four hex digits",
  "key-string-hex-3": "four hex digits",
  "key-string-hex-4": "four hex digits",
  minus: "a digit",
  "zero-end": "the end of a number",
  "integer-end": "the end of a number",
  point: "a digit",
  "fraction-end": "the end of a number",
  exponent: "an exponent",
  "exponent-sign": "a digit",
  "exponent-end": "the end of a number",
  t: "true",
  tr: "true",
  tru: "true",
  f: "false",
  fa: "false",
  fal: "false",
  fals: "false",
  n: "null",
  nu: "null",
  nul: "null",
} as const;

type State = keyof typeof STATES;

/** What a bracket or a comma does is not in the table alone: it depends on what is open. */
const ACTIONS = ["open-object", "open-array", "close-object", "close-array", "next"] as const;
type Action = (typeof ACTIONS)[number];

const NAMES = Object.keys(STATES) as readonly State[];
const FIRST_ACTION = NAMES.length;
const WRONG = 255;

const numberOf = (name: State | Action): number => [...NAMES, ...ACTIONS].indexOf(name);

const SPACE = " \t\n\r";
const DIGITS = "0123456789";
const HEX = `${DIGITS}abcdefABCDEF`;
const ENDS: readonly State[] = ["after", "zero-end", "integer-end", "fraction-end", "exponent-end"];

/** State, bytes, where they lead. RFC 8259 sections 2 to 7. */
function* rules(): Generator<readonly [State, string, State | Action]> {
  for (const state of ["value", "value-or-close", "key", "key-or-close", "colon"] as const)
    yield [state, SPACE, state];
  for (const state of ["value", "value-or-close"] as const) {
    yield [state, "{", "open-object"];
    yield [state, "[", "open-array"];
    yield [state, '"', "string"];
    yield [state, "-", "minus"];
    yield [state, "0", "zero-end"];
    yield [state, DIGITS.slice(1), "integer-end"];
    for (const letter of ["t", "f", "n"] as const) yield [state, letter, letter];
  }
  yield ["value-or-close", "]", "close-array"];
  yield ["key", '"', "key-string"];
  yield ["key-or-close", '"', "key-string"];
  yield ["key-or-close", "}", "close-object"];
  yield ["colon", ":", "value"];
  for (const state of ENDS) {
    yield [state, SPACE, "after"];
    yield [state, ",", "next"];
    yield [state, "]", "close-array"];
    yield [state, "}", "close-object"];
  }
  yield* numberRules();
  yield* stringRules("string", "after");
  yield* stringRules("key-string", "colon");
  yield* wordRules();
}

/** Section 6. */
function* numberRules(): Generator<readonly [State, string, State]> {
  yield ["minus", "0", "zero-end"];
  yield ["minus", DIGITS.slice(1), "integer-end"];
  yield ["integer-end", DIGITS, "integer-end"];
  for (const state of ["zero-end", "integer-end"] as const) yield [state, ".", "point"];
  for (const state of ["point", "fraction-end"] as const) yield [state, DIGITS, "fraction-end"];
  for (const state of ["zero-end", "integer-end", "fraction-end"] as const) yield [state, "eE", "exponent"];
  yield ["exponent", "+-", "exponent-sign"];
  for (const state of ["exponent", "exponent-sign", "exponent-end"] as const)
    yield [state, DIGITS, "exponent-end"];
}

/** Section 7. Bytes above 0x7f are UTF-8, which is checked elsewhere. */
function* stringRules(
  state: "string" | "key-string",
  end: State,
): Generator<readonly [State, string, State]> {
  const plain = Array.from({ length: 256 - 0x20 }, (_, index) => String.fromCharCode(0x20 + index)).join("");
  yield [state, plain, state];
  yield [state, '"', end];
  yield [state, "\\", `${state}-escape`];
  yield [`${state}-escape`, '"\\/bfnrt', state];
  yield [`${state}-escape`, "u", `${state}-hex-1`];
  yield [`${state}-hex-1`, HEX, `${state}-hex-2`];
  yield [`${state}-hex-2`, HEX, `${state}-hex-3`];
  yield [`${state}-hex-3`, HEX, `${state}-hex-4`];
  yield [`${state}-hex-4`, HEX, state];
}

/** Section 3: true, false, null. */
function* wordRules(): Generator<readonly [State, string, State]> {
  for (const word of ["true", "false", "null"]) {
    for (let length = 1; length < word.length; length += 1) {
      const state = word.slice(0, length) as State;
      const next = length + 1 === word.length ? "after" : (word.slice(0, length + 1) as State);
      yield [state, word.charAt(length), next];
    }
  }
}

/** The rules as one byte for each state and byte. */
const TABLE = buildTable();

function buildTable(): Uint8Array {
  const table = new Uint8Array(FIRST_ACTION << 8).fill(WRONG);
  for (const [state, bytes, next] of rules()) {
    for (const byte of Buffer.from(bytes, "latin1")) table[(numberOf(state) << 8) | byte] = numberOf(next);
  }
  return table;
}

const AFTER = numberOf("after");
const VALUE = numberOf("value");
const KEY = numberOf("key");
const VALUE_OR_CLOSE = numberOf("value-or-close");
const KEY_OR_CLOSE = numberOf("key-or-close");
const OPEN_OBJECT = numberOf("open-object");
const OPEN_ARRAY = numberOf("open-array");
const CLOSE_OBJECT = numberOf("close-object");
const CLOSE_ARRAY = numberOf("close-array");
const END_STATES: ReadonlySet<number> = new Set(ENDS.map(numberOf));

const OBJECT = 1;
const ARRAY = 2;

/** Checks one value, piece by piece. */
export class JsonCheck {
  #state = VALUE;
  readonly #open = new Uint8Array(DEPTH_MAX + 1);
  #depth = 0;

  /**
   * Takes the next bytes.
   * @throws FILE_STRUCTURE_INVALID, FILE_TRAILING_BYTES, FILE_NOT_TEXT, FILE_TOO_COMPLEX
   */
  push(piece: Uint8Array, offset: number): void {
    const length = piece.length;
    let state = this.#state;
    for (let at = 0; at < length; at += 1) {
      const byte = piece[at] as number;
      const next = TABLE[(state << 8) | byte] as number;
      state = next < FIRST_ACTION ? next : this.#act(next, state, byte, offset + at);
    }
    this.#state = state;
  }

  /** Whether what came so far is one whole value. */
  isWhole(): boolean {
    return this.#depth === 0 && END_STATES.has(this.#state);
  }

  /** What may come next, in words. */
  expected(): string {
    return describe(this.#state);
  }

  #act(action: number, state: number, byte: number, offset: number): number {
    if (action === OPEN_OBJECT) return this.#openNested(OBJECT, offset);
    if (action === OPEN_ARRAY) return this.#openNested(ARRAY, offset);
    const open = this.#depth === 0 ? 0 : this.#open[this.#depth];
    const isFine =
      open !== 0 &&
      action !== WRONG &&
      (action !== CLOSE_OBJECT || open === OBJECT) &&
      (action !== CLOSE_ARRAY || open === ARRAY);
    if (!isFine) throw this.#wrong(state, byte, offset);
    if (action !== CLOSE_OBJECT && action !== CLOSE_ARRAY) return open === OBJECT ? KEY : VALUE;
    this.#depth -= 1;
    return AFTER;
  }

  #openNested(kind: number, offset: number): number {
    this.#depth += 1;
    if (this.#depth > DEPTH_MAX) {
      throw flaw("FILE_TOO_COMPLEX", offset, `arrays and objects at most ${DEPTH_MAX} deep`, "deeper ones");
    }
    this.#open[this.#depth] = kind;
    return kind === OBJECT ? KEY_OR_CLOSE : VALUE_OR_CLOSE;
  }

  #wrong(state: number, byte: number, offset: number): Error {
    if (isForbidden(byte)) return flaw("FILE_NOT_TEXT", offset, "text", "a control character");
    if (this.#depth === 0 && END_STATES.has(state)) {
      return flaw("FILE_TRAILING_BYTES", offset, "one JSON value", "more after it");
    }
    return flaw("FILE_STRUCTURE_INVALID", offset, describe(state), "something else");
  }
}

function describe(state: number): string {
  return STATES[NAMES[state] ?? "value"];
}
