/**
 * Idempotency keys over the records: who runs now is known in memory, what was done is known in the records.
 *
 * In: a flow, a principal, the header's values; later the content's fingerprint; later the service's answer. Out: go on, give an answer again, or
 * refuse; and what to write together with the upload's moves. Always: of any number of requests with one key at once exactly one goes on; a
 * claim is on stable storage before the service hears of the upload, so a process that is killed after that leaves the key taken; a key is set free
 * only by an upload that claimed it. Not here: the moves themselves, and giving the answer (`replay-answer.ts`).
 */
import type { Flow } from "../../flows/flow.ts";
import { GateError } from "../../problems/gate-error.ts";
import type { IdempotencyChange, IdempotencyRecord, Records, StoredAnswer } from "../../records/records.ts";
import type { UploadId } from "../../uploads/upload-id.ts";
import type { UploadState } from "../../uploads/upload-state.ts";
import { type Filling, FreshKeys } from "./fresh-keys.ts";
import type { Idempotency, IdempotentUpload } from "./idempotency.ts";
import { derivedKeyScope, type KeyOwner, sentKeyScope } from "./key-scope.ts";
import { readKey } from "./read-key.ts";
import { RunningKeys } from "./running-keys.ts";
import { isFinalAnswer } from "./stored-answer.ts";

const UNDECIDED_RETRY_SECONDS = 30;

/**
 * How long a claim outlives `keep` while its upload has no answer: longer than any upload waits to be delivered or decided, because a claim that
 * expires before would let a retry pass beside the first upload. An upload that ends sets its key free whatever is left of this.
 */
const UNANSWERED_KEPT_MS = 31 * 24 * 3600 * 1000;

/** States in which an upload without an answer surely has, or by somebody's decision counts as having, no effect. */
const WITHOUT_EFFECT: ReadonlySet<UploadState> = new Set(["aborted", "expired", "rejected"]);

/** What of the records is needed here. */
export type KeyRecords = Pick<Records, "findIdempotencyKey" | "idempotencyScopes" | "get" | "move">;

/** @param clock milliseconds since 1970 */
export function openIdempotency(records: KeyRecords, clock: () => number = Date.now): Idempotency {
  const running = new RunningKeys();
  const fresh = new FreshKeys(records);
  return {
    begin(flow, upload, headerValues) {
      const { idempotencyKey } = flow.retry;
      if (idempotencyKey === "off") return UNKEYED;
      if (headerValues.length === 0 && idempotencyKey === "required") throw missing();
      if (headerValues.length === 0 && idempotencyKey === "optional") return UNKEYED;
      const owner: KeyOwner = { flow: flow.name, principal: upload.principal };
      const keyed = new KeyedUpload({ records, clock, running, fresh }, flow, { id: upload.id, owner });
      if (headerValues.length > 0) keyed.take(sentKeyScope(owner, readKey(headerValues)));
      return keyed;
    },
  };
}

/** An upload that no retry can be told from. */
const UNKEYED: IdempotentUpload = Object.freeze({
  isKnown: async () => false,
  recognise: async () => ({ kind: "go" as const, claim: null }),
  keepsAnswer: false,
  scope: null,
  answered: () => null,
  freed: () => null,
  end: () => {},
});

interface KeyParts {
  readonly records: KeyRecords;
  readonly clock: () => number;
  readonly running: RunningKeys;
  readonly fresh: FreshKeys;
}

class KeyedUpload implements IdempotentUpload {
  readonly keepsAnswer = true;
  readonly #parts: KeyParts;
  readonly #keepMs: number;
  readonly #upload: { readonly id: UploadId; readonly owner: KeyOwner };
  /** `null` until the key is derived from the content. */
  #scope: string | null = null;
  /** `null` until it is claimed. */
  #claimedAt: Filling | null = null;

  constructor(parts: KeyParts, flow: Flow, upload: { readonly id: UploadId; readonly owner: KeyOwner }) {
    this.#parts = parts;
    this.#keepMs = flow.retry.keepMs;
    this.#upload = upload;
  }

  get scope(): string | null {
    return this.#scope;
  }

  /** @throws IDEMPOTENCY_KEY_RUNNING */
  take(scope: string): void {
    this.#parts.running.take(scope, this.#upload.id);
    this.#scope = scope;
  }

  async isKnown(): Promise<boolean> {
    return this.#scope !== null && (await this.#find(this.#scope)) !== null;
  }

  async recognise(fingerprint: string): ReturnType<IdempotentUpload["recognise"]> {
    if (this.#scope === null) this.take(derivedKeyScope(this.#upload.owner, fingerprint));
    const scope = this.#scope ?? "";
    const entry = await this.#find(scope);
    const first = entry?.answer === null ? await this.#stateOf(entry) : null;
    if (entry === null || (await this.#isFreedAfter(entry, first))) {
      this.#claimedAt = this.#parts.fresh.add(scope);
      const expiresAtMs = this.#keptUntil(UNANSWERED_KEPT_MS);
      return { kind: "go", claim: { kind: "claim", scope, fingerprint, expiresAtMs } };
    }
    if (entry.fingerprint !== fingerprint) throw refusal("IDEMPOTENCY_KEY_REUSED", entry);
    if (entry.answer === null && first !== "delivered")
      throw refusal("IDEMPOTENCY_UNDECIDED", entry, UNDECIDED_RETRY_SECONDS);
    if (entry.answer === null || entry.answer.body === null)
      throw refusal("IDEMPOTENCY_ANSWER_NOT_KEPT", entry);
    return { kind: "replay", answer: entry.answer, uploadId: entry.uploadId };
  }

  answered(answer: StoredAnswer): IdempotencyChange | null {
    if (!isFinalAnswer(answer.status)) return this.freed();
    if (this.#scope === null || this.#claimedAt === null) return null;
    return { kind: "answer", scope: this.#scope, answer, expiresAtMs: this.#keptUntil(0) };
  }

  freed(): IdempotencyChange | null {
    return this.#scope !== null && this.#claimedAt !== null ? { kind: "free", scope: this.#scope } : null;
  }

  end(): void {
    if (this.#scope === null) return;
    if (this.#claimedAt !== null) this.#parts.fresh.addAgain(this.#scope, this.#claimedAt);
    this.#parts.running.end(this.#scope, this.#upload.id);
  }

  /** Nobody is asked for a key that is certainly in no record. */
  async #find(scope: string): Promise<IdempotencyRecord | null> {
    const { fresh, records, clock } = this.#parts;
    return fresh.isFresh(scope) ? null : records.findIdempotencyKey(scope, clock());
  }

  #keptUntil(moreMs: number): number {
    return this.#parts.clock() + this.#keepMs + moreMs;
  }

  /** State of the upload that claimed the key; `null` where its record is forgotten. */
  async #stateOf({ uploadId }: IdempotencyRecord): Promise<UploadState | null> {
    return (await this.#parts.records.get(uploadId))?.state ?? null;
  }

  /** An entry without an answer whose upload has ended without effect is removed: a new claim needs the place. */
  async #isFreedAfter({ scope, uploadId }: IdempotencyRecord, first: UploadState | null): Promise<boolean> {
    if (first === null || !WITHOUT_EFFECT.has(first)) return false;
    await this.#parts.records.move(uploadId, [], { idempotency: { kind: "free", scope } });
    return true;
  }
}

function missing(): GateError {
  return new GateError("IDEMPOTENCY_KEY_MISSING", {
    expected: "an Idempotency-Key header",
    seen: "none",
    details: { header: "Idempotency-Key" },
  });
}

/** The first upload's id is told: it is the same principal's. */
function refusal(
  code: "IDEMPOTENCY_KEY_REUSED" | "IDEMPOTENCY_UNDECIDED" | "IDEMPOTENCY_ANSWER_NOT_KEPT",
  { uploadId }: IdempotencyRecord,
  retryAfterSeconds?: number,
): GateError {
  return new GateError(code, {
    details: { firstUpload: uploadId },
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  });
}
