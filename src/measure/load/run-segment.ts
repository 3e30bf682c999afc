/**
 * Sends one segment: an open loop, in which each request goes out when the schedule says, whatever has become of those before it.
 *
 * Always holds: latencies count from the intended start, so that a target that is slow cannot slow the load down and look fast; the load ends by itself when the
 * target suffers, or a bound is reached, and says which; it never rejects for what the target does.
 */

import { randomUUID } from "node:crypto";
import { performance } from "node:perf_hooks";
import { readPlace } from "../../checks/define-scenario.ts";
import type { ExpectedAnswer } from "../../checks/run/run-request.ts";
import { keyLine } from "../../checks/target-as.ts";
import type { MeasuredRequest } from "../measured-request.ts";
import type { Segment } from "../measurement.ts";
import { type JudgedAnswer, judgeAnswer } from "./judge-answer.ts";
import type { LoadRoute, SegmentOrder } from "./load-route.ts";
import { type Payload, PayloadMaker } from "./make-payload.ts";
import { type PlannedRequest, planRequests } from "./plan-requests.ts";
import { readSignals } from "./read-signals.ts";
import { segmentHealth } from "./segment-health.ts";
import { type SentUpload, UploadSender } from "./send-payload.ts";
import { TargetWatch } from "./target-watch.ts";

export interface SegmentResult {
  readonly segment: Segment;
  readonly stored: readonly string[];
  readonly unnamed: number;
}

/** After a stop, so long may what is under way take to end by itself. */
const GRACE_MS = 2000;
const BUCKET_BASE = 4;

export class SegmentRun {
  readonly #route: LoadRoute;
  readonly #order: SegmentOrder;
  readonly #expected: ExpectedAnswer | null;
  readonly #maker: PayloadMaker;
  readonly #sender: UploadSender;
  readonly #watch: TargetWatch;
  readonly #startedAtMs = Date.now();
  readonly #startedMs = performance.now();
  readonly #requests: MeasuredRequest[] = [];
  readonly #stored = new Set<string>();
  readonly #onProgress: (done: number, of: number) => void;
  readonly #idle: (() => void)[] = [];
  #unnamed = 0;
  #sent = 0;
  #ended = 0;
  #sentBytes = 0;
  #stopped: string | null = null;
  #isFromOutside = false;
  #wake: (() => void) | null = null;

  constructor(
    route: LoadRoute,
    order: SegmentOrder,
    expected: ExpectedAnswer | null,
    onProgress: (done: number, of: number) => void,
  ) {
    this.#route = route;
    this.#order = order;
    this.#expected = expected;
    this.#maker = new PayloadMaker(route);
    this.#sender = new UploadSender(route.tls, () => this.#now());
    this.#watch = new TargetWatch(order.plan.ratePerSecond);
    this.#onProgress = onProgress;
  }

  /** Ends it early, from outside: what is under way may still end for a moment; what does not is not counted. */
  stop(why: string): void {
    this.#stopped ??= why;
    this.#isFromOutside = true;
    this.#wake?.();
    setTimeout(() => this.#sender.giveUp(why), GRACE_MS).unref();
  }

  async run(): Promise<SegmentResult> {
    const { plan, arm, pair } = this.#order;
    const planned = planRequests(plan, this.#route.samples.length);
    const before = performance.eventLoopUtilization();
    const all = planned.warmUp.length + planned.measured.length;
    try {
      await this.#stage(planned.warmUp, all);
      await this.#allEnded(plan.timeoutMs);
      await this.#stage(planned.measured, all);
      await this.#allEnded(this.#stopped === null ? plan.timeoutMs + GRACE_MS : GRACE_MS);
    } finally {
      this.#sender.close();
    }
    const requests = this.#requests.toSorted((a, b) => a.index - b.index);
    const health = segmentHealth(requests, {
      arm,
      pair,
      startedAtMs: this.#startedAtMs,
      elapsedMs: this.#now(),
      busyShare: performance.eventLoopUtilization(before).utilization,
      planned: planned.measured.length,
      stopped: this.#stopped,
    });
    return { segment: { health, requests }, stored: [...this.#stored], unnamed: this.#unnamed };
  }

  #now(): number {
    return performance.now() - this.#startedMs;
  }

  async #stage(planned: readonly PlannedRequest[], all: number): Promise<void> {
    const beganMs = this.#now();
    for (const request of planned) {
      const intendedMs = beganMs + request.atMs;
      await this.#until(intendedMs);
      const payload = this.#payloadOf(request);
      this.#stopped ??= this.#boundReached(payload) ?? this.#watch.whyStop(this.#sender.underWay);
      if (this.#stopped !== null) return;
      this.#send(request, payload, intendedMs);
      this.#onProgress(this.#sent, all);
    }
  }

  /** Never early, and by whole milliseconds: up to one late, which counts as latency of the request and is told as lag. A timer that fires early is set again. */
  async #until(atMs: number): Promise<void> {
    for (;;) {
      const waitMs = atMs - this.#now();
      if (waitMs <= 0 || this.#stopped !== null) return;
      await this.#pause(waitMs);
    }
  }

  async #pause(waitMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.ceil(waitMs));
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = null;
  }

  #payloadOf({ payload, sample }: PlannedRequest): Payload {
    const { arm, pair, plan } = this.#order;
    const chosen = this.#route.samples[sample % this.#route.samples.length];
    if (chosen === undefined) throw new Error("a load has at least one sample");
    return this.#maker.make(chosen, `${arm[0]}${pair}${plan.phase[0]}${plan.seed.toString(36)}-${payload}`);
  }

  #boundReached({ bodyBytes }: Payload): string | null {
    const { requestsMax, sentBytesMax, elapsedMsMax } = this.#order.plan;
    if (this.#sent >= requestsMax) return `the bound of ${requestsMax} requests was reached`;
    if (this.#sentBytes + bodyBytes > sentBytesMax) return `the bound of ${sentBytesMax} bytes was reached`;
    return this.#now() > elapsedMsMax
      ? `the bound of ${Math.round(elapsedMsMax / 1000)} s was reached`
      : null;
  }

  #send(request: PlannedRequest, payload: Payload, intendedMs: number): void {
    const { credentials, origin, plan } = this.#order;
    const credential = credentials[this.#sent % Math.max(1, credentials.length)] ?? [];
    this.#sent += 1;
    this.#sentBytes += payload.bodyBytes;
    const lines = [...this.#route.headers, ...credential, keyLine(randomUUID())];
    const sending = this.#sender.send({
      origin,
      method: this.#route.method,
      payload,
      headers: lines.map(pairOf),
      timeoutMs: plan.timeoutMs,
    });
    void sending.then((sent) => this.#take(request, payload, intendedMs, sent));
  }

  #take(request: PlannedRequest, payload: Payload, intendedMs: number, sent: SentUpload): void {
    this.#ended += 1;
    this.#remember(sent);
    // What was broken off from outside says nothing of the target.
    if (sent.trouble === null || !this.#isFromOutside) this.#keep(request, payload, intendedMs, sent);
    if (this.#ended === this.#sent) for (const done of this.#idle.splice(0)) done();
  }

  #keep(request: PlannedRequest, payload: Payload, intendedMs: number, sent: SentUpload): void {
    const judged = this.#judge(payload, sent);
    const isTrouble = sent.answer === null || sent.answer.status >= 500;
    this.#watch.ended({ isTrouble, reason: judged.reason, totalMs: sent.endedMs - intendedMs });
    this.#requests.push(this.#lineOf(request, payload, intendedMs, sent, judged));
  }

  #judge(payload: Payload, { answer, trouble }: SentUpload): JudgedAnswer {
    if (answer === null) return { outcome: "failed", reason: trouble ?? "no answer" };
    return judgeAnswer(answer, { route: this.#route, expected: this.#expected }, payload.firstFileSha256);
  }

  /** By what it can be removed again. What was sent whole and has no answer may be stored. */
  #remember({ answer, status, lastByteSentMs }: SentUpload): void {
    const { idPlace } = this.#route;
    if ((status ?? 0) >= 400 || (status === null && lastByteSentMs === null)) return;
    const id = answer === null || idPlace === null ? null : readPlace({ answers: [answer] }, idPlace);
    if (id === null || id === "") this.#unnamed += 1;
    else this.#stored.add(id);
  }

  #lineOf(
    { index, sample, repeat }: PlannedRequest,
    payload: Payload,
    intendedMs: number,
    sent: SentUpload,
    { outcome, reason }: JudgedAnswer,
  ): MeasuredRequest {
    const { arm, pair, plan } = this.#order;
    const chosen = this.#route.samples[sample % this.#route.samples.length];
    return {
      arm,
      pair,
      index,
      intendedMs: round(intendedMs),
      firstByteSentMs: rounded(sent.firstByteSentMs),
      lastByteSentMs: rounded(sent.lastByteSentMs),
      firstByteBackMs: rounded(sent.firstByteBackMs),
      endedMs: round(sent.endedMs),
      status: sent.status,
      outcome,
      reason,
      sentBytes: payload.bodyBytes,
      sizeBucket: bucketOf(chosen?.files[0]?.bytes.length ?? 0),
      payload: chosen?.digest ?? "",
      repeat,
      phase: plan.phase,
      ...readSignals(sent.answer, this.#route),
    };
  }

  /** Waits until everything that was sent has ended; what has not by then is given up. */
  async #allEnded(withinMs: number): Promise<void> {
    if (this.#ended === this.#sent) return;
    const late = setTimeout(() => this.#sender.giveUp("no answer when the load was ended"), withinMs);
    await new Promise<void>((resolve) => this.#idle.push(resolve));
    clearTimeout(late);
  }
}

/** Largest power of four that is not larger. */
function bucketOf(sizeBytes: number): number {
  let bucket = 1;
  while (bucket * BUCKET_BASE <= sizeBytes) bucket *= BUCKET_BASE;
  return bucket;
}

function pairOf(line: string): readonly [name: string, value: string] {
  const colon = line.indexOf(":");
  return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
}

/** To the microsecond: more is noise, and the file is large. */
const round = (ms: number): number => Math.round(ms * 1000) / 1000;
const rounded = (ms: number | null): number | null => (ms === null ? null : round(ms));
