/**
 * `sluicegate mode FLOW MODE`: changes the one word in the flow's file and tells a running gate.
 */
import { join } from "node:path";
import { changeMode } from "../flows/change-mode.ts";
import type { FlowMode } from "../flows/flow.ts";
import { MODE_MEANINGS } from "../flows/flow-schema.ts";
import { readFlowFolder } from "../flows/load-flows.ts";
import { FLOW_MODES } from "../flows/mode-word.ts";
import { GateError } from "../problems/gate-error.ts";
import { settingsForUpstream } from "../settings/load-settings.ts";
import type { Settings } from "../settings/settings.ts";
import { didYouMean } from "../setup/nearest-word.ts";
import { type FlowPlaceArguments, findFlows, noSuchFlow, problemLine, shownPath } from "./find-flows.ts";
import type { CommandIo } from "./io.ts";

export interface ModeArguments extends FlowPlaceArguments {
  readonly flow: string;
  readonly mode: string;
}

/** Where no settings are, a gate started with `--upstream` alone listens at the defaults; which upstream it has does not matter here. */
const DEFAULT_GATE = "http://127.0.0.1:8000";

/**
 * Exit codes: 0 the file says so now (a gate that runs was told, or none runs), 1 a running gate did not take it, 2 nothing was changed.
 * @param reload tells the gate of these settings; resolves with a sentence, throws OPERATOR_UNREACHABLE where none runs.
 */
export async function modeCommand(
  args: ModeArguments,
  io: CommandIo,
  reload: (settings: Settings) => Promise<string>,
): Promise<number> {
  const mode = FLOW_MODES.find((known) => known === args.mode);
  if (mode === undefined) {
    io.err(`The mode is off, observe or enforce, not "${args.mode}".${didYouMean(args.mode, FLOW_MODES)}`);
    return 2;
  }
  const place = await findFlows(args);
  if (!place.ok) {
    for (const problem of place.problems) io.err(problemLine(problem));
    return 2;
  }
  const { folder } = place.options;
  const { names } = await readFlowFolder(place.options);
  if (!names.includes(args.flow)) {
    io.err(noSuchFlow(args.flow, names, folder));
    return 2;
  }
  if (!(await changeFile(join(folder, args.flow, "flow.yaml"), args.flow, mode, io))) return 2;
  return tellGate(place.settings ?? settingsForUpstream(DEFAULT_GATE), reload, io);
}

async function changeFile(file: string, flow: string, mode: FlowMode, io: CommandIo): Promise<boolean> {
  try {
    const { before, isChanged } = await changeMode(file, mode);
    io.out(
      isChanged
        ? `${flow}: ${before} → ${mode} in ${shownPath(file)}.`
        : `${flow} is in mode ${mode} already.`,
    );
    io.out(MODE_MEANINGS[mode]);
    return true;
  } catch (error) {
    if (!(error instanceof GateError)) throw error;
    io.err(`Nothing was changed: ${error.publicMessage}`);
    return false;
  }
}

/** Also where nothing was changed: the file may have been changed by hand before, and the gate not told. */
async function tellGate(
  settings: Settings,
  reload: (settings: Settings) => Promise<string>,
  io: CommandIo,
): Promise<number> {
  try {
    io.out(await reload(settings));
    return 0;
  } catch (error) {
    if (!(error instanceof GateError)) throw error;
    const isNotThere = error.code === "OPERATOR_UNREACHABLE";
    const consequence = isNotThere
      ? "It holds from the next start on."
      : "The gate goes on with what it had.";
    io.err(`${error.publicMessage} ${consequence}`);
    return isNotThere ? 0 : 1;
  }
}
