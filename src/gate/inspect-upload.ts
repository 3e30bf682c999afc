/**
 * All files of an upload through inspection; the worst verdict is the upload's.
 */
import type { FileRule } from "../flows/flow.ts";
import { inspectFile, requiredSteps } from "../inspection/inspect-file.ts";
import type { Quarantine } from "../quarantine/quarantine.ts";
import { type AcceptedFile, acceptFile, type InspectionReport } from "../uploads/stages.ts";
import type { ReceivedPart } from "./body-intake.ts";
import { gateErrorOf, type Refusal } from "./refusal.ts";

export type FilePart = Extract<ReceivedPart, { kind: "file" }>;

/** What inspection made of an upload: every report, and the first refusal if there is one. */
export interface UploadInspection {
  readonly reports: ReadonlyMap<FilePart, InspectionReport>;
  readonly refusal: Refusal | null;
}

/** Whole time that inspection of one upload may take. */
const INSPECTION_MS_MAX = 60_000;

/** Inspects every file, one after another: all findings of all files are worth telling. A raw body may come without a name. */
export async function inspectUpload(
  parts: readonly ReceivedPart[],
  quarantine: Quarantine,
  protocol: string,
): Promise<UploadInspection> {
  const options = { nameRequired: protocol === "multipart", signal: AbortSignal.timeout(INSPECTION_MS_MAX) };
  const reports = new Map<FilePart, InspectionReport>();
  for (const part of parts) {
    if (part.kind === "file") reports.set(part, await inspectPart(part, quarantine, options));
  }
  return { reports, refusal: firstRefusal(reports) };
}

/** The files of an inspected upload without refusal, ready to be released. */
export function acceptAll(inspection: UploadInspection): ReadonlyMap<FilePart, AcceptedFile> {
  return new Map(
    [...inspection.reports].map(([part, report]) => [part, acceptFile(report, requiredSteps(part.rule))]),
  );
}

async function inspectPart(
  part: FilePart,
  quarantine: Quarantine,
  options: { nameRequired: boolean; signal: AbortSignal },
): Promise<InspectionReport> {
  const source = await quarantine.read(part.file);
  try {
    const rule: FileRule = part.rule;
    return await inspectFile({
      file: part.file,
      rule,
      nameRequired: options.nameRequired,
      source,
      signal: options.signal,
    });
  } finally {
    await source.close();
  }
}

function firstRefusal(reports: ReadonlyMap<FilePart, InspectionReport>): Refusal | null {
  for (const [part, { verdict }] of reports) {
    const decisive = verdict.findings.find((finding) => finding.severity === "refuse");
    if (verdict.outcome !== "accept" && decisive !== undefined)
      return gateErrorOf(decisive, part.file, verdict.findings);
  }
  return null;
}
