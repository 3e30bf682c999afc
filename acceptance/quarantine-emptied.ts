/**
 * The bytes of a refused upload go right after its answer: whoever looks at once may still see them.
 */
import type { GateUnderTest } from "./gate-under-test.ts";

const WAIT_MS = 5_000;
const LOOK_MS = 20;

/** @returns what is left after five seconds; nothing, as soon as there is nothing */
export async function leftInQuarantine(gate: GateUnderTest): Promise<readonly string[]> {
  const until = performance.now() + WAIT_MS;
  for (;;) {
    const left = await gate.quarantined();
    if (left.length === 0 || performance.now() > until) return left;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
