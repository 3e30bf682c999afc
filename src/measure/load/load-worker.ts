/**
 * The thread that sends: one route for its life, one segment at a time.
 *
 * In: `ToLoadThread`. Out: `FromLoadThread`. It measures nothing but what it sends, and nothing else runs here, so that the clock of a request is not held up
 * by whoever computes or writes.
 */
import { parentPort, workerData } from "node:worker_threads";
import { readExpectation } from "../../checks/expectation/read-expectation.ts";
import type { FromLoadThread, LoadRoute, ToLoadThread } from "./load-route.ts";
import { SegmentRun } from "./run-segment.ts";

const PROGRESS_MS = 200;

const port = parentPort;
if (port === null) throw new Error("load-worker.ts runs as a worker thread only");
const route = workerData as LoadRoute;
const tell = (message: FromLoadThread): void => port.postMessage(message);
const expected = readExpectation(route.expectation);
// The first segment that needs it tells why it cannot be read.
expected.catch(() => {});
let running: SegmentRun | null = null;

port.on("message", (message: ToLoadThread) => {
  if (message.kind === "stop") running?.stop(message.why);
  else void runOne(message.order);
});

async function runOne(order: Extract<ToLoadThread, { kind: "run" }>["order"]): Promise<void> {
  let toldMs = 0;
  const onProgress = (done: number, of: number): void => {
    if (performance.now() - toldMs < PROGRESS_MS) return;
    toldMs = performance.now();
    tell({ kind: "progress", done, of });
  };
  try {
    running = new SegmentRun(route, order, await expected, onProgress);
    tell({ kind: "done", ...(await running.run()) });
  } catch (error) {
    tell({ kind: "broken", message: error instanceof Error ? error.message : String(error) });
  } finally {
    running = null;
  }
}
