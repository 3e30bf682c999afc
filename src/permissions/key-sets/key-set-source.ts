/**
 * Where a set of keys comes from: the interface of `key-set-file.ts` and `key-set-url.ts`.
 */
import { GateError } from "../../problems/gate-error.ts";
import type { Log } from "../../signals/log.ts";
import type { KeySet } from "./key-set.ts";

export interface KeySetSource {
  /** The set to check a token with. @throws PERMISSION_UNAVAILABLE where there is none */
  current(): Promise<KeySet>;
  /**
   * A set read after `set`, for a token whose key is not in it; `null` where there is none to be had at the moment.
   * @throws PERMISSION_UNAVAILABLE where it cannot be known whether the key is there by now
   */
  newerThan(set: KeySet): Promise<KeySet | null>;
  /** The set as it is known here and now; nobody far away is asked. @throws PERMISSION_UNAVAILABLE */
  known(): Promise<KeySet>;
  close(): void;
}

/** `elapsedMs`: a clock that never jumps, in milliseconds; `performance.now` where left out. */
export interface KeySetOptions {
  readonly elapsedMs?: () => number;
  readonly log?: Pick<Log, "warn">;
}

/** Nobody can be recognised for the moment. @param retryAfterMs when it is looked for again */
export function keysUnavailable(retryAfterMs: number, cause: unknown): GateError {
  return new GateError("PERMISSION_UNAVAILABLE", {
    message: "The keys to check tokens with are not available.",
    retryAfterSeconds: Math.max(1, Math.ceil(retryAfterMs / 1000)),
    cause,
  });
}
