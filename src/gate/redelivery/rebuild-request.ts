/**
 * The request of another try, from what was kept of the first: the same upload id, the same parts, names and types; receipts signed anew with a
 * fresh time (lesson T45), since the old ones may have expired.
 */
import type { DeliveryPart } from "../../delivery/delivery-input.ts";
import type { Flow } from "../../flows/flow.ts";
import { GateError } from "../../problems/gate-error.ts";
import type { Handover, UploadRecord } from "../../records/records.ts";
import { reopenFile } from "../../release/reopen-file.ts";
import type { UpstreamRequest } from "../../upstream/upstream.ts";
import { buildRequest } from "../deliver-upload.ts";
import type { GateParts } from "../gate-parts.ts";

/** Everything that another try is made from. */
export interface KeptDelivery {
  readonly record: UploadRecord;
  readonly handover: Handover;
  readonly flow: Flow;
  /** Told to the service as `Sluicegate-Attempt`, from 2 on. */
  readonly attempt: number;
}

/** How the upload was released: by that its files were placed, whatever the flow says today. */
export function deliveryKind(record: UploadRecord, flow: Flow): Flow["deliver"] {
  const kind = record.deliveries[0]?.kind;
  return kind === "forward" || kind === "receipt" ? kind : flow.deliver;
}

/** @throws STORAGE_OBJECT_MISSING, STORAGE_READ_FAILED, RECEIPT_KEY_UNAVAILABLE, RECORDS_UNAVAILABLE */
export async function rebuildRequest(gate: GateParts, kept: KeptDelivery): Promise<UpstreamRequest> {
  const { record, handover, flow, attempt } = kept;
  const kind = deliveryKind(record, flow);
  return buildRequest(gate, kind, {
    uploadId: record.id,
    flow: record.flow,
    policyVersion: record.policyVersion,
    principal: record.principal,
    protocol: record.protocol === "raw" ? "raw" : "multipart",
    method: handover.method,
    route: flow.route.path,
    target: handover.target,
    audience: gate.settings.upstreams.get(flow.upstream)?.url ?? "",
    headers: [...handover.headers, "Sluicegate-Attempt", String(attempt)],
    parts: await reopenParts(gate, record, handover, kind),
  });
}

function reopenParts(
  gate: GateParts,
  record: UploadRecord,
  { parts }: Handover,
  kind: Flow["deliver"],
): Promise<DeliveryPart[]> {
  return Promise.all(
    parts.map(async (part): Promise<DeliveryPart> => {
      if (part.kind === "field") return part;
      const file = record.files.find(({ index }) => index === part.index);
      if (file === undefined)
        throw new GateError("STORAGE_OBJECT_MISSING", { expected: `file ${part.index}` });
      const released = await reopenFile(file, gate, { needsPath: kind === "receipt" });
      return { kind: "file", name: part.name, file: released };
    }),
  );
}
