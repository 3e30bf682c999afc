/**
 * What happened to an upload, in one sentence.
 */
import type { UploadRecord } from "../records/records.ts";
import type { Finding } from "../uploads/finding.ts";

/** `5 B`, `1.5 KiB`, `2.0 GiB`. */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** The outcome for a person who asks "what became of it?". */
export function sayOutcome(upload: UploadRecord): string {
  const { state, refusal, deliveries } = upload;
  const last = upload.moves.at(-1)?.note;
  const status = deliveries.at(-1)?.status;
  switch (state) {
    case "delivered":
      return `Accepted and delivered; the service answered ${status ?? "nothing that was recorded"}.`;
    case "observed":
      return sayObserved(refusal, last, status ?? null);
    case "rejected":
      return refusal === null
        ? `Refused${last === undefined ? "" : `: ${last}`}.`
        : `Refused: ${sayRefusal(refusal)}`;
    case "aborted":
      return `Broken off: ${refusal?.seen ?? last ?? "the client went away"}.`;
    default:
      return last ?? `In state ${state}.`;
  }
}

function sayObserved(
  refusal: UploadRecord["refusal"],
  note: string | undefined,
  status: number | null,
): string {
  const service = status === null ? "The service gave no answer." : `The service answered ${status}.`;
  if (refusal !== null) return `Would have been refused: ${sayRefusal(refusal)} ${service}`;
  return note?.startsWith("not judged") === true
    ? `Passed on, ${note}. ${service}`
    : `Would have been accepted. ${service}`;
}

/** Code, and what was compared; the sentence is in `show`. */
function sayRefusal({ code, message, expected, seen }: NonNullable<UploadRecord["refusal"]>): string {
  if (expected === null || seen === null) return `${code}. ${message}`;
  return `${code}. Expected ${expected}; seen ${seen}.`;
}

/** One finding with its place. */
export function sayFinding({ code, severity, byteOffset, expected, seen }: Finding): string {
  return `${severity} ${code}${byteOffset === null ? "" : ` at byte ${byteOffset}`}: expected ${expected}, seen ${seen}`;
}
