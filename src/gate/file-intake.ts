/**
 * One file while it arrives: name and declared type judged before its first byte, the first bytes judged as soon as they are there.
 */
import type { FileRule } from "../flows/flow.ts";
import { judgeDeclared } from "../inspection/declared.ts";
import { judgeHead } from "../inspection/head.ts";
import type { ChunkOwnership, QuarantineWriter } from "../quarantine/quarantine-writer.ts";
import type { Finding } from "../uploads/finding.ts";
import type { ReceivedFile } from "../uploads/stages.ts";
import { gateErrorOf } from "./refusal.ts";

/** So much of a file's beginning is looked at while it arrives. */
const HEAD_BYTES = 4096;
/** From here on the beginning says enough to be judged a first time; a second time when the whole window is there. */
const FIRST_LOOK_BYTES = 64;

export class FileIntake {
  readonly file: ReceivedFile;
  readonly rule: FileRule;
  readonly writer: QuarantineWriter;
  readonly #head = Buffer.alloc(HEAD_BYTES);
  #headBytes = 0;

  /** @throws the code of a declared name or type that the flow does not allow */
  constructor(file: ReceivedFile, rule: FileRule, writer: QuarantineWriter, nameRequired: boolean) {
    this.file = file;
    this.rule = rule;
    this.writer = writer;
    // `filename=""` with no bytes is what a browser sends for a file input left alone: judged at the end.
    if (file.declaredName !== "") this.#refuseIf(judgeDeclared(file, rule, { nameRequired }));
  }

  /** A file input that was left empty: counts as not sent. */
  get isNotChosen(): boolean {
    return this.file.declaredName === "" && this.writer.sizeBytes === 0;
  }

  /** @returns false where the feeder should wait. @throws FILE_TOO_LARGE, FILE_NAME_MISSING, FILE_TYPE_UNKNOWN … */
  write(chunk: Uint8Array, ownership: ChunkOwnership): boolean {
    if (this.file.declaredName === "")
      this.#refuseIf(judgeDeclared({ ...this.file, declaredName: null }, this.rule, { nameRequired: true }));
    const goesOn = this.writer.write(chunk, ownership);
    if (this.#headBytes < HEAD_BYTES) this.#takeHead(chunk);
    return goesOn;
  }

  /** At the end of a file shorter than its head window, the head is all there is. */
  judgeWhole(): void {
    if (this.#headBytes < HEAD_BYTES)
      this.#refuseIf(judgeHead(this.#head.subarray(0, this.#headBytes), true, this.rule, this.file));
  }

  #takeHead(chunk: Uint8Array): void {
    const before = this.#headBytes;
    const taken = chunk.subarray(0, HEAD_BYTES - before);
    this.#head.set(taken, before);
    this.#headBytes += taken.length;
    const isFirstLook = before < FIRST_LOOK_BYTES && this.#headBytes >= FIRST_LOOK_BYTES;
    if (!isFirstLook && this.#headBytes < HEAD_BYTES) return;
    this.#refuseIf(judgeHead(this.#head.subarray(0, this.#headBytes), false, this.rule, this.file));
  }

  #refuseIf(finding: Finding | null): void {
    if (finding?.severity === "refuse") throw gateErrorOf(finding, this.file);
  }
}
