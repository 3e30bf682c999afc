/**
 * Looks into a body that passes by: which fields a form has, what its files begin with, how large they are.
 *
 * In: the chunks as they pass. Out: the parts, when the body has ended whole. Nothing of it is kept but names of fields, sizes and the first bytes of
 * each file until the body ends; nothing here throws, or makes anybody wait. A body that cannot be read is simply not described.
 */
import type { IncomingMessage } from "node:http";
import { readSignature } from "../../inspection/identify/signature.ts";
import { readBoundary } from "../../protocols/multipart/content-type.ts";
import {
  DEFAULT_PART_HEADER_LIMITS,
  MultipartParser,
  type MultipartSink,
  type PartHead,
} from "../../protocols/multipart/multipart-parser.ts";

const HEAD_BYTES = 4096;
const PARTS_MAX = 100;

/** One part of a form, or the whole of a raw body (`name` is then `body`). */
export interface SeenPart {
  readonly name: string;
  readonly isFile: boolean;
  readonly declaredType: string | null;
  /** Lower-case without its dot; `null` where the name has none. */
  readonly extension: string | null;
  readonly sizeBytes: number;
  /** What a file begins with: `null` for a text field. */
  readonly content: string | null;
}

/** The watch on one body. */
export interface SeenBody {
  readonly bytes: number;
  /** Whole bodies only; `null` where it broke off, or could not be read. */
  readonly parts: readonly SeenPart[] | null;
  see(chunk: Uint8Array): void;
  end(isComplete: boolean): void;
}

/** @param req its Content-Type says how the body is to be read */
export function watchBody(req: IncomingMessage): SeenBody {
  const type = req.headers["content-type"] ?? "";
  return /^\s*multipart\/form-data\b/i.test(type) ? new SeenForm(type) : new SeenRaw(type);
}

/** The beginning of a file, and how long it is. */
class FileHead {
  sizeBytes = 0;
  readonly #head: Buffer[] = [];
  #headBytes = 0;

  take(chunk: Uint8Array): void {
    this.sizeBytes += chunk.length;
    if (this.#headBytes >= HEAD_BYTES) return;
    const piece = Buffer.from(chunk.subarray(0, HEAD_BYTES - this.#headBytes));
    this.#head.push(piece);
    this.#headBytes += piece.length;
  }

  content(): string {
    if (this.sizeBytes === 0) return "empty";
    const { family, label } = readSignature(Buffer.concat(this.#head), this.sizeBytes === this.#headBytes);
    return family ?? label ?? "unknown";
  }
}

class SeenRaw implements SeenBody {
  readonly #type: string;
  readonly #head = new FileHead();
  #isWhole = false;

  constructor(type: string) {
    this.#type = type;
  }

  get bytes(): number {
    return this.#head.sizeBytes;
  }

  get parts(): readonly SeenPart[] | null {
    if (!this.#isWhole) return null;
    const declaredType = this.#type.split(";", 1)[0]?.trim().toLowerCase() || null;
    const { sizeBytes } = this.#head;
    return [
      { name: "body", isFile: true, declaredType, extension: null, sizeBytes, content: this.#head.content() },
    ];
  }

  see(chunk: Uint8Array): void {
    this.#head.take(chunk);
  }

  end(isComplete: boolean): void {
    this.#isWhole = isComplete;
  }
}

class SeenForm implements SeenBody, MultipartSink {
  bytes = 0;
  readonly #parts: SeenPart[] = [];
  #parser: MultipartParser | null = null;
  #part: { readonly head: PartHead; readonly file: FileHead } | null = null;
  #isWhole = false;

  constructor(type: string) {
    const limits = { ...DEFAULT_PART_HEADER_LIMITS, partsMax: PARTS_MAX };
    this.#try(() => {
      this.#parser = new MultipartParser(readBoundary(type), limits, this);
    });
  }

  get parts(): readonly SeenPart[] | null {
    return this.#isWhole ? this.#parts : null;
  }

  see(chunk: Uint8Array): void {
    this.bytes += chunk.length;
    this.#try(() => this.#parser?.write(chunk));
  }

  end(isComplete: boolean): void {
    if (isComplete) this.#try(() => this.#parser?.end());
  }

  partBegin(head: PartHead): void {
    this.#part = { head, file: new FileHead() };
  }

  partData(chunk: Uint8Array): void {
    this.#part?.file.take(chunk);
  }

  partEnd(): void {
    if (this.#part !== null) this.#parts.push(seenPart(this.#part.head, this.#part.file));
    this.#part = null;
  }

  bodyEnd(): void {
    this.#isWhole = true;
  }

  /** The service may well read what our parser refuses: that is for the checks to say. */
  #try(step: () => void): void {
    try {
      step();
    } catch {
      this.#parser = null;
    }
  }
}

function seenPart({ name, fileName, contentType }: PartHead, file: FileHead): SeenPart {
  const { sizeBytes } = file;
  if (fileName === null)
    return { name, isFile: false, declaredType: null, extension: null, sizeBytes, content: null };
  const extension = /\.([A-Za-z0-9]{1,8})$/.exec(fileName)?.[1]?.toLowerCase() ?? null;
  return { name, isFile: true, declaredType: contentType, extension, sizeBytes, content: file.content() };
}
