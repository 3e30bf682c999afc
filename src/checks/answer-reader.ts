/**
 * Reads HTTP/1.1 answers from the bytes of one connection: bytes in, answers out, no I/O.
 *
 * Always holds: an answer ends where its framing says (RFC 9112 section 6.3), so what follows counts as a further answer and never as
 * part of the one before. Bytes that are no answer make it `malformed`.
 */

export interface Answer {
  readonly status: number;
  /** In wire order, names lower-cased. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
}

/** What is said where a server that speaks TLS was spoken to without it. */
export const TLS_ALERT = "a TLS alert came in place of an answer";
const CUT = "the connection closed in the middle of an answer";

/** @see RFC 8446 section 5.1: content type 21, then a version that begins with 3 */
const isTlsAlert = (bytes: Uint8Array): boolean => bytes[0] === 0x15 && bytes[1] === 0x03;

type Framing = { kind: "length"; left: number } | { kind: "chunked" } | { kind: "until-close" };

/** Feed bytes with `push`, the end of the stream with `end`; read the members at any time. */
export class AnswerReader {
  readonly answers: Answer[] = [];
  readonly interimStatuses: number[] = [];
  malformed: string | null = null;
  #held = Buffer.alloc(0);
  #head: Omit<Answer, "body"> | null = null;
  #framing: Framing = { kind: "length", left: 0 };
  #body: Buffer[] = [];
  readonly #isHead: boolean;

  /** @param isHead whether the requests were made with HEAD, whose answers have no body whatever their headers say (RFC 9112 section 6.3) */
  constructor(isHead = false) {
    this.#isHead = isHead;
  }

  /** Whether the head of a final answer has been seen, of which the body may still be on its way. */
  get hasAnswered(): boolean {
    return this.answers.length > 0 || this.#head !== null;
  }

  /** Whether bytes are held that are no whole answer yet. */
  get isMidAnswer(): boolean {
    return this.#head !== null || this.#held.length > 0;
  }

  push(bytes: Uint8Array): void {
    this.#held = Buffer.concat([this.#held, bytes]);
    while (this.malformed === null && this.#step()) {}
  }

  /** The peer has closed. */
  end(): void {
    if (this.#head !== null && this.#framing.kind === "until-close") this.#finish();
    else if (this.isMidAnswer) this.malformed ??= isTlsAlert(this.#held) ? TLS_ALERT : CUT;
  }

  /** The connection was reset. It may be right behind a refusal, which then counts with what has come of it; anything else is cut short. */
  cut(): void {
    if (this.#head === null || this.#head.status < 400) this.end();
    else this.#finish();
  }

  #step(): boolean {
    if (this.#head === null) return this.#readHead();
    if (this.#framing.kind === "chunked") return this.#readChunk();
    if (this.#framing.kind === "until-close") return this.#takeAll();
    return this.#readLength(this.#framing);
  }

  #readHead(): boolean {
    const end = this.#held.indexOf("\r\n\r\n");
    if (end === -1) return false;
    const lines = this.#held.toString("latin1", 0, end).split("\r\n");
    this.#held = this.#held.subarray(end + 4);
    const status = Number(/^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(lines[0] ?? "")?.[1] ?? Number.NaN);
    if (Number.isNaN(status)) {
      this.malformed = `no status line: ${JSON.stringify((lines[0] ?? "").slice(0, 80))}`;
      return false;
    }
    if (status >= 100 && status < 200) this.interimStatuses.push(status);
    else this.#beginBody({ status, headers: lines.slice(1).map(splitHeader) });
    return true;
  }

  /** @see RFC 9112 section 6.3 */
  #beginBody(head: Omit<Answer, "body">): void {
    this.#head = head;
    const coding = headerOf(head, "transfer-encoding");
    const length = headerOf(head, "content-length");
    if (this.#isHead || head.status === 204 || head.status === 304)
      this.#framing = { kind: "length", left: 0 };
    else if (coding !== null) this.#framing = { kind: "chunked" };
    else if (length !== null) this.#framing = { kind: "length", left: Number(length) };
    else this.#framing = { kind: "until-close" };
  }

  #readLength(framing: { left: number }): boolean {
    const taken = this.#held.subarray(0, framing.left);
    this.#body.push(taken);
    this.#held = this.#held.subarray(taken.length);
    framing.left -= taken.length;
    if (framing.left > 0) return false;
    this.#finish();
    return true;
  }

  #readChunk(): boolean {
    const lineEnd = this.#held.indexOf("\r\n");
    if (lineEnd === -1) return false;
    const size = Number.parseInt(this.#held.toString("latin1", 0, lineEnd), 16);
    if (Number.isNaN(size)) {
      this.malformed = "a chunk without a size";
      return false;
    }
    const end = size === 0 ? this.#held.indexOf("\r\n\r\n", lineEnd) + 4 : lineEnd + 2 + size + 2;
    if ((size === 0 && end < lineEnd + 4) || this.#held.length < end) return false;
    if (size > 0) this.#body.push(this.#held.subarray(lineEnd + 2, end - 2));
    this.#held = this.#held.subarray(end);
    if (size === 0) this.#finish();
    return true;
  }

  #takeAll(): boolean {
    this.#body.push(this.#held);
    this.#held = Buffer.alloc(0);
    return false;
  }

  #finish(): void {
    if (this.#head !== null) this.answers.push({ ...this.#head, body: Buffer.concat(this.#body) });
    this.#head = null;
    this.#body = [];
  }
}

function splitHeader(line: string): readonly [string, string] {
  const colon = line.indexOf(":");
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}

/** The first value of a header, or `null`. */
export function headerOf(answer: Pick<Answer, "headers">, name: string): string | null {
  return answer.headers.find(([each]) => each === name)?.[1] ?? null;
}
