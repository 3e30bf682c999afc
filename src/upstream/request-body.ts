/**
 * The body of a request on its way to the service, in one of two shapes: a client's own body as it arrives (`RelayBody`), or one that a
 * delivery writes (`watchedChunks`). Both tell a `BodyWatch` which side is waiting for which, so that only the service is timed.
 *
 * Always: pulled only as fast as the service takes it; at most one socket read is held back; a broken client body never ends as a whole one.
 */
import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { clientGone } from "./upstream-error.ts";

/** Whose turn it is: `taken` when the service asks for more, `held` when bytes wait for the service. */
export interface BodyWatch {
  taken(): void;
  held(): void;
}

/** Sees a body go by. */
export interface BodyTap {
  readonly chunk: (bytes: Uint8Array) => void;
  readonly end: (isComplete: boolean) => void;
}

/** A client's request body, readable once, that can be given up without closing the client's connection. */
export class RelayBody extends Readable {
  readonly #req: IncomingMessage;
  readonly #watch: BodyWatch;
  readonly #tap: BodyTap | null;
  #isAttached = false;
  #isWhole = false;
  #pulledBytes = 0;

  constructor(req: IncomingMessage, watch: BodyWatch, tap: BodyTap | null) {
    super({ highWaterMark: 64 * 1024 });
    this.#req = req;
    this.#watch = watch;
    this.#tap = tap;
  }

  /** Bytes read from the client so far. */
  get pulledBytes(): number {
    return this.#pulledBytes;
  }

  override _read(): void {
    this.#watch.taken();
    if (!this.#isAttached) this.#attach();
    else if (this.#req.isPaused()) this.#req.resume();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#detach();
    if (!this.#isWhole) {
      this.#req.pause();
      this.#tap?.end(false);
    }
    callback(error);
  }

  #attach(): void {
    this.#isAttached = true;
    if (this.#req.destroyed) return void this.destroy(clientGone());
    this.#req.on("data", this.#onData).on("end", this.#onEnd);
    this.#req.on("close", this.#onClose).on("error", this.#onClose);
  }

  #detach(): void {
    this.#req.off("data", this.#onData).off("end", this.#onEnd).off("close", this.#onClose);
  }

  readonly #onData = (chunk: Uint8Array): void => {
    this.#pulledBytes += chunk.length;
    this.#tap?.chunk(chunk);
    if (this.push(chunk)) return;
    this.#req.pause();
    this.#watch.held();
  };

  readonly #onEnd = (): void => {
    this.#isWhole = true;
    this.#tap?.end(true);
    this.push(null);
  };

  readonly #onClose = (): void => {
    if (!this.#isWhole) this.destroy(clientGone());
  };
}

/** The chunks of a body that a delivery writes, with a watch on them. A chunk is asked for only when the one before has gone out. */
export async function* watchedChunks(
  body: AsyncIterator<Uint8Array>,
  watch: BodyWatch,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for (;;) {
      watch.taken();
      const step = await body.next();
      if (step.done === true) return;
      watch.held();
      yield step.value;
    }
  } finally {
    await body.return?.();
  }
}
