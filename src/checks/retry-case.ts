/**
 * What checks of retries have in common: where they apply, and what a client does that was told to come again.
 */
import type { Probe, Refusal, Target } from "./check.ts";
import { statusOf } from "./define-scenario.ts";
import type { Stage } from "./scenario.ts";
import type { Exchange } from "./send-probe.ts";

/** Applies where a key makes a retry safe. */
export function takesKey({ promises }: Target): true | string {
  return promises?.idempotencyKey !== undefined || "the route promises nothing about retries with a key";
}

/** How a retry is told that the first upload is still under way. */
export const stillRunning: Refusal = {
  statuses: [409, 425],
  gateCodes: ["IDEMPOTENCY_KEY_RUNNING"],
  headers: ["retry-after"],
};

const TRIES = 40;
const PAUSE_MS = 100;

/** Sends until the answer is another than "still under way"; as a client does, with pauses. */
export async function sendUntilDone(
  stage: Stage,
  name: string,
  probe: () => Promise<Probe>,
): Promise<Exchange> {
  for (let tried = 1; ; tried += 1) {
    const exchange = await stage.send(name, await probe());
    if (!stillRunning.statuses.includes(statusOf(exchange)) || tried === TRIES) return exchange;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

/** Requests that `sendUntilDone` may need. */
export const RETRY_REQUESTS_MAX = TRIES;
