/**
 * Fills the figures of a record from a measurement. Nobody can type a figure: what goes in is what `sluicegate measure` has kept.
 */
import type { ChangeFile } from "../../flows/documents/change-file.ts";
import { GateError } from "../../problems/gate-error.ts";
import { copyPath, readSide, sha256Of, writeCopy, writeOrTell } from "./evidence-copies.ts";
import { figuresBlock, type KeptSide, type Side } from "./figures-block.ts";
import type { FlowPlace } from "./find-change.ts";
import { confounders, fingerprintDifferences } from "./fingerprint-differences.ts";
import { findNewestMeasurement, readKeptMeasurement } from "./kept-evidence.ts";
import { replaceBlocks } from "./record-blocks.ts";
import { refuseEdited } from "./refuse-edited.ts";

export interface MeasureChangeOptions {
  /** The folder `.sluicegate`. */
  readonly state: string;
  /** Which measurement; absent: the newest of the flow with the side's label; `last`: the newest of the flow. */
  readonly id?: string;
  /** Also where somebody has changed the block by hand. */
  readonly overwrite: boolean;
}

export interface MeasuredChange {
  readonly id: string;
  /** What one should know of these figures, in sentences. */
  readonly warnings: readonly string[];
}

const OTHER: Readonly<Record<Side, Side>> = { before: "after", after: "before" };

/** Writes one side. @throws CHANGE_INVALID, CHANGE_EVIDENCE */
export async function measureChange(
  flow: FlowPlace,
  change: ChangeFile,
  side: Side,
  { state, id: given, overwrite }: MeasureChangeOptions,
): Promise<MeasuredChange> {
  const { matter } = change;
  if (matter.status === "closed")
    throw invalid(
      `${change.name} is closed since ${matter.closed}: its figures stay. Open a new record for what comes now.`,
    );
  refuseEdited(change, ["figures"], overwrite);
  const id = given === undefined || given === LAST ? await newestOf(state, flow.name, side, given) : given;
  const kept = await readKeptMeasurement(state, id, flow.name);
  const other = await readSide(change, OTHER[side]);
  if (other?.measurement.id === id)
    throw new GateError("CHANGE_EVIDENCE", {
      message: `The measurement ${id} is "${OTHER[side]}" already; it cannot be both. Measure again, or name another with --measurement.`,
    });
  const here: KeptSide = {
    measurement: kept.value,
    copy: copyPath(change, side),
    copySha256: sha256Of(kept.bytes),
  };
  const sides = { [side]: here, ...(other === null ? {} : { [OTHER[side]]: other }) };
  await writeCopy(change, side, kept.bytes);
  const lines = figuresBlock(sides, matter.variable);
  const text = replaceBlocks(change.text, change.file, change.front.bodyStart, [{ name: "figures", lines }]);
  await writeOrTell(change.file, Buffer.from(text));
  const ordered =
    other === null ? null : side === "before" ? ([here, other] as const) : ([other, here] as const);
  return {
    id,
    warnings: [...worthWarnings(here, kept.hasRequests), ...orderWarnings(ordered, matter.variable)],
  };
}

/** Stands for the newest. */
const LAST = "last";

async function newestOf(state: string, flow: string, side: Side, given: string | undefined): Promise<string> {
  const newest = await findNewestMeasurement(state, flow, given === LAST ? null : side);
  if (newest !== null) return newest;
  throw new GateError("CHANGE_EVIDENCE", {
    message: `There is no measurement of ${flow} with the label "${side}", and none without a label, in ${state}. Run sluicegate measure ${flow} --target URL --label ${side} first.`,
  });
}

function worthWarnings({ measurement }: KeptSide, hasRequests: boolean): string[] {
  return [
    ...measurement.invalid.map((why) => `These figures are worth nothing: ${why}`),
    ...(hasRequests
      ? []
      : [
          "The requests of this measurement are not on this machine, so its figures were not computed again.",
        ]),
  ];
}

function orderWarnings(sides: readonly [KeptSide, KeptSide] | null, variable: string | undefined): string[] {
  if (sides === null) return [];
  const [before, after] = sides.map(({ measurement }) => measurement);
  if (before === undefined || after === undefined) return [];
  const differences = fingerprintDifferences(before.fingerprint.values, after.fingerprint.values);
  const others = confounders(differences, variable);
  const [one] = differences.differing;
  return [
    ...(before.startedAtMs > after.startedAtMs ? ['"Before" was measured later than "after".'] : []),
    ...(variable === undefined && one !== undefined && others.length === 0
      ? [`The record does not name the one variable; write variable: ${one.key} at its top.`]
      : []),
    ...(others.length === 0
      ? []
      : [
          `More than one thing changed between before and after: ${others.join(", ")} beside ${variable ?? "a variable that the record does not name"}. The figures cannot say which of them did it.`,
        ]),
  ];
}

function invalid(message: string): GateError {
  return new GateError("CHANGE_INVALID", { message });
}
