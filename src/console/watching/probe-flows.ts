/**
 * Sends a test upload through each flow that asks for it (`watch.probe-every`), so often as it says.
 *
 * Always holds: one at a time in all, so that probes never load what they look at; none while the gate stops; none where nobody has said how to remove
 * them, and none any more once several could not be removed, until the flows are loaded again.
 */
import type { Flow } from "../../flows/flow.ts";
import type { ProbeResult, ProbeState } from "./probe-state.ts";
import { type TestUpload, whyNoTestUpload } from "./send-test-upload.ts";

/** Soon after a start, so that it can be told soon whether all is well. */
const FIRST_MS_MAX = 5_000;
const LOOK_MS = 1_000;
const LEFT_MAX = 3;
const CLOSE_MS_MAX = 2_000;

export interface ProbeFlowsOptions {
  /** The flows in force at the moment. */
  readonly flows: () => readonly Flow[];
  readonly isStopping: () => boolean;
  readonly send: (flow: Flow) => Promise<TestUpload>;
  readonly now: () => number;
  /** Hears of each result that differs from the one before. */
  readonly onChange: (flow: Flow, result: ProbeResult) => void;
}

interface Probed {
  readonly flow: Flow;
  readonly everyMs: number;
  dueAtMs: number;
  last: ProbeResult | null;
  left: number;
  stopped: string | null;
}

export class ProbeFlows {
  readonly #options: ProbeFlowsOptions;
  readonly #probed = new Map<string, Probed>();
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> | null = null;

  constructor(options: ProbeFlowsOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer ??= setInterval(() => void this.look(), LOOK_MS).unref();
  }

  /** `null` where a flow does not ask for test uploads. */
  state(flow: string): ProbeState | null {
    this.#follow();
    const probed = this.#probed.get(flow);
    if (probed === undefined) return null;
    const { everyMs, last, stopped } = probed;
    return { everyMs, last, stopped };
  }

  /** Sends what is due, one after another. Never two looks at once; never throws. */
  look(): Promise<void> {
    this.#running ??= this.#sendDue().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  /** Waits a moment for the one under way: it removes what it has stored. */
  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    let late: NodeJS.Timeout | undefined;
    const moment = new Promise<void>((resolve) => {
      late = setTimeout(resolve, CLOSE_MS_MAX);
    });
    await Promise.race([this.#running, moment]);
    clearTimeout(late);
  }

  async #sendDue(): Promise<void> {
    this.#follow();
    const { now, isStopping } = this.#options;
    for (const probed of [...this.#probed.values()]) {
      if (isStopping()) return;
      if (probed.stopped === null && now() >= probed.dueAtMs) await this.#send(probed);
    }
  }

  async #send(probed: Probed): Promise<void> {
    const { now, send, onChange, isStopping } = this.#options;
    const { ok, durationMs, trouble, left } = await send(probed.flow);
    // What a gate that stops answers says nothing of it.
    if (isStopping()) return;
    const before = probed.last;
    const result: ProbeResult = { atMs: now(), ok, durationMs, trouble };
    probed.last = result;
    probed.dueAtMs = now() + probed.everyMs;
    probed.left += left;
    if (probed.left >= LEFT_MAX)
      probed.stopped = `Test uploads of ${probed.flow.name} have stopped, since ${probed.left} of them could not be removed again: mend verify.cleanup, then reload the flows.`;
    if (before === null ? !ok : before.ok !== ok) onChange(probed.flow, result);
  }

  /** Keeps in step with the flows in force. What was loaded anew begins anew, but keeps what was seen last. */
  #follow(): void {
    const { flows, now } = this.#options;
    const wanted = new Map(flows().map((flow) => [flow.name, flow]));
    for (const name of this.#probed.keys()) {
      if (wanted.get(name)?.watch.probeEveryMs == null) this.#probed.delete(name);
    }
    for (const flow of wanted.values()) {
      const { probeEveryMs } = flow.watch;
      const known = this.#probed.get(flow.name);
      if (probeEveryMs === null || known?.flow === flow) continue;
      this.#probed.set(flow.name, {
        flow,
        everyMs: probeEveryMs,
        dueAtMs: now() + Math.min(probeEveryMs, FIRST_MS_MAX),
        last: known?.last ?? null,
        left: 0,
        stopped: whyNoTestUpload(flow),
      });
    }
  }
}
