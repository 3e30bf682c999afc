/**
 * Takes the parts of one upload as a parser reports them, and holds the flow's limits while the bytes arrive.
 *
 * In: events of the multipart parser, or one raw body. Out: the parts in the client's order, files in quarantine.
 * Always holds: no more than the flow allows is ever written; a part that the flow does not list is refused at its header; a file that
 * cannot be of an allowed type is refused at its first bytes. It does no I/O of its own and knows nothing of HTTP: whoever feeds it looks
 * at `mustWait`, and `mode: observe` feeds it a copy.
 */
import type { FieldRule, FileRule, Flow } from "../flows/flow.ts";
import { GateError, quoteSeen } from "../problems/gate-error.ts";
import type { MultipartSink, PartHead } from "../protocols/multipart/multipart-parser.ts";
import type { Quarantine } from "../quarantine/quarantine.ts";
import type { ChunkOwnership, QuarantineWriter } from "../quarantine/quarantine-writer.ts";
import type { QuarantinedFile, ReceivedFile } from "../uploads/stages.ts";
import { FieldText } from "./field-text.ts";
import { FileIntake } from "./file-intake.ts";

/** A part whose bytes are all there. */
export type ReceivedPart =
  | { readonly kind: "field"; readonly name: string; readonly value: string }
  | { readonly kind: "file"; readonly name: string; readonly rule: FileRule; readonly file: QuarantinedFile };

type PendingPart = Extract<ReceivedPart, { kind: "field" }> | PendingFile;
type PendingFile = {
  readonly kind: "file";
  readonly name: string;
  readonly rule: FileRule;
  readonly file: Promise<QuarantinedFile>;
};

export class BodyIntake implements MultipartSink {
  readonly #flow: Flow;
  readonly #quarantine: Quarantine;
  readonly #ownership: ChunkOwnership;
  readonly #parts: PendingPart[] = [];
  readonly #writers: QuarantineWriter[] = [];
  readonly #counts = new Map<string, number>();
  #current: FieldText | FileIntake | null = null;
  #waitsFor: QuarantineWriter | null = null;
  #isWhole = false;

  /** @param ownership `given` where the chunks are nobody else's, `shared` where they also go to the service. */
  constructor(flow: Flow, quarantine: Quarantine, ownership: ChunkOwnership) {
    this.#flow = flow;
    this.#quarantine = quarantine;
    this.#ownership = ownership;
  }

  /** Whether the feeder should stop until `drained()` resolves. */
  get mustWait(): boolean {
    return this.#waitsFor !== null;
  }

  /** Files whose first byte may have come, as many as were begun. */
  get filesBegun(): number {
    return this.#writers.length;
  }

  /** Largest file so far in bytes: tells when quarantine begins to use storage. */
  get largestFileBytes(): number {
    return this.#writers.reduce((largest, writer) => Math.max(largest, writer.sizeBytes), 0);
  }

  /** @throws the storage's error where a write failed */
  async drained(): Promise<void> {
    const writer = this.#waitsFor;
    if (writer !== null) await writer.drained();
    this.#waitsFor = null;
  }

  partBegin(head: PartHead): void {
    const field = this.#flow.fields.get(head.name);
    const file = this.#flow.files.get(head.name);
    if (field !== undefined) this.#current = this.#beginField(head, field);
    else if (file !== undefined) this.#current = this.#beginFile(head, file);
    else throw this.#unknownField(head);
  }

  partData(chunk: Uint8Array): void {
    const current = this.#current;
    if (current instanceof FieldText) current.write(chunk);
    else if (current?.write(chunk, this.#ownership) === false) this.#waitsFor = current.writer;
  }

  partEnd(): void {
    const current = this.#current;
    this.#current = null;
    if (current instanceof FieldText)
      this.#parts.push({ kind: "field", name: current.name, value: current.finish() });
    if (current instanceof FileIntake) this.#endFile(current);
  }

  bodyEnd(): void {
    this.#isWhole = true;
  }

  /** Begins the one file of a raw body; `partData` and `partEnd` follow. */
  rawBegin(file: ReceivedFile): void {
    const rule = this.#flow.files.get(file.field);
    if (rule === undefined) throw new Error(`flow ${this.#flow.name} has no file field ${file.field}`);
    this.#count(file.field, rule.countMax);
    this.#current = this.#openFile(file, rule, false);
  }

  /**
   * All parts, once every byte of every file is safe in quarantine.
   * @throws FIELD_MISSING, PROTOCOL_BODY_TRUNCATED, and the storage's errors
   */
  async finish(): Promise<readonly ReceivedPart[]> {
    if (!this.#isWhole)
      throw new GateError("PROTOCOL_BODY_TRUNCATED", {
        expected: "the final boundary",
        seen: "the end of the body",
      });
    this.#requireAll();
    return Promise.all(
      this.#parts.map(async (part) => (part.kind === "field" ? part : { ...part, file: await part.file })),
    );
  }

  /** Removes everything that was taken. Safe at any time, also twice. */
  async discard(): Promise<void> {
    await Promise.allSettled(this.#parts.map((part) => (part.kind === "file" ? part.file : null)));
    await Promise.allSettled(this.#writers.map((writer) => writer.discard()));
  }

  #beginField(head: PartHead, rule: FieldRule): FieldText {
    if (head.fileName !== null) {
      throw new GateError("FIELD_IS_FILE", {
        expected: `${quoteSeen(head.name)} as text`,
        seen: `a file named ${quoteSeen(head.fileName)}`,
        details: { field: head.name },
      });
    }
    this.#count(head.name, rule.countMax);
    return new FieldText(head.name, rule);
  }

  #beginFile(head: PartHead, rule: FileRule): FileIntake {
    if (head.fileName === null) {
      throw new GateError("FILE_IS_FIELD", {
        expected: `${quoteSeen(head.name)} as a file, with a filename`,
        seen: "a part without filename",
        details: { field: head.name },
      });
    }
    this.#count(head.name, rule.countMax);
    const file = {
      index: this.#writers.length,
      field: head.name,
      declaredName: head.fileName,
      declaredType: head.contentType,
    };
    return this.#openFile(file, rule, true);
  }

  #openFile(file: ReceivedFile, rule: FileRule, nameRequired: boolean): FileIntake {
    const writer = this.#quarantine.open(file, { sizeBytesMax: rule.sizeBytesMax });
    this.#writers.push(writer);
    return new FileIntake(file, rule, writer, nameRequired);
  }

  #endFile(intake: FileIntake): void {
    if (intake.isNotChosen) {
      this.#counts.delete(intake.file.field);
      void intake.writer.discard();
      return;
    }
    intake.judgeWhole();
    const file = intake.writer.finish();
    // Whoever awaits finish() gets the error; until then it must not count as unhandled.
    file.catch(() => {});
    this.#parts.push({ kind: "file", name: intake.file.field, rule: intake.rule, file });
  }

  #count(name: string, countMax: number): void {
    const count = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, count);
    if (count <= countMax) return;
    throw new GateError("FIELD_REPEATED", {
      expected: `${quoteSeen(name)} at most ${countMax === 1 ? "once" : `${countMax} times`}`,
      seen: `${count} times`,
      details: { field: name, countMax },
    });
  }

  #requireAll(): void {
    const rules = [...this.#flow.files, ...this.#flow.fields];
    const missing = rules.find(([name, rule]) => !rule.optional && !this.#counts.has(name));
    if (missing === undefined) return;
    throw new GateError("FIELD_MISSING", {
      message: `The field ${quoteSeen(missing[0])} is missing.`,
      expected: `${this.#flow.files.has(missing[0]) ? "a file" : "text"} in field ${quoteSeen(missing[0])}`,
      seen:
        this.#parts.length === 0 ? "no fields" : this.#parts.map((part) => quoteSeen(part.name)).join(", "),
      details: { field: missing[0] },
    });
  }

  #unknownField(head: PartHead): GateError {
    const known = [...this.#flow.files.keys(), ...this.#flow.fields.keys()];
    return new GateError("FIELD_UNKNOWN", {
      message: `The flow ${this.#flow.name} has no field ${quoteSeen(head.name)}.`,
      expected: `only ${known.map((name) => quoteSeen(name)).join(", ")}`,
      seen: quoteSeen(head.name),
      details: { field: head.name.slice(0, 80), byteOffset: head.byteOffset },
    });
  }
}
