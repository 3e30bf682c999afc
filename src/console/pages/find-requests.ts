/**
 * Kept requests as the page asks for them: a list by flow and reason, and one by its id.
 */
import { GateError, quoteSeen } from "../../problems/gate-error.ts";
import type { KeptRequest } from "../../signals/history/history.ts";
import { parseUploadId } from "../../uploads/upload-id.ts";
import type { RequestPage, RequestRow } from "../console-api.ts";
import type { ConsoleSources } from "../console-sources.ts";
import { makeRequestPage, makeRequestRow } from "./request-rows.ts";

const LIMIT_DEFAULT = 50;
const LIMIT_MAX = 200;
const REASONS: readonly KeptRequest["keptBecause"][] = ["failed", "refused", "slow", "sample"];
const REQUEST_ID_CHARS_MAX = 200;

/**
 * `?flow=&because=&before=&limit=`, newest first. `before` is a time: only what came earlier.
 * @throws CONSOLE_REQUEST_INVALID
 */
export async function listRequests(
  { history, now }: ConsoleSources,
  query: URLSearchParams,
): Promise<{ readonly requests: readonly RequestRow[] }> {
  const flow = query.get("flow");
  const because = query.get("because");
  const reason = REASONS.find((one) => one === because);
  if (because !== null && because !== "" && reason === undefined)
    throw invalid("because", REASONS.join(", "), because);
  const before = wholeNumber(query, "before", Number.MAX_SAFE_INTEGER);
  const limit = Math.min(wholeNumber(query, "limit", LIMIT_MAX) ?? LIMIT_DEFAULT, LIMIT_MAX);
  const found = await history.requests({
    ...(flow === null || flow === "" ? {} : { flow }),
    ...(reason === undefined ? {} : { because: reason }),
    ...(before === null ? {} : { range: { fromMs: 0, toMs: Math.min(before, now() + 1) } }),
    limit,
  });
  return { requests: found.map(makeRequestRow) };
}

function wholeNumber(query: URLSearchParams, name: string, max: number): number | null {
  const written = query.get(name);
  if (written === null || written === "") return null;
  const value = Number(written);
  if (/^\d{1,16}$/.test(written) && value >= 1 && value <= Math.max(max, 1)) return value;
  if (name === "limit" && /^\d{1,16}$/.test(written) && value > max) return max;
  throw invalid(name, "a whole number from 1 on", written);
}

function invalid(name: string, expected: string, seen: string): GateError {
  return new GateError("CONSOLE_REQUEST_INVALID", {
    message: `The parameter "${name}" cannot be taken.`,
    expected,
    seen: quoteSeen(seen),
  });
}

/**
 * One request by its id, or, since that is what people are told, by the id of its upload.
 * @throws CONSOLE_UNKNOWN
 */
export async function findRequestPage({ history, gate }: ConsoleSources, id: string): Promise<RequestPage> {
  const kept = await findKept(history, gate.records, id);
  if (kept === null)
    throw new GateError("CONSOLE_UNKNOWN", {
      message:
        "Nothing is kept of this request: of each flow the newest that went wrong, the slowest and a sample of the others are.",
      seen: quoteSeen(id),
    });
  const uploadId = kept.uploadId === null ? null : parseUploadId(kept.uploadId);
  return makeRequestPage(kept, uploadId === null ? null : await gate.records.get(uploadId));
}

async function findKept(
  history: ConsoleSources["history"],
  records: ConsoleSources["gate"]["records"],
  id: string,
): Promise<KeptRequest | null> {
  if (id.length > REQUEST_ID_CHARS_MAX) return null;
  const found = await history.request(id);
  const uploadId = found === null ? parseUploadId(id) : null;
  const upload = uploadId === null ? null : await records.get(uploadId);
  return found ?? (upload === null ? null : history.request(upload.requestId));
}
