/**
 * The main thread's end of the records thread: gathers requests into one message while the thread is at work on the one before, and settles
 * the promises when their group is answered. One message at a time: a second one could not be begun before the first one's commit anyway,
 * and each message costs both threads a wake-up.
 *
 * Always holds: every promise that `ask` gave is settled: by its answer, or by RECORDS_UNAVAILABLE when the thread has died or closed.
 */
import type { Worker } from "node:worker_threads";
import type { IdempotencyChange, UploadChange } from "../records.ts";
import { recordsUnavailable, unpackError } from "./database-errors.ts";
import type {
  GroupAnswer,
  InlineRange,
  PackedChange,
  PackedKeyChange,
  RecordsRequest,
  RequestBatch,
} from "./records-messages.ts";

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

export class RecordsChannel {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;
  #queued: RecordsRequest[] = [];
  #inline: Uint8Array[] = [];
  #texts: string[] = [];
  #inlineBytes = 0;
  #commits = 0;
  #end: Error | null = null;
  #isAtWork = false;
  #isSendPlanned = false;

  /** @param worker a records thread that has said it is open; its messages and its end belong to the channel from here on. */
  constructor(worker: Worker) {
    this.#worker = worker;
    worker.on("message", (answer: GroupAnswer) => this.#settle(answer));
    worker.on("messageerror", (error) => this.#die(error));
    worker.on("error", (error) => this.#die(error));
    worker.on("exit", (code) => this.#die(new Error(`the records thread ended with exit code ${code}`)));
  }

  /** Transactions committed since the thread started. */
  get commits(): number {
    return this.#commits;
  }

  /** Sends a request with the next message. Rejects with RECORDS_UNAVAILABLE where there is no thread any more. */
  ask(request: RecordsRequest): Promise<unknown> {
    if (this.#end !== null) return Promise.reject(recordsUnavailable(this.#end));
    return new Promise((resolve, reject) => {
      this.#waiting.set(this.#next + this.#queued.length, { resolve, reject });
      this.#queued.push(request);
      this.#planSend();
    });
  }

  /**
   * Puts a change's inline bytes and long texts into the next message, which `ask` must be called for in the same turn. Bytes are copied when it
   * is sent: not to be changed before the answer.
   */
  pack({ putInline, handover, idempotency, ...change }: UploadChange): PackedChange {
    const packed: { -readonly [Name in keyof PackedChange]: PackedChange[Name] } = change;
    if (this.#end !== null) return packed;
    if (putInline !== undefined) packed.inline = this.#packInline(putInline);
    if (handover !== undefined) packed.handover = handover === null ? null : this.#packText(handover);
    if (idempotency !== undefined) packed.idempotency = this.#packKeyChange(idempotency);
    return packed;
  }

  #packInline(putInline: NonNullable<UploadChange["putInline"]>): InlineRange[] {
    return putInline.map(({ key, bytes }) => {
      const offset = this.#inlineBytes;
      this.#inline.push(bytes);
      this.#inlineBytes += bytes.byteLength;
      return { key, offset, lengthBytes: bytes.byteLength };
    });
  }

  #packKeyChange(change: IdempotencyChange): PackedKeyChange {
    return change.kind === "answer" ? { ...change, answer: this.#packText(change.answer) } : change;
  }

  /** @returns its place among the next message's texts */
  #packText(value: object): number {
    return this.#texts.push(JSON.stringify(value)) - 1;
  }

  /** Takes no more requests: those that come from now on are rejected. */
  end(): void {
    this.#end ??= new Error("the records are closed");
  }

  /** At the end of this turn, so that its other requests come along; or when the thread is free again. */
  #planSend(): void {
    if (this.#isAtWork || this.#isSendPlanned) return;
    this.#isSendPlanned = true;
    setImmediate(() => this.#send());
  }

  #send(): void {
    this.#isSendPlanned = false;
    this.#isAtWork = true;
    const requests = this.#queued;
    const inline = joinBytes(this.#inline, this.#inlineBytes);
    const texts = this.#texts;
    const first = this.#next;
    this.#next += requests.length;
    this.#queued = [];
    this.#inline = [];
    this.#texts = [];
    this.#inlineBytes = 0;
    try {
      const batch: RequestBatch = {
        first,
        requests: JSON.stringify(requests),
        count: requests.length,
        texts,
        inline,
      };
      this.#worker.postMessage(batch, [inline]);
    } catch (error) {
      this.#isAtWork = false;
      requests.forEach((_, index) => {
        this.#take(first + index)?.reject(recordsUnavailable(error));
      });
    }
  }

  #settle(answer: GroupAnswer): void {
    this.#isAtWork = false;
    this.#commits = answer.commits;
    if (this.#queued.length > 0) this.#send();
    for (const number of answer.done) this.#take(number)?.resolve(undefined);
    for (const { number, value } of answer.answers) this.#take(number)?.resolve(value);
    for (const { number, error } of answer.failed) this.#take(number)?.reject(unpackError(error));
  }

  #take(number: number): Waiting | undefined {
    const waiting = this.#waiting.get(number);
    this.#waiting.delete(number);
    return waiting;
  }

  #die(cause: unknown): void {
    this.#end ??= cause instanceof Error ? cause : new Error(String(cause));
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(recordsUnavailable(this.#end));
  }
}

/** One tight buffer. A structured clone of a view would copy the whole buffer that it looks into. */
function joinBytes(parts: readonly Uint8Array[], totalBytes: number): ArrayBuffer {
  const buffer = new ArrayBuffer(totalBytes);
  const joined = new Uint8Array(buffer);
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.byteLength;
  }
  return buffer;
}
