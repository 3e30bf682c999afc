/**
 * Mode `observe`: the original request goes to the service byte for byte at its own pace; a bounded copy goes the way of mode `enforce`
 * as far as the verdict, and what would have been refused is recorded.
 *
 * Always holds: nothing here is awaited by the request, and nothing thrown here reaches it. A copy that cannot keep up, or that no room is
 * left for, is given up and said to be given up; it never makes the client or the service wait.
 */
import type { Flow } from "../flows/flow.ts";
import type { Narrowing } from "../permissions/caller.ts";
import { judgeOrigin } from "../permissions/cross-site.ts";
import type { GateError } from "../problems/gate-error.ts";
import type { DeliveryRecord } from "../records/records.ts";
import { newUploadId, type UploadId } from "../uploads/upload-id.ts";
import { BodyIntake } from "./body-intake.ts";
import { type BodyReader, readBody } from "./body-reader.ts";
import { upstreamOf } from "./deliver-upload.ts";
import type { GateParts } from "./gate-parts.ts";
import { inspectUpload, type UploadInspection } from "./inspect-upload.ts";
import { planBody } from "./judge-request.ts";
import { logUpload } from "./log-upload.ts";
import { holdNarrowing, narrowFlow, narrowParts } from "./narrow-flow.ts";
import { passThrough, type RelayTap } from "./pass-through.ts";
import { asGateError, Refusal, refusalRecord } from "./refusal.ts";
import type { RequestContext } from "./request-context.ts";
import { fileRecord, newUpload, UploadJournal } from "./upload-journal.ts";
import { callerCheck, callerRequest } from "./upload-permit.ts";

/** A copy further behind than one quarantine buffer is given up. */
const BEHIND_BYTES_MAX = 8 * 1024 * 1024;

/**
 * Relays the request while it is watched.
 * @throws only what `passThrough` throws
 */
export async function observe(gate: GateParts, request: RequestContext, flow: Flow): Promise<void> {
  const observation = new Observation(gate, request, flow);
  request.facts.uploadId = observation.uploadId;
  const startedAtMs = Date.now();
  try {
    await passThrough(gate, request, upstreamOf(gate, flow), observation.tap);
  } finally {
    const { upstreamStatus: status } = request.facts;
    observation.conclude({
      attempt: 1,
      kind: "observe",
      startedAtMs,
      endedAtMs: Date.now(),
      status,
      error: null,
    });
  }
}

/** Whether a caller would have been let in, and with how much less than the flow allows. */
interface JudgedCaller {
  readonly refusal: GateError | null;
  readonly narrowing: Narrowing | null;
}

/** The copy of one upload, and what comes of it. */
class Observation {
  readonly uploadId: UploadId = newUploadId();
  readonly #gate: GateParts;
  readonly #request: RequestContext;
  readonly #flow: Flow;
  readonly #intake: BodyIntake;
  readonly #giveBack: () => void;
  readonly #caller: Promise<JudgedCaller>;
  readonly #judged = Promise.withResolvers<string | null>();
  #reader: BodyReader | null = null;
  #refusal: GateError | null = null;
  #lost: string | null = null;
  #behindBytes = 0;
  #bytes = 0;
  #isDraining = false;

  constructor(gate: GateParts, request: RequestContext, flow: Flow) {
    this.#gate = gate;
    this.#request = request;
    this.#flow = flow;
    this.#intake = new BodyIntake(flow, gate.quarantine, "shared");
    this.#giveBack = this.#takeSlot();
    this.#caller = this.#judgeCaller();
    request.seen.observed = this.#judged.promise;
    this.#guard(() => {
      judgeOrigin(flow, request.req.headers);
      if (this.#lost === null) this.#reader = readBody(planBody(request.req, flow), this.#intake);
    });
  }

  get tap(): RelayTap {
    return { tap: (chunk) => this.#see(chunk), tapEnd: (complete) => this.#seeEnd(complete) };
  }

  /** Judges the copy and records the outcome, after the request is over and without anybody waiting. */
  conclude(delivery: DeliveryRecord): void {
    this.#judge(delivery)
      .catch((error: unknown) =>
        this.#gate.log.error({ uploadId: this.uploadId, err: error }, "observation not recorded"),
      )
      .finally(() => {
        this.#giveBack();
        this.#judged.resolve(this.#refusal?.code ?? null);
        return this.#intake.discard();
      });
  }

  #takeSlot(): () => void {
    try {
      return this.#gate.slots.take();
    } catch {
      this.#lost = "as many uploads as limits.uploads allows were at work";
      return () => {};
    }
  }

  /** Never rejects. The service itself is not asked: in this mode it gets what the client sends and nothing more. Shares are not counted either. */
  async #judgeCaller(): Promise<JudgedCaller> {
    if (this.#flow.permissions.caller === "upstream") return { refusal: null, narrowing: null };
    try {
      const check = callerCheck(this.#gate, this.#flow);
      const { principal, narrowing } = await check.admit(this.#flow, callerRequest(this.#request));
      this.#request.facts.principal = principal;
      narrowFlow(this.#flow, narrowing);
      return { refusal: null, narrowing };
    } catch (error) {
      return { refusal: asGateError(error), narrowing: null };
    }
  }

  #see(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    this.#request.facts.bytesIn = this.#bytes;
    if (this.#reader === null) return;
    if (this.#isDraining) this.#behindBytes += chunk.length;
    if (this.#behindBytes > BEHIND_BYTES_MAX) this.#lose("the copy could not keep up with the upload");
    else this.#guard(() => this.#reader?.write(chunk));
    if (this.#intake.mustWait && !this.#isDraining) this.#drain();
  }

  #drain(): void {
    this.#isDraining = true;
    this.#intake.drained().then(
      () => {
        this.#isDraining = false;
        this.#behindBytes = 0;
      },
      (error: unknown) => this.#lose(`the copy could not be stored (${asGateError(error).code})`),
    );
  }

  #seeEnd(complete: boolean): void {
    const reader = this.#reader;
    if (reader === null) return;
    if (complete) this.#guard(() => reader.end());
    else this.#lose("the client went away before the end of the body");
  }

  /** Runs a step of the copy; a refusal is what observation is for, anything else ends it. */
  #guard(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#reader = null;
      const gateError = asGateError(error);
      if (gateError.status < 500) this.#refusal ??= gateError;
      else this.#lose(`the gate could not judge it (${gateError.code})`);
    }
  }

  #lose(reason: string): void {
    this.#reader = null;
    if (this.#lost !== null) return;
    this.#lost = reason;
    this.#gate.metrics.observationsLost.inc({ flow: this.#flow.name });
  }

  async #judge(delivery: DeliveryRecord): Promise<void> {
    const caller = await this.#caller;
    const origin = { id: this.uploadId, principal: this.#request.facts.principal ?? "unknown" };
    const upload = newUpload(this.#request, this.#flow, "observe", origin);
    const inspection = this.#reader === null ? null : await this.#inspect(caller.narrowing, upload.protocol);
    const refusal = caller.refusal ?? this.#refusal ?? inspection?.refusal ?? null;
    this.#refusal = refusal;
    if (refusal !== null)
      this.#gate.metrics.refusals.inc({ flow: this.#flow.name, mode: "observe", code: refusal.code });
    this.#gate.metrics.uploads.inc({ flow: this.#flow.name, mode: "observe", state: "observed" });
    const files =
      inspection === null
        ? []
        : [...inspection.reports.keys()].map((part) => fileRecord(part.file, inspection));
    this.#request.seen.fileType = files[0]?.verifiedType ?? null;
    const journal = new UploadJournal(this.#gate.records, upload);
    await journal.take([["observed", this.#note(refusal)]], {
      delivery,
      files: files.map((file) => ({ ...file, isInline: false })),
      bytesReceived: this.#bytes,
      ...(refusal === null ? {} : { refusal: refusalRecord(refusal) }),
    });
    logUpload(this.#gate, journal, refusal?.code ?? null);
  }

  async #inspect(narrowing: Narrowing | null, protocol: string): Promise<UploadInspection | null> {
    try {
      const parts = await this.#intake.finish();
      holdNarrowing(parts, narrowing);
      return await inspectUpload(narrowParts(parts, narrowing), this.#gate.quarantine, protocol);
    } catch (error) {
      const gateError = asGateError(error);
      if (gateError.status < 500 || gateError instanceof Refusal) this.#refusal ??= gateError;
      else this.#lose(`the gate could not judge it (${gateError.code})`);
      return null;
    }
  }

  #note(refusal: GateError | null): string {
    if (this.#lost !== null) return `not judged: ${this.#lost}`;
    return refusal === null ? "would have been accepted" : `would have been refused: ${refusal.code}`;
  }
}
