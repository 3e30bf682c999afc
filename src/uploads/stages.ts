/**
 * An upload's file on its way, one type a stage, so that a step left out does not compile:
 * `ReceivedFile → QuarantinedFile → InspectionReport → AcceptedFile → ReleasedFile`.
 */
import type { ByteSource } from "./byte-source.ts";
import type { Finding, Verdict } from "./finding.ts";

/** What the request said of a file; believed nowhere, compared everywhere. */
export interface ReceivedFile {
  /** 0-based order in the request. */
  readonly index: number;
  /** Form field; for a raw body the one file field that the flow names. */
  readonly field: string;
  /** Name as the client sent it (decoded, already checked for shape), or `null`. */
  readonly declaredName: string | null;
  /** Media type as the client sent it, lower-case and without parameters, or `null`. */
  readonly declaredType: string | null;
}

/** A file whose bytes are all in quarantine, counted and hashed. */
export interface QuarantinedFile extends ReceivedFile {
  /** Opaque storage key; made by the gate, never from client input. */
  readonly key: string;
  readonly sizeBytes: number;
  /** SHA-256 of the bytes, lower-case hex. */
  readonly sha256: string;
  /** The bytes themselves where the file is small enough to ride in the records database, else `null`: they are in storage. */
  readonly inline: Uint8Array | null;
}

/** What inspection must have done for a file to be accepted. */
export type InspectionStep = "signature" | "structure" | "agreement";

/** All that inspection has to say of one file. */
export interface InspectionReport {
  readonly file: QuarantinedFile;
  /** Type proven by the content; `null` where the flow takes any octets or where none was proven. */
  readonly verifiedType: string | null;
  readonly stepsDone: ReadonlySet<InspectionStep>;
  readonly findings: readonly Finding[];
  readonly verdict: Verdict;
}

declare const acceptedBrand: unique symbol;

/** A file that may leave quarantine. Only `acceptFile` makes one. */
export interface AcceptedFile {
  readonly [acceptedBrand]: true;
  readonly file: QuarantinedFile;
  readonly verifiedType: string | null;
  readonly findings: readonly Finding[];
}

/** An accepted file in its final place. Only `release/` makes one. */
export interface ReleasedFile {
  readonly accepted: AcceptedFile;
  readonly open: () => Promise<ByteSource>;
  /** Path below the storage root where a service on the same machine finds the file, or `null`. */
  readonly localPath: string | null;
}

/**
 * Turns a report into an accepted file.
 * @param required steps that the flow demands; each must be in `report.stepsDone`.
 * @throws Error where the verdict is not `accept` or a step is missing: a bug of the caller, never bad input.
 */
export function acceptFile(report: InspectionReport, required: readonly InspectionStep[]): AcceptedFile {
  const missing = required.filter((step) => !report.stepsDone.has(step));
  if (report.verdict.outcome !== "accept" || missing.length > 0) {
    throw new Error(
      `not acceptable: verdict ${report.verdict.outcome}, steps not done: ${missing.join(", ") || "none"}`,
    );
  }
  const { file, verifiedType, findings } = report;
  return { file, verifiedType, findings } as unknown as AcceptedFile;
}
