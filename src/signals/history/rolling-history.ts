/**
 * The write side of history: takes each signal, adds it up in memory by flow and minute, and writes every few seconds.
 *
 * Always holds: `take` does a bounded, small amount of work, waits for nothing and throws nothing. What is in memory is bounded, also while the records take nothing: then the oldest is
 * dropped and counted. A kill loses what was not written yet, the last few seconds, and nothing else.
 */
import { randomUUID } from "node:crypto";
import type { Log } from "../log.ts";
import type { RequestSignal } from "../request-signal.ts";
import { ALL_FLOWS, FlowRoll, HOUR_MS, NO_FLOW } from "./flow-roll.ts";
import type { HistoryWriter, Mark } from "./history.ts";
import type { HistoryStore, PointRow, RequestRow, SeenRow } from "./history-store.ts";
import type { ChosenRequest } from "./kept-choice.ts";
import { VersionWatch } from "./version-watch.ts";
import { WaitingRows } from "./waiting-rows.ts";

const WRITE_EVERY_MS = 5000;
const FORGET_EVERY_MS = HOUR_MS;
const FORGET_ROWS = 2000;
/** Flows come from flow files; more of them than this at once are not told apart but counted as lost. */
const FLOWS_MAX = 1000;
/** Rows of so many flows are made in one go, some milliseconds: then others have their turn. */
const FLOWS_A_WRITE = 24;
const SILENT_MS = 2 * HOUR_MS;
const TEXT_CHARS_MAX = 500;

/** What of a flow history follows through reloads. */
export interface FlowInForce {
  readonly name: string;
  readonly policyVersion: string;
  readonly mode: string;
}

export interface HistoryOptions {
  readonly store: HistoryStore;
  readonly log: Log;
  /** Hears how many requests, rows or marks could not be kept. */
  readonly onLost?: (count: number) => void;
  /** Unix milliseconds. */
  readonly now?: () => number;
  /** 0: only when `flush` is called. Default: 5 s. */
  readonly writeEveryMs?: number;
}

/** Opens the write side, and marks the start. @throws RECORDS_UNAVAILABLE */
export async function openHistoryWriter(options: HistoryOptions): Promise<RollingHistory> {
  return new RollingHistory(options, await options.store.historySeen());
}

export class RollingHistory implements HistoryWriter {
  readonly #store: HistoryStore;
  readonly #log: Log;
  readonly #onLost: (count: number) => void;
  readonly #now: () => number;
  readonly #timer: NodeJS.Timeout | null;
  readonly #rolls = new Map<string, FlowRoll>();
  readonly #versions = new VersionWatch();
  /** What was in force, by flow and what. */
  readonly #inForce = new Map<string, string>();
  readonly #waiting: WaitingRows;
  /** Of the newest roll, or of one whose clock was set back; each has another. Microseconds of the start and a number: no other process has had it. */
  #writer: number;
  #writing: Promise<void> = Promise.resolve();
  #isWriting = false;
  #hasFailed = false;
  #nextForgetMs: number;

  constructor(options: HistoryOptions, seen: readonly SeenRow[]) {
    this.#store = options.store;
    this.#log = options.log;
    this.#onLost = options.onLost ?? (() => {});
    this.#now = options.now ?? Date.now;
    this.#waiting = new WaitingRows(this.#onLost);
    this.#writer = this.#now() * 1000;
    this.#nextForgetMs = this.#now() + WRITE_EVERY_MS;
    for (const { flow, what, value, atMs } of seen) {
      if (what === "version") this.#versions.remember(flow, value, atMs);
      else this.#inForce.set(`${what} ${flow}`, value);
    }
    this.#markOf("start", {});
    const everyMs = options.writeEveryMs ?? WRITE_EVERY_MS;
    this.#timer = everyMs > 0 ? setInterval(() => this.#tick(), everyMs).unref() : null;
  }

  take(signal: RequestSignal): void {
    const nowMs = this.#now();
    this.#takeFor(ALL_FLOWS, signal, nowMs);
    this.#takeFor(signal.flow ?? NO_FLOW, signal, nowMs);
    const version = signal.service?.version ?? null;
    if (signal.flow !== null && version !== null) this.#seeVersion(signal.flow, version, nowMs);
  }

  mark(mark: Omit<Mark, "id">): void {
    const { atMs, kind, flow } = mark;
    const cut = (text: string | null): string | null => text?.slice(0, TEXT_CHARS_MAX) ?? null;
    const [version, previous, note, by] = [mark.version, mark.previous, mark.note, mark.by].map(cut);
    const id = randomUUID();
    this.#waiting.addMark({
      id,
      atMs,
      kind,
      flow,
      version: version ?? null,
      previous: previous ?? null,
      note: note ?? null,
      by: by ?? null,
    });
  }

  /**
   * Tells what flows are in force: at the start, and after each reload. What differs from the last time, also in an earlier process, is marked; a flow that was never seen is not.
   */
  noteFlows(flows: readonly FlowInForce[]): void {
    for (const { name, policyVersion, mode } of flows) {
      this.#noteInForce("policy", "flow", name, policyVersion);
      this.#noteInForce("mode", "mode", name, mode);
    }
  }

  /** Writes what is in memory. Resolves also where the records do not take it: it is tried again later. */
  flush(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  /** Marks the stop, and writes everything. */
  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#markOf("stop", {});
    await this.flush();
  }

  /** A writing that takes longer than until the next tick is not queued behind. */
  #tick(): void {
    if (!this.#isWriting) void this.flush();
  }

  #takeFor(flow: string, signal: RequestSignal, nowMs: number): void {
    const roll = this.#rollOf(flow, nowMs);
    if (roll === null) {
      this.#onLost(1);
      return;
    }
    if (roll.hasEnded(nowMs)) this.#endMinute(roll, nowMs);
    roll.take(signal, nowMs);
  }

  #rollOf(flow: string, nowMs: number): FlowRoll | null {
    const known = this.#rolls.get(flow);
    if (known !== undefined) return known;
    if (this.#rolls.size >= FLOWS_MAX) return null;
    const roll = new FlowRoll(flow, ++this.#writer, nowMs);
    this.#rolls.set(flow, roll);
    return roll;
  }

  #endMinute(roll: FlowRoll, nowMs: number): void {
    const isBack = nowMs < roll.lastMinuteMs;
    const { points, requests } = roll.end(nowMs, isBack ? ++this.#writer : roll.writer);
    this.#waiting.addPoints(points);
    this.#waiting.addRequests(requests.map(rowOf));
  }

  #seeVersion(flow: string, version: string, nowMs: number): void {
    const isFirst = this.#versions.newestOf(flow) === null;
    const change = this.#versions.see(flow, version, nowMs);
    if (change !== null) this.#markOf("version", { flow, ...change });
    if (isFirst || change !== null)
      this.#waiting.addSeen({ flow, what: "version", value: version, atMs: nowMs });
  }

  #noteInForce(what: "policy" | "mode", kind: "flow" | "mode", flow: string, value: string): void {
    const previous = this.#inForce.get(`${what} ${flow}`);
    if (previous === value) return;
    this.#inForce.set(`${what} ${flow}`, value);
    this.#waiting.addSeen({ flow, what, value, atMs: this.#now() });
    if (previous !== undefined) this.#markOf(kind, { flow, version: value, previous });
  }

  #markOf(kind: Mark["kind"], about: Partial<Pick<Mark, "flow" | "version" | "previous">>): void {
    const nothing = { flow: null, version: null, previous: null, note: null, by: null };
    this.mark({ ...nothing, ...about, kind, atMs: this.#now() });
  }

  async #write(): Promise<void> {
    this.#isWriting = true;
    try {
      // Also without a flow there may be marks to write.
      const flows = [...this.#rolls.keys()];
      for (let at = 0; at === 0 || at < flows.length; at += FLOWS_A_WRITE)
        await this.#writeSome(flows.slice(at, at + FLOWS_A_WRITE));
      await this.#forget(this.#now());
      this.#hasFailed = false;
    } catch (error) {
      this.#tellFailure(error);
    } finally {
      this.#isWriting = false;
    }
  }

  /** @throws as the store: what was not written comes again */
  async #writeSome(flows: readonly string[]): Promise<void> {
    const nowMs = this.#now();
    const running = flows.map((flow) => ({ roll: this.#rolls.get(flow), rows: this.#rowsOf(flow, nowMs) }));
    try {
      await this.#waiting.writeTo(
        this.#store,
        running.flatMap(({ rows }) => rows),
      );
    } catch (error) {
      for (const { roll, rows } of running) if (rows.length > 0) roll?.notWritten();
      throw error;
    }
  }

  /** Rows of minutes that have ended wait to be written; those that run are made when they are. */
  #rowsOf(flow: string, nowMs: number): readonly PointRow[] {
    const roll = this.#rolls.get(flow);
    if (roll === undefined) return [];
    if (roll.hasRequests && roll.hasEnded(nowMs)) this.#endMinute(roll, nowMs);
    this.#waiting.addRequests(roll.chosen().map(rowOf));
    const rows = roll.running();
    // A flow that has been silent for so long is not followed further; it begins anew with its next request.
    if (rows.length === 0 && Math.abs(nowMs - roll.lastMinuteMs) > SILENT_MS) this.#rolls.delete(flow);
    return rows;
  }

  async #forget(nowMs: number): Promise<void> {
    if (nowMs < this.#nextForgetMs) return;
    const forgotten = await this.#store.forgetHistory(nowMs, FORGET_ROWS);
    if (forgotten === 0) this.#nextForgetMs = nowMs + FORGET_EVERY_MS;
  }

  #tellFailure(error: unknown): void {
    if (!this.#hasFailed) this.#log.warn({ err: error }, "history not written; it is tried again");
    this.#hasFailed = true;
  }
}

function rowOf({ because, signal }: ChosenRequest): RequestRow {
  return {
    flow: signal.flow ?? "",
    because,
    atMs: signal.atMs,
    requestId: signal.requestId,
    signal: JSON.stringify(signal),
  };
}
