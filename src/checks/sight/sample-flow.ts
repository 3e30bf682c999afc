/**
 * A flow and a target for the tests of this folder, around the file service.
 */
import type { Flow, FlowVerify, VerifyReadBack } from "../../flows/flow.ts";
import { UNWRITTEN_MEASURE, UNWRITTEN_WATCH } from "../../flows/measure/unwritten.ts";
import type { Target, UploadContent } from "../check.ts";
import { controlContent } from "../payloads/form.ts";
import { seededBytes } from "../payloads/seeded-bytes.ts";
import { uploadRequest } from "../payloads/upload.ts";
import { probeOf } from "../payloads/upload-request.ts";
import { type Exchange, sendProbe } from "../send-probe.ts";
import { openSight, type Sight } from "./open-sight.ts";

const NO_READ_BACK: VerifyReadBack = { id: null, url: null, state: null, list: null, command: null };

const VERIFY: FlowVerify = {
  samples: new Map(),
  fields: new Map(),
  path: new Map(),
  headers: [],
  credentials: null,
  readBack: NO_READ_BACK,
  cleanup: null,
  hooks: new Map(),
  faults: new Map(),
  framework: null,
  behind: null,
  requestIdHeader: null,
  pageOrigin: null,
  manual: [],
};

/** What a test writes under `verify`. */
export type Written = Partial<Omit<FlowVerify, "readBack">> & { readonly readBack?: Partial<VerifyReadBack> };

export function flowWith(written: Written, folder = import.meta.dirname): Flow {
  return {
    name: "files",
    folder,
    summary: "Files",
    owner: "somebody",
    noticed: null,
    mode: "off",
    route: { method: "PUT", path: "/files/{name}", protocols: ["raw"] },
    files: new Map([["body", { types: "any", sizeBytesMax: 999, countMax: 1, optional: false }]]),
    fields: new Map(),
    permissions: { caller: "public", require: new Map(), askPath: null, origins: [], shares: [] },
    retry: { idempotencyKey: "off", keepMs: 0 },
    failure: {
      upstreamDown: "refuse",
      upstreamUnknown: "keep",
      upstreamError: "pass",
      retryForMs: 0,
      storageFull: "refuse",
    },
    deliver: "forward",
    upstream: "service",
    forwardCredentials: false,
    policyVersion: "0123456789abcdef",
    inspect: { malware: false, images: null, archives: null, documents: null },
    measure: UNWRITTEN_MEASURE,
    watch: UNWRITTEN_WATCH,
    verify: { ...VERIFY, ...written, readBack: { ...NO_READ_BACK, ...written.readBack } },
    notes: { expect: null, rollback: null },
  };
}

export function targetAt(origin: string): Target {
  return {
    origin,
    method: "PUT",
    path: "/files/{name}",
    protocol: "raw",
    file: {
      field: "body",
      types: "any",
      sizeBytesMax: 999,
      countMax: 1,
      control: {
        name: "control.bin",
        mediaType: "application/octet-stream",
        bytes: seededBytes("sight", 500),
      },
    },
    fields: [],
    acceptedStatuses: [201],
    headers: [],
    idleMs: null,
    seed: "sight",
  };
}

export function sightOf(origin: string, written: Written | null): Promise<Sight> {
  return openSight({
    flow: written === null ? null : flowWith(written),
    target: targetAt(origin),
    origin,
    runId: "run-1",
    settings: null,
  });
}

/** One upload as a run sends it: looked at before and afterwards. */
export async function upload(
  sight: Sight,
  origin: string,
  changed: { readonly name?: string; readonly bytes?: Uint8Array } = {},
) {
  const target = targetAt(origin);
  const content: UploadContent = controlContent(target, changed);
  await sight.evidence?.clear();
  const exchange: Exchange = await sendProbe(origin, probeOf(uploadRequest(target, content)), {
    deadlineMs: 5000,
    lingerMs: 0,
  });
  return { exchange, content, received: (await sight.evidence?.received(exchange, content)) ?? null };
}
