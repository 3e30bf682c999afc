/**
 * Cuts off clients that do not read their answers: bytes wait for them, and none have gone out for the idle time.
 *
 * Always: who has nothing waiting is never cut off, however long it is silent (server-sent events); who takes a little is not either.
 */
import type { Socket } from "node:net";

/** Something that bytes flow out of to a client. */
export interface Outflow {
  /** Bytes that wait to go out. */
  readonly waitingBytes: number;
  /** Grows whenever bytes have gone out. */
  readonly sentBytes: number;
  cut(): void;
}

const LOOKS_A_WINDOW = 4;

interface Seen {
  sentBytes: number;
  sinceMs: number;
}

export class StallWatch {
  readonly #idleMs: number;
  readonly #now: () => number;
  readonly #outflows = new Map<Outflow, Seen>();
  readonly #timer: NodeJS.Timeout;

  constructor(idleMs: number, now: () => number = () => performance.now()) {
    this.#idleMs = idleMs;
    this.#now = now;
    this.#timer = setInterval(() => this.look(), Math.max(5, idleMs / LOOKS_A_WINDOW)).unref();
  }

  /** Watches until the result is called. */
  add(outflow: Outflow): () => void {
    this.#outflows.set(outflow, { sentBytes: 0, sinceMs: this.#now() });
    return () => void this.#outflows.delete(outflow);
  }

  /** Looks at all of them once. */
  look(): void {
    const nowMs = this.#now();
    for (const [outflow, seen] of this.#outflows) {
      const { waitingBytes, sentBytes } = outflow;
      if (waitingBytes === 0 || sentBytes !== seen.sentBytes) {
        seen.sentBytes = sentBytes;
        seen.sinceMs = nowMs;
      } else if (nowMs - seen.sinceMs >= this.#idleMs) {
        this.#outflows.delete(outflow);
        outflow.cut();
      }
    }
  }

  close(): void {
    clearInterval(this.#timer);
    this.#outflows.clear();
  }
}

/** What the system's side of a socket knows of bytes that are neither sent nor in our hands any more. */
interface WriteQueue {
  readonly writeQueueSize?: number;
  readonly bytesWritten?: number;
}

/**
 * The outflow of a whole connection. `socket` is what HTTP is written to, `raw` what is sent: under TLS the two differ.
 * A large write counts as it goes out, not only when all of it has: Node's own socket timeout looks at the same queue.
 */
export function socketOutflow(raw: Socket, socket: Socket, cut: () => void): Outflow {
  const queue = (): WriteQueue => (raw as Socket & { _handle?: WriteQueue | null })._handle ?? {};
  return {
    get waitingBytes() {
      return socket.destroyed ? 0 : socket.writableLength + (queue().writeQueueSize ?? 0);
    },
    get sentBytes() {
      const { bytesWritten = raw.bytesWritten, writeQueueSize = 0 } = queue();
      return bytesWritten - writeQueueSize;
    },
    cut,
  };
}
