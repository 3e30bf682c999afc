/**
 * Mode `enforce`: one upload from its head to the service's answer. Only what the flow allows gets through.
 *
 * In: a request that matched a flow. Out: the service's answer, or a problem. Always holds: the service sees nothing of an upload until
 * every byte of it is safe, judged and recorded as released; the client gets a 2xx only after the service's own 2xx is recorded.
 */
import type { Flow } from "../flows/flow.ts";
import { GateError } from "../problems/gate-error.ts";
import { answerProblem } from "./answers.ts";
import { BodyIntake, type ReceivedPart } from "./body-intake.ts";
import { readBody } from "./body-reader.ts";
import { deliverUpload } from "./deliver-upload.ts";
import type { GateParts } from "./gate-parts.ts";
import { acceptAll, inspectUpload, type UploadInspection } from "./inspect-upload.ts";
import { type BodyPlan, planBody } from "./judge-request.ts";
import { logUpload } from "./log-upload.ts";
import { receiveBody } from "./receive-body.ts";
import { asGateError, refusalRecord } from "./refusal.ts";
import { releaseUpload } from "./release-upload.ts";
import type { RequestContext } from "./request-context.ts";
import { fileRecord, newUpload, UploadJournal } from "./upload-journal.ts";

/** From here on a file is in storage, not in memory: its upload gets a record while it is still arriving. */
const RECORD_FROM_BYTES = 64 * 1024;

/** Runs one upload; never rejects. */
export async function enforce(gate: GateParts, request: RequestContext, flow: Flow): Promise<void> {
  const journal = new UploadJournal(gate.records, newUpload(request, flow, "enforce"));
  const intake = new BodyIntake(flow, gate.quarantine, "given");
  request.facts.uploadId = journal.upload.id;
  let giveBack = () => {};
  try {
    if (gate.isStopping) throw new GateError("GATE_STOPPING", { retryAfterSeconds: 5 });
    const plan = planBody(request.req, flow);
    giveBack = gate.slots.take();
    const parts = await receive(gate, request, { plan, intake, journal });
    const inspection = await inspect(gate, request, parts, journal);
    const accepted = acceptAll(inspection);
    const released = await releaseUpload(gate, { flow, journal, parts, accepted, inspection });
    await deliverUpload(gate, request, { flow, journal, released });
  } catch (error) {
    await fail(gate, request, { error: asGateError(error), journal, flow });
  } finally {
    giveBack();
    if (journal.state !== "delivered" && journal.state !== "undeliverable") await intake.discard();
    countEnd(gate, flow, journal, request);
  }
}

interface Receiving {
  readonly plan: BodyPlan;
  readonly intake: BodyIntake;
  readonly journal: UploadJournal;
}

async function receive(
  gate: GateParts,
  request: RequestContext,
  { plan, intake, journal }: Receiving,
): Promise<readonly ReceivedPart[]> {
  if (request.expectsContinue) request.res.writeContinue();
  const reader = readBody(plan, intake);
  const onProgress = (bytesRead: number): void => {
    request.facts.bytesIn = bytesRead;
    if (bytesRead > RECORD_FROM_BYTES && intake.largestFileBytes > RECORD_FROM_BYTES) journal.begin();
  };
  await request.timings.measure("recv", () =>
    receiveBody(request.req, reader, intake, { idleMs: gate.settings.limits.idleMs, onProgress }),
  );
  return request.timings.measure("store", () => intake.finish());
}

/** Inspects and, for a refusal, records the verdict before it is told. */
async function inspect(
  gate: GateParts,
  request: RequestContext,
  parts: readonly ReceivedPart[],
  journal: UploadJournal,
): Promise<UploadInspection> {
  const inspection = await request.timings.measure("inspect", () =>
    inspectUpload(parts, gate.quarantine, journal.upload.protocol),
  );
  if (inspection.refusal === null) return inspection;
  const files = parts.flatMap((part) => (part.kind === "file" ? [fileRecord(part.file, inspection)] : []));
  await journal.take(["received", "inspecting", ["rejected", inspection.refusal.publicMessage]], {
    files,
    refusal: refusalRecord(inspection.refusal),
    bytesReceived: request.facts.bytesIn,
  });
  throw inspection.refusal;
}

interface Failure {
  readonly error: GateError;
  readonly journal: UploadJournal;
  readonly flow: Flow;
}

/** Overload must not be made worse by a record of each request that was turned away. */
const UNRECORDED: ReadonlySet<string> = new Set(["GATE_BUSY", "GATE_STOPPING"]);

async function fail(
  gate: GateParts,
  request: RequestContext,
  { error, journal, flow }: Failure,
): Promise<void> {
  const { facts, trace } = request;
  facts.code = error.code;
  facts.outcome = error.code === "REQUEST_ABORTED" ? "aborted" : error.status >= 500 ? "failed" : "refused";
  gate.metrics.refusals.inc({ flow: flow.name, mode: "enforce", code: error.code });
  if (error.status >= 500)
    gate.log.error(
      { requestId: trace.requestId, uploadId: facts.uploadId, code: error.code, err: error },
      "upload failed",
    );
  if (!UNRECORDED.has(error.code)) {
    await journal.end(error, { bytesReceived: facts.bytesIn }).catch((cause: unknown) => {
      gate.log.error(
        { requestId: trace.requestId, uploadId: facts.uploadId, err: cause },
        "refusal not recorded",
      );
    });
  }
  answerProblem(request, error);
}

function countEnd(gate: GateParts, flow: Flow, journal: UploadJournal, request: RequestContext): void {
  logUpload(gate, journal, request.facts.code);
  gate.metrics.uploads.inc({ flow: flow.name, mode: "enforce", state: journal.state });
  gate.metrics.bodyBytes.inc({ flow: flow.name }, request.facts.bytesIn);
  if (journal.state === "delivered")
    gate.metrics.uploadBytes.observe({ flow: flow.name }, request.facts.bytesIn);
}
