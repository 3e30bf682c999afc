/**
 * Watches the steps of a probe go out: what was to be sent, how much, and its digest, without holding more than its beginning.
 *
 * Always holds: the steps pass on unchanged and lazily; after `allowance` bytes they end with a broken connection, as nothing else ends a sender
 * at once. What was not sent because an answer came early counts and is hashed all the same, by `finish`.
 */
import { createHash } from "node:crypto";
import type { Probe, ProbeStep } from "../check.ts";
import type { Redaction } from "./redaction.ts";

/** The beginning that is looked into: for heads, secrets and differences. */
export const BEGINNING_BYTES = 64 * 1024;
const HASHED_BYTES_MAX = 16 * 1024 * 1024;
/** Where a probe has no end, counting stops. */
const COUNTED_BYTES_MAX = 256 * 1024 * 1024;

/** What was to be sent. */
export interface SentBytes {
  /** The first bytes, head included, secrets taken out. */
  readonly beginning: Uint8Array;
  readonly isWhole: boolean;
  readonly totalBytes: number;
  /** Of them after the head. */
  readonly bodyBytes: number;
  readonly sha256: string;
  /** Bytes alone: no pauses, nothing waited for, no end before the answer. */
  readonly isPlain: boolean;
}

export class SendingWatch {
  /** Whether the allowance ended it. */
  isCut = false;
  readonly #steps: Iterator<ProbeStep>;
  readonly #redaction: Redaction;
  readonly #hash = createHash("sha256");
  readonly #allowance: number;
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #beginning: Uint8Array | null = null;
  #headBytes = 0;
  #totalBytes = 0;
  #hashedBytes = 0;
  #isPlain = true;

  constructor(probe: Probe, redaction: Redaction, allowance: number) {
    this.#steps = probe.steps()[Symbol.iterator]();
    this.#redaction = redaction;
    this.#allowance = allowance;
  }

  /** The probe as it is to be sent. Its steps can be gone through once. */
  watched(probe: Probe): Probe {
    return { ...probe, steps: () => this.#pass() };
  }

  *#pass(): Iterable<ProbeStep> {
    for (let next = this.#steps.next(); next.done !== true; next = this.#steps.next()) {
      this.#note(next.value);
      if (this.#totalBytes > this.#allowance) {
        this.isCut = true;
        yield "reset";
        return;
      }
      yield next.value;
    }
  }

  #note(step: ProbeStep): void {
    const bytes = bytesOf(step);
    if (bytes === null || !(step instanceof Uint8Array)) this.#isPlain = false;
    if (bytes === null) return;
    this.#totalBytes += bytes.length;
    if (this.#beginning === null) this.#hold(bytes);
    else this.#update(bytes);
  }

  /** Secrets are taken out of the beginning before it is hashed: with new credentials the digest is the same. */
  #hold(bytes: Uint8Array): void {
    const room = BEGINNING_BYTES - this.#heldBytes;
    this.#held.push(bytes.slice(0, room));
    this.#heldBytes += Math.min(room, bytes.length);
    if (this.#heldBytes < BEGINNING_BYTES) return;
    this.#close();
    this.#update(bytes.subarray(room));
  }

  #close(): Uint8Array {
    if (this.#beginning !== null) return this.#beginning;
    const held = Buffer.concat(this.#held);
    const headEnd = held.indexOf("\r\n\r\n");
    this.#headBytes = headEnd === -1 ? held.length : headEnd + 4;
    const beginning = withoutSecrets(held, headEnd === -1 ? held.length : headEnd, this.#redaction);
    this.#held = [];
    this.#beginning = beginning;
    this.#hash.update(beginning);
    return beginning;
  }

  #update(bytes: Uint8Array): void {
    const piece = bytes.subarray(0, HASHED_BYTES_MAX - this.#hashedBytes);
    this.#hashedBytes += piece.length;
    if (piece.length > 0) this.#hash.update(piece);
  }

  /** Goes through what was not sent, without sending it. */
  finish(): SentBytes {
    while (this.#totalBytes < COUNTED_BYTES_MAX) {
      const next = this.#steps.next();
      if (next.done === true) break;
      this.#note(next.value);
    }
    const beginning = this.#close();
    return {
      beginning,
      isWhole: this.#totalBytes <= BEGINNING_BYTES,
      totalBytes: this.#totalBytes,
      bodyBytes: this.#totalBytes - this.#headBytes,
      sha256: this.#hash.digest("hex"),
      isPlain: this.#isPlain,
    };
  }
}

/** What a probe would send, without sending it. Waits and pauses are passed over. */
export function bytesToSend(probe: Probe, redaction: Redaction): SentBytes {
  return new SendingWatch(probe, redaction, Number.POSITIVE_INFINITY).finish();
}

/** The first bytes of a probe as text, one character a byte: its head, as long as that is one step. */
export function startOf(probe: Probe): string {
  for (const step of probe.steps()) {
    const bytes = bytesOf(step);
    if (bytes !== null) return Buffer.from(bytes.subarray(0, BEGINNING_BYTES)).toString("latin1");
  }
  return "";
}

function bytesOf(step: ProbeStep): Uint8Array | null {
  if (step instanceof Uint8Array) return step;
  return typeof step === "object" && "regardless" in step ? step.regardless : null;
}

/** Learns the credentials of the head, takes them out of it, and out of what follows. */
function withoutSecrets(bytes: Buffer, headEnd: number, redaction: Redaction): Uint8Array {
  const head = bytes.toString("latin1", 0, headEnd);
  for (const line of head.split("\r\n").slice(1)) {
    const colon = line.indexOf(":");
    if (colon > 0) redaction.learn(line.slice(0, colon).trim(), line.slice(colon + 1).trim());
  }
  const shown = Buffer.from(redaction.head(head), "latin1");
  return Buffer.concat([shown, redaction.bytes(bytes.subarray(headEnd))]);
}
