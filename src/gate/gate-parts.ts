/**
 * What a running gate is made of: opened once at the start, handed to every stage, closed at the end.
 */
import type { ReceiptKeys } from "../delivery/receipt/receipt-keys.ts";
import type { FlowSet } from "../flows/flow.ts";
import type { Callers } from "../permissions/caller.ts";
import type { Shares } from "../permissions/shares/shares.ts";
import type { Quarantine } from "../quarantine/quarantine.ts";
import type { Records } from "../records/records.ts";
import type { Settler } from "../release/settle.ts";
import type { Settings } from "../settings/settings.ts";
import type { GateHistory } from "../signals/history/gate-history.ts";
import type { Log } from "../signals/log.ts";
import type { Metrics } from "../signals/metrics.ts";
import type { SignalBus } from "../signals/signal-bus.ts";
import type { Storage } from "../storage/storage.ts";
import type { Upstream } from "../upstream/upstream.ts";
import type { SeenRoutes } from "./discovery/seen-routes.ts";
import type { Idempotency } from "./idempotency/idempotency.ts";
import type { RefusalTally } from "./refusal-tally.ts";
import type { UploadSlots } from "./upload-slots.ts";

/** The parts. `flows` is the one that a reload replaces. */
export interface GateParts {
  readonly settings: Settings;
  readonly records: Records;
  readonly storage: Storage;
  readonly quarantine: Quarantine;
  readonly settler: Settler;
  readonly upstreams: ReadonlyMap<string, Upstream>;
  readonly receiptKeys: ReceiptKeys;
  readonly callers: Callers;
  readonly shares: Shares;
  readonly idempotency: Idempotency;
  readonly refusals: RefusalTally;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Where each request is told of when it has ended. */
  readonly signals: SignalBus;
  /** What the gate remembers of its traffic, and of what was changed. */
  readonly history: GateHistory;
  readonly slots: UploadSlots;
  /** Upload routes that traffic shows and no flow describes. */
  readonly seenRoutes: SeenRoutes;
  readonly isTrustedProxy: (address: string) => boolean;
  flows: FlowSet;
  /** Set when the gate takes no new requests any more. */
  isStopping: boolean;
  /** Aborted, with a GATE_STOPPING, when the time of a stop is over: what still runs ends. */
  readonly breakOff: AbortSignal;
}
