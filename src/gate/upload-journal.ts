/**
 * One upload's entries in the records, in the order of its life. The first entry is written late for small uploads: until their bytes
 * are all there nothing of them is anywhere but in memory, so one transaction can take the whole way to `released`.
 */

import type { Flow } from "../flows/flow.ts";
import { GateError } from "../problems/gate-error.ts";
import type {
  DeliveryRecord,
  FileRecord,
  NewUpload,
  Records,
  UploadChange,
  UploadMove,
} from "../records/records.ts";
import type { QuarantinedFile } from "../uploads/stages.ts";
import type { UploadId } from "../uploads/upload-id.ts";
import type { UploadState } from "../uploads/upload-state.ts";
import { withDecision } from "./audit-decision.ts";
import type { UploadInspection } from "./inspect-upload.ts";
import { isMultipart } from "./judge-request.ts";
import { refusalRecord } from "./refusal.ts";
import type { RequestContext } from "./request-context.ts";
import { moves } from "./transitions.ts";

type Step = UploadState | readonly [UploadState, string];

export class UploadJournal {
  readonly upload: NewUpload;
  readonly #records: Records;
  #state: UploadState = "receiving";
  #begun: Promise<void> | null = null;
  #files: readonly FileRecord[] = [];

  constructor(records: Records, upload: NewUpload) {
    this.#records = records;
    this.upload = upload;
  }

  /** Whether anything of this upload is in the records, or on its way there. */
  get hasBegun(): boolean {
    return this.#begun !== null;
  }

  get state(): UploadState {
    return this.#state;
  }

  /** The files as they were last recorded. */
  get files(): readonly FileRecord[] {
    return this.#files;
  }

  /** Writes the record of an upload that has begun to use storage; does not wait for it. */
  begin(): void {
    if (this.#begun !== null) return;
    this.#begun = this.#records.begin(this.upload);
    // The next entry awaits it and reports its failure.
    this.#begun.catch(() => {});
  }

  /**
   * Takes steps in one transaction, with what changes along with them. Durable when resolved.
   * @throws RECORDS_UNAVAILABLE, RECORDS_STATE_CONFLICT
   */
  async take(steps: readonly Step[], written: UploadChange = {}): Promise<void> {
    const taken: UploadMove[] = moves(Date.now(), this.#state, ...steps);
    const change = withDecision(this.upload, taken, written);
    if (this.#begun === null) {
      this.#begun = this.#records.begin(this.upload, taken, change);
      await this.#begun.catch((error: unknown) => {
        if (hasWrittenNothing(error)) this.#begun = null;
        throw error;
      });
    } else {
      await this.#begun;
      await this.#records.move(this.upload.id, taken, change);
    }
    this.#state = taken.at(-1)?.to ?? this.#state;
    this.#files = change.files ?? this.#files;
  }

  /** Ends an upload that was never handed to the service, with the error that ended it. */
  async end(error: GateError, change: UploadChange = {}): Promise<void> {
    const end = endStateOf(this.#state, error);
    if (end !== null)
      await this.take([[end, `${error.code}: ${error.publicMessage}`]], {
        ...change,
        refusal: refusalRecord(error),
      });
  }
}

/** The records refuse a whole change for these, before anything of it is written. */
const LOST_CLAIMS: ReadonlySet<string> = new Set([
  "RECORDS_KEY_TAKEN",
  "RECORDS_GRANT_USED",
  "RECORDS_API_KEY_ENDED",
]);

/** Then the upload can still be recorded as refused. */
const hasWrittenNothing = (error: unknown): boolean =>
  error instanceof GateError && LOST_CLAIMS.has(error.code);

/** The client went away, or the gate was stopped: nothing was wrong with the upload. */
const ENDED_BY_NOBODY: ReadonlySet<string> = new Set(["REQUEST_ABORTED", "GATE_STOPPING"]);

/** Where an upload goes that fails before its release; `null` where that is not for this journal to say. */
function endStateOf(state: UploadState, error: GateError): UploadState | null {
  const isEndedByNobody = ENDED_BY_NOBODY.has(error.code);
  if (state === "receiving") return isEndedByNobody ? "aborted" : "rejected";
  if (state === "accepted" && error.status < 500 && !isEndedByNobody) return "rejected";
  return state === "received" || state === "inspecting" || state === "accepted" ? "expired" : null;
}

/** Who sends an upload, and its id. */
export interface UploadOrigin {
  readonly id: UploadId;
  readonly principal: string;
}

/** What is known of an upload when its head has been read. */
export function newUpload(
  request: RequestContext,
  flow: Flow,
  mode: "observe" | "enforce",
  { id, principal }: UploadOrigin,
): NewUpload {
  return {
    id,
    flow: flow.name,
    policyVersion: flow.policyVersion,
    mode,
    protocol: isMultipart(request.req) ? "multipart" : "raw",
    method: request.req.method ?? "",
    path: request.path,
    principal,
    requestId: request.trace.requestId,
    startedAtMs: request.startedAtMs,
  };
}

/** What the records keep of a file. */
export function fileRecord(file: QuarantinedFile, inspection: UploadInspection | null): FileRecord {
  const report =
    inspection === null ? undefined : [...inspection.reports.values()].find((one) => one.file === file);
  const { index, field, declaredName, declaredType, key, sizeBytes, sha256 } = file;
  return {
    index,
    field,
    declaredName,
    declaredType,
    key,
    sizeBytes,
    sha256,
    verifiedType: report?.verifiedType ?? null,
    isInline: file.inline !== null,
    findings: report?.findings ?? [],
  };
}

/** A first try to tell the service, without an end so far. */
export function deliveryBegun(kind: DeliveryRecord["kind"], startedAtMs: number): DeliveryRecord {
  return { attempt: 1, kind, startedAtMs, endedAtMs: null, status: null, error: null };
}
