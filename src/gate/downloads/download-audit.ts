/**
 * What the audit keeps of downloads: one entry for each link or receipt, when it is first used.
 *
 * Not one for each request: a reader that seeks in a film asks hundreds of times with one link, and the audit is kept for good. A link that has
 * not been used for long may get a second entry, and each process remembers for itself.
 * The download does not wait for the entry: it changes nothing that would have to be undone. An entry that could not be written is logged.
 */
import { createHash } from "node:crypto";
import type { AuditEntry } from "../../records/records.ts";
import type { GateParts } from "../gate-parts.ts";
import type { RequestContext } from "../request-context.ts";

const REMEMBERED_MAX = 10_000;

/** Digests of the tokens that have an entry, oldest use first. */
const noted = new WeakMap<GateParts, Set<string>>();

/** What was allowed. */
export interface Download {
  /** What allowed it. */
  readonly rule: "receipt" | "download-link";
  readonly token: string;
  readonly flow: string | null;
  readonly policyVersion: string | null;
  readonly uploadId: string;
  readonly fileIndex: number;
  readonly sha256: string;
}

/** Notes a download in the audit, unless its token is there already; never throws. */
export function noteDownload(gate: GateParts, request: RequestContext, download: Download): void {
  if (isNoted(gate, download.token)) return;
  const { rule, flow, policyVersion, uploadId, fileIndex, sha256 } = download;
  const entry: AuditEntry = {
    atMs: Date.now(),
    event: "download",
    flow,
    policyVersion,
    uploadId,
    principal: null,
    requestId: request.trace.requestId,
    rule,
    detail: { file: fileIndex, sha256 },
  };
  gate.records
    .note({ audit: [entry] })
    .catch((cause: unknown) => gate.log.error({ uploadId, err: cause }, "download not in the audit"));
}

/** Whether there is an entry; if not, there will be. */
function isNoted(gate: GateParts, token: string): boolean {
  const digest = createHash("sha256").update(token).digest("base64");
  const known = noted.get(gate) ?? new Set();
  noted.set(gate, known);
  const isKnown = known.delete(digest);
  known.add(digest);
  const [oldest] = known;
  if (known.size > REMEMBERED_MAX && oldest !== undefined) known.delete(oldest);
  return isKnown;
}
