/**
 * The keys of uploads that run in this process. Synchronous throughout: between the look and the taking nobody else can come.
 */
import { GateError } from "../../problems/gate-error.ts";
import type { UploadId } from "../../uploads/upload-id.ts";

const RETRY_AFTER_SECONDS = 1;

export class RunningKeys {
  readonly #uploads = new Map<string, UploadId>();

  /** @throws IDEMPOTENCY_KEY_RUNNING where another upload has it */
  take(scope: string, upload: UploadId): void {
    const running = this.#uploads.get(scope);
    if (running !== undefined && running !== upload)
      throw new GateError("IDEMPOTENCY_KEY_RUNNING", { retryAfterSeconds: RETRY_AFTER_SECONDS });
    this.#uploads.set(scope, upload);
  }

  /** Gives the key back where it is this upload's; else does nothing. */
  end(scope: string, upload: UploadId): void {
    if (this.#uploads.get(scope) === upload) this.#uploads.delete(scope);
  }
}
