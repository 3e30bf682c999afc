/**
 * Reads a request's body into an intake: at the pace of the disk, within the time allowed, and no further than the first refusal.
 */
import type { IncomingMessage } from "node:http";
import { GateError } from "../problems/gate-error.ts";
import type { BodyIntake } from "./body-intake.ts";
import type { BodyReader } from "./body-reader.ts";

/** Slower than this over a whole idle window is a sender that holds a place, not one that sends. */
const BYTES_PER_SECOND_MIN = 256;

export interface ReceiveOptions {
  /** Window in which progress must be made. */
  readonly idleMs: number;
  /** Called after each chunk. */
  readonly onProgress: (bytesRead: number) => void;
}

/**
 * Resolves when the last byte was read by the reader (not yet when it is safe: that is the intake's `finish`).
 * The request is left paused on failure, with its body unread.
 * @throws REQUEST_ABORTED, REQUEST_TIMEOUT, and whatever the reader throws
 */
export function receiveBody(
  req: IncomingMessage,
  reader: BodyReader,
  intake: BodyIntake,
  options: ReceiveOptions,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let isDone = false;
    const watch = watchProgress(
      options.idleMs,
      () => ({ bytes: reader.bytesRead, waits: intake.mustWait }),
      fail,
    );

    function settle(): boolean {
      if (isDone) return false;
      isDone = true;
      clearInterval(watch);
      req.off("data", onData).off("end", onEnd).off("close", onClose).off("error", onError);
      return true;
    }
    function fail(error: unknown): void {
      if (!settle()) return;
      req.pause();
      reject(error);
    }
    function onData(chunk: Buffer): void {
      try {
        reader.write(chunk);
        options.onProgress(reader.bytesRead);
      } catch (error) {
        fail(error);
        return;
      }
      if (intake.mustWait) {
        req.pause();
        intake.drained().then(() => isDone || req.resume(), fail);
      }
    }
    function onEnd(): void {
      try {
        reader.end();
        if (settle()) resolve();
      } catch (error) {
        fail(error);
      }
    }
    function onClose(): void {
      fail(
        new GateError("REQUEST_ABORTED", {
          seen: `the connection closed after ${reader.bytesRead} bytes of the body`,
        }),
      );
    }
    function onError(cause: Error): void {
      fail(
        new GateError("REQUEST_ABORTED", {
          cause,
          seen: `the connection broke after ${reader.bytesRead} bytes of the body`,
        }),
      );
    }
    req.on("data", onData).on("end", onEnd).on("close", onClose).on("error", onError);
    if (req.readableEnded) onEnd();
    else if (req.destroyed) onClose();
  });
}

/** Fails a body that makes too little progress in a window; time spent waiting for our own disk does not count against the client. */
function watchProgress(
  idleMs: number,
  look: () => { bytes: number; waits: boolean },
  fail: (error: GateError) => void,
): NodeJS.Timeout {
  const bytesMin = Math.max(1, (BYTES_PER_SECOND_MIN * idleMs) / 1000);
  let before = 0;
  let waited = false;
  return setInterval(() => {
    const { bytes, waits } = look();
    if (bytes - before < bytesMin && !waits && !waited) {
      fail(
        new GateError("REQUEST_TIMEOUT", {
          message: "The body arrived too slowly.",
          expected: `at least ${Math.ceil(bytesMin)} bytes in ${idleMs / 1000} s`,
          seen: `${bytes - before} bytes`,
        }),
      );
    }
    before = bytes;
    waited = waits;
  }, idleMs);
}
