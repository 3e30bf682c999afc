/**
 * The multipart/form-data parser: bytes in, events out, no I/O. RFC 7578 and RFC 2046 section 5.1, read in one way only.
 *
 * ```
 *               [CRLF] "--" boundary
 *    opening ────────────────────────▶ boundaryEnd ───── "--" ────▶ epilogue ── [CRLF], end ──▶ ended
 *                                       ▲       │
 *                  CRLF "--" boundary   │       │ CRLF
 *                                       │       ▼
 *                                     content ◀── CRLF ── headers ⟲ header-line CRLF
 *
 *    events:  headers ─▶ content       partBegin(head)
 *             content ⟲                partData(view)
 *             content ─▶ boundaryEnd ─▶ anywhere      partEnd()
 *             epilogue ─▶ ended        bodyEnd()
 * ```
 *
 * In: the body in chunks of any size. Out: events to a `MultipartSink`, in wire order.
 * Always holds:
 * - The same body gives the same events, or the same error at the same byte, however it is cut into chunks (but for how `partData` is cut).
 * - File bytes are not copied: `partData` hands out views of the chunk, or of the delimiter where content began like one at the
 *   end of a chunk. Only header lines that lie across chunks are copied, within `partHeaderBytesMax`.
 * - Time is linear in the length of the body; memory is `partHeaderBytesMax`, whatever the body.
 * - Everything that another reader could take differently is refused: bytes before the first or after the last boundary, space after a
 *   boundary, a line that begins with the boundary and goes on, a boundary without its own CRLF, CR or LF alone in headers.
 * - After an error the parser is dead: it throws the same again.
 * Does not: bound the length of a part or of the body, know which fields exist, or decode content. The sink does, by throwing.
 *
 * A body of no parts is `[CRLF] "--" boundary "--"`: browsers, undici and Go send it for an empty form.
 */

import type { ErrorCode } from "../../problems/error-code.ts";
import { GateError, type GateErrorInit } from "../../problems/gate-error.ts";
import { Delimiter } from "./delimiter.ts";
import { type PartHead, PartHeaderReader } from "./part-headers.ts";

export type { PartHead } from "./part-headers.ts";

/** What one body may cost. `partHeaderBytesMax` counts a part's header lines with their CRLF and the blank line. */
export interface MultipartLimits {
  readonly partsMax: number;
  readonly partHeaderBytesMax: number;
  readonly partHeadersMax: number;
}

/** Enough for every client known: real ones send four headers and a few hundred bytes. */
export const DEFAULT_PART_HEADER_LIMITS = { partHeaderBytesMax: 8192, partHeadersMax: 8 } as const;

/**
 * Where the events go, in the order `(partBegin partData* partEnd)* bodyEnd`. `partEnd` says that the part is whole, `bodyEnd` that all is.
 * What a sink throws goes out through `write` or `end`, and the parser is dead after it.
 */
export interface MultipartSink {
  partBegin(head: PartHead): void;
  /** `chunk` is never empty, is a view that must not be written to, and stays valid as long as the bytes given to `write`. */
  partData(chunk: Uint8Array): void;
  partEnd(): void;
  bodyEnd(): void;
}

type State = "opening" | "boundaryEnd" | "headers" | "content" | "epilogue" | "ended";

/** What each state waits for, and what it means when the body ends in it. */
const STATES: Readonly<Record<State, { expects: string; ifCut: string | null }>> = {
  opening: { expects: "the boundary of the Content-Type", ifCut: "before its first boundary" },
  boundaryEnd: { expects: 'CRLF or "--" right after the boundary', ifCut: "in a boundary" },
  headers: {
    expects: "header lines and a blank line, each ended by CRLF",
    ifCut: "in the headers of a part",
  },
  content: { expects: "CRLF and the boundary after the content", ifCut: "in the content of a part" },
  epilogue: { expects: "the end, or CRLF and the end", ifCut: null },
  ended: { expects: "nothing", ifCut: null },
};

const CR = 0x0d;
const LF = 0x0a;
const HYPHEN = 0x2d;
/** Bytes of the delimiter that its CRLF takes. */
const CRLF_BYTES = 2;

/**
 * One body's parser.
 * @see RFC 7578 section 4, RFC 2046 section 5.1.1
 */
export class MultipartParser {
  readonly #delimiter: Delimiter;
  readonly #limits: MultipartLimits;
  readonly #sink: MultipartSink;
  #state: State = "opening";
  /** Offset in the body of the current chunk's first byte. */
  #chunkOffset = 0;
  /** Bytes of a delimiter that end where the current byte begins. A CRLF is taken to lie before the body. */
  #pending = CRLF_BYTES;
  /** How many of the pending bytes are no content, should they turn out not to be a delimiter's: the blank line's CRLF. */
  #pendingForeign = CRLF_BYTES;
  /** `boundaryEnd`, `epilogue`: the first of two bytes, once it is there. */
  #firstOfTwo = 0;
  #isPartOpen = false;
  #partsBegun = 0;
  #headers: PartHeaderReader | null = null;
  #headersOffset = 0;
  #headersTaken = 0;
  /** Beginning of a header line whose end is still to come. */
  #line: Buffer | null = null;
  #lineBytes = 0;
  #lineOffset = 0;
  #isDead = false;
  #failure: unknown = null;

  /** @param boundary of `readBoundary`. */
  constructor(boundary: string, limits: MultipartLimits, sink: MultipartSink) {
    this.#delimiter = new Delimiter(boundary);
    this.#limits = limits;
    this.#sink = sink;
  }

  /**
   * Takes the next bytes of the body.
   * @param chunk must stay unchanged for as long as the sink keeps views of it.
   * @throws GateError with details.byteOffset: PROTOCOL_BODY_MALFORMED, PROTOCOL_PREAMBLE_NOT_EMPTY, PROTOCOL_EPILOGUE_NOT_EMPTY,
   *         PROTOCOL_TOO_MANY_PARTS, PROTOCOL_PART_HEADER_TOO_LARGE and those of `PartHeaderReader`; and what the sink throws.
   */
  write(chunk: Uint8Array): void {
    this.#orDie(() => {
      const bytes = Buffer.isBuffer(chunk)
        ? chunk
        : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
      let at = 0;
      while (at < bytes.length) at = this.#step(bytes, at);
      this.#chunkOffset += bytes.length;
    });
  }

  /**
   * Says that the body is at its end. Calls `bodyEnd` if it is whole.
   * @throws PROTOCOL_BODY_TRUNCATED, PROTOCOL_EPILOGUE_NOT_EMPTY (details.byteOffset); and what the sink throws.
   */
  end(): void {
    this.#orDie(() => {
      const { ifCut, expects } = STATES[this.#state];
      if (ifCut !== null) {
        throw this.#error("PROTOCOL_BODY_TRUNCATED", 0, {
          message: `The body ended ${ifCut}.`,
          expected: expects,
        });
      }
      if (this.#firstOfTwo === CR) throw this.#error("PROTOCOL_EPILOGUE_NOT_EMPTY", -1);
      if (this.#state === "ended") return;
      this.#state = "ended";
      this.#sink.bodyEnd();
    });
  }

  #orDie(work: () => void): void {
    if (this.#isDead) throw this.#failure;
    try {
      work();
    } catch (error) {
      this.#isDead = true;
      this.#failure = error;
      this.#line = null;
      throw error;
    }
  }

  /** Reads on from `at`; returns the index after what it read. Each call reads at least one byte or leaves the state it was in. */
  #step(bytes: Buffer, at: number): number {
    switch (this.#state) {
      case "opening":
        return this.#readOpening(bytes, at);
      case "boundaryEnd":
        return this.#readBoundaryEnd(bytes, at);
      case "headers":
        return this.#readHeaderLine(bytes, at);
      case "content":
        return this.#pending > 0 ? this.#readPending(bytes, at) : this.#readContent(bytes, at);
      default:
        return this.#readEpilogue(bytes, at);
    }
  }

  // RFC 2046 section 5.1.1 allows a preamble of any length. Only nothing or one CRLF (Go's empty form) passes: T4, MP-04.
  #readOpening(bytes: Buffer, at: number): number {
    if (this.#chunkOffset + at === 0 && bytes[at] === CR) this.#pending = 0;
    const before = this.#pending;
    this.#pending = this.#delimiter.extend(before, bytes, at);
    const next = at + this.#pending - before;
    if (this.#pending === this.#delimiter.length) this.#enterBoundaryEnd();
    else if (next < bytes.length) {
      const isPreamble = this.#pending < CRLF_BYTES + 2;
      throw this.#error(isPreamble ? "PROTOCOL_PREAMBLE_NOT_EMPTY" : "PROTOCOL_BODY_MALFORMED", next, {
        message: isPreamble
          ? "There are bytes before the first boundary."
          : "The first boundary is not that of the Content-Type.",
      });
    }
    return next;
  }

  #enterBoundaryEnd(): void {
    this.#state = "boundaryEnd";
    this.#pending = 0;
    this.#firstOfTwo = 0;
  }

  // RFC 2046 allows spaces ("transport padding") here, and says that a line which only begins with the boundary is one too.
  // Readers differ in both, so neither passes.
  #readBoundaryEnd(bytes: Buffer, at: number): number {
    const byte = bytes[at];
    const first = this.#firstOfTwo;
    if (first === 0 && (byte === CR || byte === HYPHEN)) this.#firstOfTwo = byte;
    else if (first === CR && byte === LF) this.#endPart("headers", at + 1);
    else if (first === HYPHEN && byte === HYPHEN) this.#endPart("epilogue", at + 1);
    else {
      throw this.#error("PROTOCOL_BODY_MALFORMED", at, {
        message: "A line begins with the boundary and does not end with it.",
      });
    }
    return at + 1;
  }

  #endPart(next: "headers" | "epilogue", at: number): void {
    this.#state = next;
    this.#firstOfTwo = 0;
    if (this.#isPartOpen) {
      this.#isPartOpen = false;
      this.#sink.partEnd();
    }
    if (next === "headers") this.#beginHeaders(at);
  }

  #beginHeaders(at: number): void {
    const { partsMax } = this.#limits;
    if (this.#partsBegun >= partsMax) {
      throw this.#error("PROTOCOL_TOO_MANY_PARTS", at, {
        expected: `at most ${partsMax} ${partsMax === 1 ? "part" : "parts"}`,
        details: { partsMax },
      });
    }
    this.#partsBegun++;
    this.#headersOffset = this.#lineOffset = this.#chunkOffset + at;
    this.#headersTaken = 0;
    this.#headers = new PartHeaderReader(this.#headersOffset);
  }

  #readHeaderLine(bytes: Buffer, at: number): number {
    const lineFeed = bytes.indexOf(LF, at);
    const next = lineFeed === -1 ? bytes.length : lineFeed + 1;
    this.#checkHeaderBytes(next);
    if (lineFeed === -1) {
      this.#keepLine(bytes, at);
      return next;
    }
    const text = this.#joinLine(bytes, at, lineFeed);
    if (!text.endsWith("\r")) throw this.#bareLineFeed(lineFeed);
    if (text === "\r") this.#endHeaders();
    else this.#takeHeader(text.slice(0, -1), next);
    return next;
  }

  #checkHeaderBytes(next: number): void {
    const { partHeaderBytesMax } = this.#limits;
    const limitAt = this.#headersOffset + partHeaderBytesMax - this.#chunkOffset;
    if (next <= limitAt) return;
    throw this.#error("PROTOCOL_PART_HEADER_TOO_LARGE", limitAt, {
      expected: `at most ${partHeaderBytesMax} bytes of headers in a part`,
      details: { limitBytes: partHeaderBytesMax },
    });
  }

  #keepLine(bytes: Buffer, at: number): void {
    this.#line ??= Buffer.allocUnsafe(this.#limits.partHeaderBytesMax);
    this.#lineBytes += bytes.copy(this.#line, this.#lineBytes, at);
  }

  #joinLine(bytes: Buffer, at: number, end: number): string {
    const begin = this.#line?.toString("latin1", 0, this.#lineBytes) ?? "";
    this.#lineBytes = 0;
    return begin + bytes.toString("latin1", at, end);
  }

  #bareLineFeed(lineFeed: number): GateError {
    return this.#error("PROTOCOL_PART_HEADER_MALFORMED", lineFeed, {
      message: "A part header line ends in LF alone.",
    });
  }

  #takeHeader(text: string, next: number): void {
    const { partHeadersMax } = this.#limits;
    const byteOffset = this.#lineOffset;
    if (this.#headersTaken >= partHeadersMax) {
      throw this.#error("PROTOCOL_PART_HEADER_TOO_LARGE", byteOffset - this.#chunkOffset, {
        expected: `at most ${partHeadersMax} headers in a part`,
        details: { partHeadersMax },
      });
    }
    this.#headersTaken++;
    this.#headers?.take({ text, byteOffset });
    this.#lineOffset = this.#chunkOffset + next;
  }

  #endHeaders(): void {
    const head = this.#headers?.finish();
    this.#headers = null;
    this.#state = "content";
    // The content may begin with the beginning of a delimiter whose CRLF is the blank line's.
    this.#pending = this.#pendingForeign = CRLF_BYTES;
    this.#isPartOpen = true;
    if (head !== undefined) this.#sink.partBegin(head);
  }

  #readContent(bytes: Buffer, at: number): number {
    const found = this.#delimiter.find(bytes, at);
    if (found !== -1) {
      this.#emit(bytes, at, found);
      this.#enterBoundaryEnd();
      return found + this.#delimiter.length;
    }
    this.#pending = this.#delimiter.pendingAtEnd(bytes, at);
    this.#pendingForeign = 0;
    this.#emit(bytes, at, bytes.length - this.#pending);
    return bytes.length;
  }

  #readPending(bytes: Buffer, at: number): number {
    const before = this.#pending;
    const count = this.#delimiter.extend(before, bytes, at);
    const next = at + count - before;
    if (count === this.#delimiter.length) {
      if (this.#pendingForeign > 0) throw this.#boundaryWithoutLine(next);
      this.#enterBoundaryEnd();
      return next;
    }
    if (next === bytes.length) {
      this.#pending = count;
      return next;
    }
    this.#pending = 0;
    this.#emit(this.#delimiter.bytes, this.#pendingForeign, before);
    return at;
  }

  // Some readers end an empty part here, others take the boundary for its content.
  #boundaryWithoutLine(next: number): GateError {
    const at = next - this.#delimiter.length + CRLF_BYTES;
    return this.#error("PROTOCOL_BODY_MALFORMED", at, {
      message: "A boundary follows the blank line after the headers without a line end of its own.",
    });
  }

  #emit(bytes: Buffer, from: number, to: number): void {
    if (to > from) this.#sink.partData(bytes.subarray(from, to));
  }

  #readEpilogue(bytes: Buffer, at: number): number {
    const byte = bytes[at];
    const isOpen = this.#state === "epilogue";
    if (isOpen && this.#firstOfTwo === 0 && byte === CR) this.#firstOfTwo = CR;
    else if (isOpen && this.#firstOfTwo === CR && byte === LF) this.#firstOfTwo = LF;
    else throw this.#error("PROTOCOL_EPILOGUE_NOT_EMPTY", at);
    return at + 1;
  }

  /** An error at index `at` of the current chunk, which expects what the state expects. */
  #error(code: ErrorCode, at: number, init: GateErrorInit = {}): GateError {
    const byteOffset = this.#chunkOffset + at;
    return new GateError(code, {
      expected: STATES[this.#state].expects,
      ...init,
      details: { ...init.details, byteOffset },
    });
  }
}
