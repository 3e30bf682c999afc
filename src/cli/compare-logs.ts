/**
 * `sluicegate compare FLOW --logs BEFORE AFTER`: two stretches of real traffic. Nobody has changed one thing at a time, so it ends with a suspicion at most.
 */
import type { ComparedThings } from "./compare-options.ts";
import type { AskedComparison } from "./compared.ts";

export async function compareLogs(
  _things: Extract<ComparedThings, { kind: "logs" }>,
  { io }: AskedComparison,
): Promise<number> {
  io.err("not yet");
  return 2;
}
