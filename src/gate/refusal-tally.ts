/**
 * Refusals of requests that never became an upload (no credentials, too many, the gate busy): told in the audit as counts.
 *
 * Always holds: a flood of such requests costs the records a few entries in each interval, whatever its size. Each single one is in the log.
 */
import type { AuditEntry, Records } from "../records/records.ts";
import type { Log } from "../signals/log.ts";

const FLUSH_MS = 10_000;

interface Tally {
  readonly flow: string;
  readonly policyVersion: string;
  readonly rule: string;
  readonly firstRequestId: string;
  count: number;
}

export class RefusalTally {
  readonly #records: Records;
  readonly #log: Log;
  readonly #timer: NodeJS.Timeout;
  #tallies = new Map<string, Tally>();

  constructor(records: Records, log: Log) {
    this.#records = records;
    this.#log = log;
    this.#timer = setInterval(() => void this.flush(), FLUSH_MS);
    this.#timer.unref();
  }

  /** Counts one refusal of a flow by a rule (an error code). */
  count(
    flow: { readonly name: string; readonly policyVersion: string },
    rule: string,
    requestId: string,
  ): void {
    const key = `${flow.name} ${flow.policyVersion} ${rule}`;
    const tally = this.#tallies.get(key);
    if (tally !== undefined) tally.count += 1;
    else {
      const { name, policyVersion } = flow;
      this.#tallies.set(key, { flow: name, policyVersion, rule, firstRequestId: requestId, count: 1 });
    }
  }

  /** Writes what was counted since the last time; never rejects. */
  async flush(): Promise<void> {
    const tallies = [...this.#tallies.values()];
    if (tallies.length === 0) return;
    this.#tallies = new Map();
    try {
      await this.#records.note({ audit: tallies.map(entryOf) });
    } catch (error) {
      this.#log.error({ err: error, refusals: tallies }, "refusals not recorded in the audit");
    }
  }

  /** Writes the rest and stops. */
  close(): Promise<void> {
    clearInterval(this.#timer);
    return this.flush();
  }
}

function entryOf({ flow, policyVersion, rule, firstRequestId, count }: Tally): AuditEntry {
  return {
    atMs: Date.now(),
    event: "requests-refused",
    flow,
    policyVersion,
    uploadId: null,
    principal: null,
    requestId: firstRequestId,
    rule,
    detail: { count },
  };
}
