/**
 * What is left of a request body once its answer is known.
 *
 * A close with unread bytes sends a reset, and the reset can overtake the answer on its way to the client (lesson T46). So the rest is
 * read and thrown away, within limits of bytes and of time; a client that goes on beyond them may be cut off.
 */
import type { IncomingMessage } from "node:http";

/** How much of a body that nobody wants is still read before the connection is cut. */
export interface DrainLimits {
  readonly bytesMax: number;
  readonly timeMs: number;
}

/** Drained no faster than this: a client that writes as fast as it can shall find time to read its answer before the limit is reached. */
const SLICE_BYTES = 512 * 1024;
const SLICE_MS = 20;

export const DRAIN_LIMITS: DrainLimits = { bytesMax: 64 * 1024 * 1024, timeMs: 5_000 };

/**
 * Reads a request body to its end and drops it.
 * @returns `true` once the body has ended; `false` where it went beyond the limits or broke off: the caller then closes the connection.
 */
export function drainRequest(req: IncomingMessage, limits: DrainLimits = DRAIN_LIMITS): Promise<boolean> {
  if (req.readableEnded) return Promise.resolve(true);
  if (req.destroyed || req.socket.destroyed) return Promise.resolve(false);
  return new Promise((resolve) => {
    let leftBytes = limits.bytesMax;
    let leftOfSlice = SLICE_BYTES;
    const stop = (isWhole: boolean): void => {
      clearTimeout(timer);
      clearInterval(pace);
      req.off("data", count).off("end", onEnd);
      req.socket.off("close", onClose);
      resolve(isWhole);
    };
    const count = (chunk: Uint8Array): void => {
      leftBytes -= chunk.length;
      leftOfSlice -= chunk.length;
      if (leftBytes < 0) stop(false);
      else if (leftOfSlice < 0) req.pause();
    };
    const nextSlice = (): void => {
      leftOfSlice = SLICE_BYTES;
      req.resume();
    };
    const onEnd = (): void => stop(true);
    const onClose = (): void => stop(req.readableEnded);
    const timer = setTimeout(stop, limits.timeMs, false);
    const pace = setInterval(nextSlice, SLICE_MS);
    req.on("data", count).once("end", onEnd);
    // Not the request's own close: Node forgets a request whose answer has ended, and does not tell it of its socket.
    req.socket.once("close", onClose);
    req.resume();
  });
}
