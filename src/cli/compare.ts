/**
 * `sluicegate compare`: two versions of a route that differ in one thing, in pairs and in drawn order; or two logs; or kept evidence once more.
 *
 * Exit codes: 0 as expected or the same, 1 worse, 2 usage, 3 nothing could be told, 5 refused: not a fair comparison, or a host that may not be loaded.
 */

import { GateError } from "../problems/gate-error.ts";
import { orUsage } from "./check-options.ts";
import { compareAgain } from "./compare-again.ts";
import { compareArms } from "./compare-arms.ts";
import { compareLogs } from "./compare-logs.ts";
import { type CompareArguments, readCompareWish } from "./compare-options.ts";
import type { CommandIo } from "./io.ts";
import { processTerminal, type Terminal } from "./terminal.ts";

const NOTHING_TOLD = 3;

export async function compareCommand(
  args: CompareArguments,
  io: CommandIo,
  terminal: Terminal = processTerminal(),
): Promise<number> {
  const interrupt = new AbortController();
  const onSignal = (): void => {
    terminal.progress(
      "\nInterrupted: what was sent is judged and what was stored is removed. Once more ends it at once.\n",
    );
    interrupt.abort();
  };
  process.once("SIGINT", onSignal).once("SIGTERM", onSignal);
  try {
    return await orUsage(io, () => {
      const wish = readCompareWish(args);
      const asked = { args, wish, io, terminal, signal: interrupt.signal };
      switch (wish.things.kind) {
        case "again":
          return compareAgain(wish.things.id, asked);
        case "logs":
          return compareLogs(wish.things, asked);
        default:
          return compareArms(wish.things, asked);
      }
    });
  } catch (error) {
    if (!(error instanceof GateError) || error.code !== "MEASURE_NOT_ACCEPTED") throw error;
    io.err(`Not compared: ${error.publicMessage}`);
    return NOTHING_TOLD;
  } finally {
    process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
  }
}
