/**
 * Watches whether a target suffers from being checked: connections that are not made, answers that do not come, errors of its own that rise.
 *
 * Always holds: it only suspects. One 5xx to a hostile upload is a finding and no suffering; whether the target still takes what it must is
 * asked with a control upload.
 */
import type { Exchange } from "../send-probe.ts";

const WATCHED = 20;
const SERVER_ERRORS_MAX = 10;
const SILENT_MAX = 4;
const NO_CONNECTION_MAX = 3;

type Seen = "answered" | "server-error" | "silent" | "no-connection";

export class TargetHealth {
  #seen: Seen[] = [];

  noteAnswer({ answers, end }: Exchange): void {
    const status = answers[0]?.status ?? 0;
    if (status >= 500) this.#note("server-error");
    else this.#note(answers.length === 0 && end === "deadline" ? "silent" : "answered");
  }

  noteNoConnection(): void {
    this.#note("no-connection");
  }

  #note(seen: Seen): void {
    this.#seen = [...this.#seen.slice(1 - WATCHED), seen];
  }

  /** What looks like suffering, in words; `null` where nothing does. */
  suspicion(): string | null {
    if (this.#inARow("no-connection") >= NO_CONNECTION_MAX)
      return `${this.#inARow("no-connection")} connections in a row could not be made`;
    if (this.#inARow("silent") >= SILENT_MAX)
      return `${this.#inARow("silent")} requests in a row had no answer`;
    const errors = this.#seen.filter((each) => each === "server-error").length;
    return errors >= SERVER_ERRORS_MAX ? `${errors} of the last ${this.#seen.length} answers were 5xx` : null;
  }

  /** A control upload has passed: it begins anew. */
  clear(): void {
    this.#seen = [];
  }

  #inARow(kind: Seen): number {
    const other = this.#seen.findLastIndex((each) => each !== kind);
    return this.#seen.length - 1 - other;
  }
}
