/**
 * The inspection of one quarantined file: what it is, proven by its content.
 *
 * In: the file, what the flow allows, its bytes. Out: a report with a verdict. The order: what the request said, the signature, the
 * structure walked to its end by the walker of that type, the agreement of all three, second readings. The first flaw ends the walk.
 * It never moves, changes or keeps a byte, runs no native parser, and holds one window of 256 KiB at most.
 */

import type { ByteSource } from "../uploads/byte-source.ts";
import type { FileType } from "../uploads/file-types.ts";
import type { Finding } from "../uploads/finding.ts";
import type { InspectionReport, InspectionStep, QuarantinedFile } from "../uploads/stages.ts";
import { ByteReader } from "./byte-reader.ts";
import { judgeDeclared, listTypes, statedTypes, type TypeRule } from "./declared.ts";
import { flawFinding, refusal } from "./flaw.ts";
import { judgeHead, mismatch } from "./head.ts";
import { type Proof, proveContent } from "./identify/prove-content.ts";
import { findSecondFormats } from "./identify/second-format.ts";
import { type Family, readSignature } from "./identify/signature.ts";

/** What one inspection needs. `nameRequired` as in `judgeDeclared`. The caller closes `source`. */
export interface InspectionInput {
  readonly file: QuarantinedFile;
  readonly rule: TypeRule;
  readonly nameRequired: boolean;
  readonly source: ByteSource;
  readonly signal: AbortSignal;
}

const ALL_STEPS: readonly InspectionStep[] = ["signature", "structure", "agreement"];
const HEAD_BYTES = 4096;

/**
 * The steps that a flow's rule demands of a report. The same for every rule: where a flow takes any octets there is nothing to prove,
 * and a report says of each step that nothing of it is left to do.
 */
export function requiredSteps(_rule: TypeRule): readonly InspectionStep[] {
  return ALL_STEPS;
}

/**
 * Inspects one file.
 * @returns a report; its verdict is `reject` where a finding has severity `refuse`, else `accept`. For `types: any` the type stays
 *          `null` and only the name is judged.
 * @throws GateError STORAGE_READ_FAILED; the signal's reason when it is aborted. Never for what a file contains.
 */
export async function inspectFile(input: InspectionInput): Promise<InspectionReport> {
  const inspection = new Inspection(input);
  try {
    await inspection.run();
  } catch (error) {
    const finding = flawFinding(error);
    if (finding === null) throw error;
    inspection.findings.push(finding);
  }
  return inspection.report();
}

class Inspection {
  readonly findings: Finding[] = [];
  readonly #input: InspectionInput;
  readonly #done = new Set<InspectionStep>();
  #verifiedType: string | null = null;

  constructor(input: InspectionInput) {
    this.#input = input;
  }

  report(): InspectionReport {
    const isRefused = this.findings.some(({ severity }) => severity === "refuse");
    return {
      file: this.#input.file,
      verifiedType: isRefused ? null : this.#verifiedType,
      stepsDone: this.#done,
      findings: this.findings,
      verdict: { outcome: isRefused ? "reject" : "accept", findings: this.findings },
    };
  }

  async run(): Promise<void> {
    const { file, rule, nameRequired, source, signal } = this.#input;
    const declared = judgeDeclared(file, rule, { nameRequired });
    if (declared !== null) return this.#refuse(declared);
    if (rule.types === "any") return this.#nothingToProve();
    const reader = new ByteReader(source, signal);
    const family = await this.#checkSignature(reader, rule.types);
    if (family !== null) await this.#checkContent(reader, family, rule.types);
  }

  #refuse(finding: Finding): void {
    this.findings.push(finding);
  }

  #nothingToProve(): void {
    for (const step of ALL_STEPS) this.#done.add(step);
  }

  /** The family that the file begins like; `null` where that is not allowed, or not what the request said. */
  async #checkSignature(reader: ByteReader, types: readonly string[]): Promise<Family | null> {
    const head = await reader.read(0, HEAD_BYTES);
    const isWhole = reader.sizeBytes <= HEAD_BYTES;
    const finding = judgeHead(head, isWhole, { types }, this.#input.file);
    if (finding !== null) {
      this.findings.push(finding);
      return null;
    }
    this.#done.add("signature");
    return readSignature(head, isWhole).family;
  }

  async #checkContent(reader: ByteReader, family: Family, types: readonly string[]): Promise<void> {
    const [stated] = statedTypes(this.#input.file);
    const proof = await proveContent(reader, family, stated?.mediaType ?? null, types);
    this.findings.push(...proof.findings);
    this.#done.add("structure");
    this.#checkAgreement(proof, stated, types);
    this.findings.push(...(await findSecondFormats(reader, family, proof.archive)));
  }

  #checkAgreement(proof: Proof, stated: FileType | undefined, types: readonly string[]): void {
    const { mediaType, label } = proof;
    if (stated !== undefined && mediaType !== stated.mediaType) {
      this.findings.push(mismatch(stated, label));
    } else if (mediaType === null || !types.includes(mediaType)) {
      this.findings.push(refusal("FILE_TYPE_NOT_ALLOWED", null, listTypes(types), label));
    } else {
      this.#verifiedType = mediaType;
      this.#done.add("agreement");
    }
  }
}
