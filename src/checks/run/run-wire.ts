/**
 * The one way by which a run sends: counted, capped, paced, recorded.
 *
 * Always holds: nothing goes out beyond the caps, after the run's end, or faster than the route's own rate; each request is kept in the log of
 * its case; an exchange that the run itself cut short is never judged: it throws `RunEnded`.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Sending } from "../send.ts";
import { type Exchange, sendProbe } from "../send-probe.ts";
import type { Cost, RecordedExchange, Stop } from "./check-run.ts";
import type { Pace } from "./pace.ts";
import { recordExchange } from "./record-exchange.ts";
import type { Redaction } from "./redaction.ts";
import type { RunOptions } from "./run-request.ts";
import { SendingWatch, type SentBytes } from "./sent-bytes.ts";
import type { TargetHealth } from "./target-health.ts";

const CONNECT_MS = 5000;
/** What may be on its way beyond a limit on taken bytes, before it is plain that the limit does not hold. */
const BEYOND_BYTES = 1024 * 1024;

/** The run is over: caps are used up, or somebody ended it. */
export class RunEnded extends Error {
  readonly stop: Stop;

  constructor(stop: Stop) {
    super(stop.sentence);
    this.stop = stop;
  }
}

/** One request of a case. */
export interface LoggedExchange {
  readonly sending: Sending;
  readonly sent: SentBytes;
  readonly exchange: Exchange;
  readonly recorded: RecordedExchange;
}

/** What one case sends goes to its own log. */
export interface CaseLog {
  readonly exchanges: LoggedExchange[];
  /** A fault is made meanwhile, or connections are held open on purpose: what the target answers says nothing of its health. */
  readonly isOddOnPurpose: boolean;
}

type WireOptions = Pick<
  RunOptions,
  "requestsMax" | "sentBytesMax" | "elapsedMsMax" | "onEvent" | "signal" | "tls"
>;

export class RunWire {
  readonly #options: WireOptions;
  readonly #redaction: Redaction;
  readonly #health: TargetHealth;
  readonly #pace: Pace | null;
  readonly #endsAt: number;
  readonly #signal: AbortSignal;
  readonly #late = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #requests = 0;
  #sentBytes = 0;

  constructor(
    options: WireOptions,
    parts: { readonly redaction: Redaction; readonly health: TargetHealth; readonly pace: Pace | null },
  ) {
    this.#options = options;
    this.#redaction = parts.redaction;
    this.#health = parts.health;
    this.#pace = parts.pace;
    this.#endsAt = performance.now() + options.elapsedMsMax;
    this.#timer = setTimeout(() => this.#late.abort(), options.elapsedMsMax);
    this.#signal = AbortSignal.any([options.signal, this.#late.signal]);
  }

  get cost(): Cost {
    return { requests: this.#requests, sentBytes: this.#sentBytes };
  }

  get requestsLeft(): number {
    return this.#options.requestsMax - this.#requests;
  }

  get sentBytesLeft(): number {
    return this.#options.sentBytesMax - this.#sentBytes;
  }

  /** Why nothing more may be sent, or `null`. */
  get ended(): Stop | null {
    if (this.#options.signal.aborted) return { kind: "interrupted", sentence: "The run was interrupted." };
    if (this.#late.signal.aborted) return capped(`${this.#options.elapsedMsMax / 1000} s`);
    if (this.requestsLeft <= 0) return capped(`${this.#options.requestsMax} requests`);
    return this.#sentBytes < this.#options.sentBytesMax ? null : this.#bytesUsedUp();
  }

  /** Nothing is timed any more. */
  close(): void {
    clearTimeout(this.#timer);
  }

  /** @throws `RunEnded`; or the error of the connection that could not be made */
  async send(sending: Sending, log: CaseLog): Promise<Exchange> {
    this.#mustGoOn();
    await this.#keepPace(sending);
    this.#mustGoOn();
    this.#requests += 1;
    const sentAt = new Date();
    const left = this.#options.sentBytesMax - this.#sentBytes;
    const allowance = Math.min(left, enoughFor(sending));
    const watch = new SendingWatch(sending.probe, this.#redaction, allowance);
    const exchange = await this.#exchange(sending, watch, log);
    this.#sentBytes += exchange.takenBytes;
    const sent = watch.finish();
    const recorded = recordExchange(sending, sent, exchange, { redaction: this.#redaction, sentAt });
    log.exchanges.push({ sending, sent, exchange, recorded });
    if (this.#signal.aborted) throw new RunEnded(this.#stop());
    if (watch.isCut && allowance === left) throw new RunEnded(this.#bytesUsedUp());
    return exchange;
  }

  async #exchange(sending: Sending, watch: SendingWatch, log: CaseLog): Promise<Exchange> {
    const { tls } = this.#options;
    const limits = { connectMs: CONNECT_MS, ...sending.limits, signal: this.#signal };
    try {
      const probe = watch.watched(sending.probe);
      const exchange = await sendProbe(
        sending.origin,
        probe,
        tls === undefined ? limits : { ...limits, tls },
      );
      if (!log.isOddOnPurpose && !this.#signal.aborted) this.#health.noteAnswer(exchange);
      return exchange;
    } catch (error) {
      if (this.#signal.aborted) throw new RunEnded(this.#stop());
      if (!log.isOddOnPurpose) this.#health.noteNoConnection();
      throw error;
    }
  }

  #bytesUsedUp(): Stop {
    return capped(`${Math.round(this.#options.sentBytesMax / 2 ** 20)} MiB to be sent`);
  }

  #stop(): Stop {
    return this.ended ?? capped("the time");
  }

  #mustGoOn(): void {
    if (this.ended !== null) throw new RunEnded(this.ended);
  }

  async #keepPace(sending: Sending): Promise<void> {
    const ms = this.#pace?.next(sending) ?? 0;
    if (ms > 0 && !(await this.wait(ms, "the route's own rate is used up")))
      throw new RunEnded(capped("the time that the route's own rate leaves"));
  }

  /** Waits, if the run's time allows. @returns whether it did */
  async wait(ms: number, why: string): Promise<boolean> {
    if (performance.now() + ms >= this.#endsAt) return false;
    this.#options.onEvent({ kind: "waiting", ms: Math.round(ms), why });
    try {
      await sleep(ms, undefined, { signal: this.#signal });
      return true;
    } catch {
      throw new RunEnded(this.#stop());
    }
  }
}

/** Where a limit on taken bytes is what is looked at, little more than that. */
function enoughFor({ expect }: Sending): number {
  if (expect === undefined || expect.outcome === "accepted") return Number.POSITIVE_INFINITY;
  return (expect.takenBytesMax ?? Number.POSITIVE_INFINITY) + BEYOND_BYTES;
}

function capped(what: string): Stop {
  return {
    kind: "cap",
    sentence: `The run's cap is used up: ${what}. What it left out has no answer; raise the cap, or name fewer checks.`,
  };
}
