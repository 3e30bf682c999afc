/**
 * The job that tries failed deliveries again: what is due, the longest waiting first, a few at a time for each service, one at a time for a
 * service that does not answer.
 *
 * In: the records' list of due deliveries. Out: uploads moved on. Always holds: an upload is tried by one try at a time; a service that is down
 * does not keep the deliveries of another one waiting.
 */
import type { UploadRecord } from "../../records/records.ts";
import type { UploadId } from "../../uploads/upload-id.ts";
import type { GateParts } from "../gate-parts.ts";
import { asGateError } from "../refusal.ts";
import { WAIT_MS_MAX } from "./back-off.ts";
import { lateRecordsOf, onDeliveries } from "./behind-answers.ts";
import { Circuit } from "./circuit.ts";
import { type TriedDelivery, tryDelivery } from "./try-delivery.ts";

/** Due deliveries looked at in one go. */
const BATCH = 100;
const COUNTED_MAX = 10_000;
/** Where a batch is full, those that cannot start now make room for others for so long. */
const STEP_ASIDE_MS = 5_000;
/** After a question that the records did not answer. */
const RECORDS_REST_MS = 2_000;
/** The clock may jump, and another process may make something due: asked at least so often. */
const LOOK_MS_MAX = 10_000;
/** While something is due that cannot start, what else becomes due is not known by its time. */
const LOOK_MS_WAITING = 1_000;
const LOOK_MS_MIN = 20;
/** How long a stop waits for tries that run. */
const CLOSE_MS = 5_000;

/** The job of one gate. */
export interface Redelivery {
  /** Looks at once for what is due. */
  wake(): void;
  /** Starts nothing more, gives running tries a moment, then breaks them off: their outcome is recorded as unknown. */
  close(): Promise<void>;
}

/** Starts it. */
export function startRedelivery(gate: GateParts): Redelivery {
  const job = new RedeliveryJob(gate);
  onDeliveries(gate, { wake: () => job.wake(), lookAgain: () => job.lookAgain() });
  job.lookAgain();
  return job;
}

class RedeliveryJob implements Redelivery {
  readonly #gate: GateParts;
  readonly #circuits = new Map<string, Circuit>();
  readonly #running = new Map<UploadId, Promise<void>>();
  readonly #stop = new AbortController();
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> | null = null;
  #mustLookAgain = false;
  #isClosed = false;

  constructor(gate: GateParts) {
    this.#gate = gate;
  }

  wake(): void {
    if (this.#isClosed) return;
    if (this.#looking !== null) {
      this.#mustLookAgain = true;
      return;
    }
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#looking = this.#look().finally(() => {
      this.#looking = null;
      if (this.#mustLookAgain) this.wake();
    });
  }

  /** Counts anew what waits, and looks for what is due. */
  lookAgain(): void {
    const { records, metrics, log } = this.#gate;
    records.list({ state: "undeliverable", limit: COUNTED_MAX }).then(
      (waiting) => metrics.deliveriesWaiting.set(waiting.length),
      (error: unknown) => log.error({ err: error }, "the deliveries that wait cannot be counted"),
    );
    this.wake();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#looking;
    const timer = setTimeout(() => this.#stop.abort(), CLOSE_MS);
    await Promise.all(this.#running.values());
    clearTimeout(timer);
    await lateRecordsOf(this.#gate).close();
  }

  async #look(): Promise<void> {
    this.#mustLookAgain = false;
    try {
      const nowMs = Date.now();
      const due = await this.#gate.records.dueDeliveries(nowMs, BATCH);
      const waiting = due.filter((record) => !this.#begin(record));
      if (due.length === BATCH) await this.#stepAside(waiting, nowMs);
      this.#lookAfter(await this.#restMs(waiting, due.length === BATCH));
    } catch (error) {
      this.#gate.log.error({ err: error }, "the deliveries that are due cannot be read");
      this.#lookAfter(RECORDS_REST_MS);
    }
  }

  /** @returns whether it is being tried now, or was already */
  #begin(record: UploadRecord): boolean {
    if (this.#isClosed) return false;
    if (this.#running.has(record.id)) return true;
    const circuit = this.#circuitOf(record);
    // Not the wall clock, which jumps.
    if (!circuit.mayStart(performance.now())) return false;
    circuit.started();
    const tried = this.#try(record).then((reached) => {
      circuit.ended(reached, performance.now());
      this.#running.delete(record.id);
      this.wake();
    });
    this.#running.set(record.id, tried);
    return true;
  }

  async #try(record: UploadRecord): Promise<boolean | null> {
    const { log, metrics } = this.#gate;
    const about = { uploadId: record.id, flow: record.flow };
    let tried: TriedDelivery;
    try {
      tried = await tryDelivery(this.#gate, record, this.#stop.signal);
    } catch (error) {
      log.error({ ...about, code: asGateError(error).code, err: error }, "delivery not tried again");
      // It is still due: without a rest it would be taken up again at once.
      await new Promise((resolve) => setTimeout(resolve, RECORDS_REST_MS));
      return null;
    }
    const { result, reached } = tried;
    metrics.deliveryTries.inc({ flow: record.flow, result });
    if (result === "delivered" || result === "refused") metrics.deliveriesWaiting.dec();
    if (result === "delivered") log.info({ ...about, result }, "delivered after another try");
    else log.warn({ ...about, result }, "delivery tried again");
    return reached;
  }

  /** One circuit a service; uploads of a flow that is gone share one, and never get as far as a service. */
  #circuitOf({ flow }: UploadRecord): Circuit {
    const upstream = this.#gate.flows.flows.find(({ name }) => name === flow)?.upstream ?? "";
    const known = this.#circuits.get(upstream);
    if (known !== undefined) return known;
    const made = new Circuit();
    this.#circuits.set(upstream, made);
    return made;
  }

  /** So that others that are due as well come into sight. */
  async #stepAside(waiting: readonly UploadRecord[], nowMs: number): Promise<void> {
    const nextTryAtMs = nowMs + Math.round(STEP_ASIDE_MS * (1 + Math.random()));
    await Promise.all(waiting.map(({ id }) => this.#gate.records.move(id, [], { nextTryAtMs })));
  }

  async #restMs(waiting: readonly UploadRecord[], hasMore: boolean): Promise<number> {
    if (hasMore) return 0;
    if (waiting.length > 0) return LOOK_MS_WAITING;
    const nextDueAtMs = await this.#gate.records.nextDueAtMs();
    if (nextDueAtMs === null) return LOOK_MS_MAX;
    const restMs = nextDueAtMs - Date.now();
    if (restMs > WAIT_MS_MAX + LOOK_MS_MAX) await this.#pullForward(nextDueAtMs);
    return restMs;
  }

  /** No pause is so long: the clock has gone back since it was set, and it would last as long as the clock went. */
  async #pullForward(dueAtMs: number): Promise<void> {
    const { records, log } = this.#gate;
    const late = await records.dueDeliveries(dueAtMs, BATCH);
    log.warn({ deliveries: late.length }, "the clock has gone back: deliveries that wait are due now");
    await Promise.all(late.map(({ id }) => records.move(id, [], { nextTryAtMs: Date.now() })));
    this.#mustLookAgain = true;
  }

  #lookAfter(ms: number): void {
    if (this.#isClosed || this.#mustLookAgain) return;
    this.#timer = setTimeout(() => this.wake(), Math.max(LOOK_MS_MIN, Math.min(ms, LOOK_MS_MAX)));
  }
}
