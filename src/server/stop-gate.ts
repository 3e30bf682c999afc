/**
 * Stopping: nothing new is taken, what runs may finish for so long, and what has not finished then is ended so that it can be sent again.
 *
 * Always: the gate says at once that it is stopping; a client gets a whole answer or none; each upload is left in a state that the next start
 * knows how to go on from (`gate/recover.ts`).
 */
import type { GateParts } from "../gate/gate-parts.ts";
import { GateError } from "../problems/gate-error.ts";
import type { PublicServer } from "./public-server.ts";

/** How long what was broken off may take to tell its client. */
const TELL_MS_MAX = 2000;
const RETRY_AFTER_SECONDS = 5;

/** Brings the gate to rest; its parts can be closed then. */
export async function stopGate(
  parts: GateParts,
  publicServer: PublicServer,
  { breakOff, graceMs }: { readonly breakOff: AbortController; readonly graceMs: number },
): Promise<void> {
  parts.isStopping = true;
  const quiet = Promise.all([publicServer.drain(), parts.slots.idle()]);
  if (await within(quiet, graceMs)) return;
  parts.log.warn({ graceMs }, "what still ran when the time of the stop was over is ended");
  breakOff.abort(new GateError("GATE_STOPPING", { retryAfterSeconds: RETRY_AFTER_SECONDS }));
  await within(quiet, TELL_MS_MAX);
}

async function within(work: Promise<unknown>, timeMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, timeMs, false);
  });
  const isDone = await Promise.race([work.then(() => true), late]);
  clearTimeout(timer);
  return isDone;
}
