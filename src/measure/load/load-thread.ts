/**
 * The load generator as everybody else sees it: segments in, requests out, sent by a thread of its own.
 *
 * Always holds: one segment at a time; credentials are fetched before a segment begins and not while it runs; no secret is in what comes back.
 */
import { Worker } from "node:worker_threads";
import { GateError } from "../../problems/gate-error.ts";
import type { LoadGenerator, LoadPlan, Segment } from "../measurement.ts";
import type { FromLoadThread, LoadRoute, SegmentOrder, ToLoadThread } from "./load-route.ts";
import { planRequests } from "./plan-requests.ts";

/** The thread's file has the ending of this one: `.ts` in the repository, `.js` as published. */
const THREAD_FILE = import.meta.url.endsWith(".ts") ? "./load-worker.ts" : "./load-worker.js";

export interface LoadThreadInput {
  readonly route: LoadRoute;
  /** Header lines that say who sends the next request. */
  readonly credential: () => Promise<readonly string[]>;
  /** Whether a credential is good for one request only. */
  readonly isOneTime: boolean;
  readonly secrets: () => readonly string[];
  /** Told of what a segment has stored. */
  readonly onStored: (origin: string, ids: readonly string[], unnamed: number) => void;
}

type Run = Parameters<LoadGenerator["run"]>[0];
type Done = Extract<FromLoadThread, { kind: "done" }>;

export class LoadThread implements LoadGenerator {
  readonly #input: LoadThreadInput;
  readonly #worker: Worker;
  #isRunning = false;

  constructor(input: LoadThreadInput) {
    this.#input = input;
    this.#worker = new Worker(new URL(THREAD_FILE, import.meta.url), { workerData: input.route });
    // A thread that ends while nobody waits for it is told of by the next segment.
    this.#worker.on("error", () => {});
  }

  /** @throws MEASURE_BROKEN where the thread itself fails; CHECK_CREDENTIAL_MISSING, CHECK_COMMAND_FAILED where there is no credential */
  async run(segment: Run): Promise<Segment> {
    if (this.#isRunning) throw new Error("one segment at a time");
    this.#isRunning = true;
    try {
      const { arm, pair, origin, plan } = segment;
      const credentials = await this.#credentialsFor(plan);
      const done = await this.#send({ arm, pair, origin, plan, credentials }, segment);
      this.#input.onStored(origin, done.stored, done.unnamed);
      return this.#redacted(done.segment);
    } finally {
      this.#isRunning = false;
    }
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  async #credentialsFor(plan: LoadPlan): Promise<SegmentOrder["credentials"]> {
    if (!this.#input.isOneTime) return [await this.#input.credential()];
    const { warmUp, measured } = planRequests(plan, this.#input.route.samples.length);
    const credentials: (readonly string[])[] = [];
    for (let count = 0; count < warmUp.length + measured.length; count += 1)
      credentials.push(await this.#input.credential());
    return credentials;
  }

  #send(order: SegmentOrder, { onProgress, signal }: Run): Promise<Done> {
    const worker = this.#worker;
    const { promise, resolve, reject } = Promise.withResolvers<Done>();
    const onMessage = (message: FromLoadThread): void => {
      if (message.kind === "progress") onProgress?.(message.done, message.of);
      else if (message.kind === "done") resolve(message);
      else reject(broken(message.message));
    };
    const onError = (error: unknown): void =>
      reject(broken(error instanceof Error ? error.message : String(error)));
    const onExit = (code: number): void => reject(broken(`the thread ended with exit code ${code}`));
    const tell = (message: ToLoadThread): void => worker.postMessage(message);
    const onAbort = (): void => tell({ kind: "stop", why: "it was interrupted" });
    worker.on("message", onMessage).on("error", onError).on("exit", onExit);
    signal.addEventListener("abort", onAbort);
    tell({ kind: "run", order });
    if (signal.aborted) onAbort();
    return promise.finally(() => {
      worker.off("message", onMessage).off("error", onError).off("exit", onExit);
      signal.removeEventListener("abort", onAbort);
    });
  }

  /** An answer may repeat what was sent to it. */
  #redacted(segment: Segment): Segment {
    const secrets = this.#input.secrets();
    const clean = (reason: string): string =>
      secrets.reduce((text, secret) => text.replaceAll(secret, "***"), reason);
    const requests = segment.requests.map((request) =>
      request.reason === null ? request : { ...request, reason: clean(request.reason) },
    );
    const stopped = segment.health.stopped === null ? null : clean(segment.health.stopped);
    return { health: { ...segment.health, stopped }, requests };
  }
}

function broken(message: string): GateError {
  return new GateError("MEASURE_BROKEN", { message: `The load could not be sent: ${message}.` });
}
