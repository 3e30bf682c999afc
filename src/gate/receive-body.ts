/**
 * Reads a request's body into an intake: at the pace of the disk, within the time allowed, and no further than the first refusal.
 */
import type { IncomingMessage } from "node:http";
import { GateError } from "../problems/gate-error.ts";
import type { BodyIntake } from "./body-intake.ts";
import { BodyPace } from "./body-pace.ts";
import type { BodyReader } from "./body-reader.ts";

export interface ReceiveOptions {
  /** Window in which progress must be made. */
  readonly idleMs: number;
  /** What the body must bring on average. */
  readonly bytesPerSecondMin: number;
  /** Ends the body with the signal's reason. */
  readonly signal: AbortSignal;
  /** Called after each chunk. */
  readonly onProgress: (bytesRead: number) => void;
}

/**
 * Resolves when the last byte was read by the reader (not yet when it is safe: that is the intake's `finish`).
 * The request is left paused on failure, with its body unread.
 * @throws REQUEST_ABORTED, REQUEST_TIMEOUT, the reason of `options.signal`, and whatever the reader throws
 */
export function receiveBody(
  req: IncomingMessage,
  reader: BodyReader,
  intake: BodyIntake,
  options: ReceiveOptions,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let isDone = false;
    const { idleMs, bytesPerSecondMin, signal } = options;
    const pace = new BodyPace({
      idleMs,
      bytesPerSecondMin,
      look: () => ({ bytes: reader.bytesRead, isOurTurn: intake.mustWait }),
      onTooSlow: fail,
    });

    function settle(): boolean {
      if (isDone) return false;
      isDone = true;
      pace.stop();
      signal.removeEventListener("abort", onSignal);
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
    function onSignal(): void {
      fail(signal.reason);
    }
    signal.addEventListener("abort", onSignal);
    req.on("data", onData).on("end", onEnd).on("close", onClose).on("error", onError);
    if (signal.aborted) onSignal();
    else if (req.readableEnded) onEnd();
    else if (req.destroyed) onClose();
  });
}
