/**
 * Rows on their way to the records: they wait here, bounded in number, until they are written.
 *
 * Always holds: what was written is gone from here, what was not is still here, in order; where there is too much of something, the oldest is dropped and counted.
 */
import type { HistoryStore, MarkRow, PointRow, RequestRow, SeenRow } from "./history-store.ts";

const POINTS_MAX = 5000;
const REQUESTS_MAX = 1000;
const MARKS_MAX = 500;
const SEEN_MAX = 3000;
/** Rows of one transaction: each is encoded and written while the gate's other work waits a little. */
const ROWS_A_WRITE = 128;

export class WaitingRows {
  readonly #onLost: (count: number) => void;
  #points: PointRow[] = [];
  #requests: RequestRow[] = [];
  #marks: MarkRow[] = [];
  #seen: SeenRow[] = [];

  /** @param onLost hears how many rows were dropped */
  constructor(onLost: (count: number) => void) {
    this.#onLost = onLost;
  }

  addPoints(rows: readonly PointRow[]): void {
    this.#points = this.#atMost(POINTS_MAX, [...this.#points, ...rows]);
  }

  addRequests(rows: readonly RequestRow[]): void {
    if (rows.length > 0) this.#requests = this.#atMost(REQUESTS_MAX, [...this.#requests, ...rows]);
  }

  addMark(row: MarkRow): void {
    this.#marks = this.#atMost(MARKS_MAX, [...this.#marks, row]);
  }

  addSeen(row: SeenRow): void {
    this.#seen = this.#atMost(SEEN_MAX, [...this.#seen, row]);
  }

  /**
   * Writes what waits and `running` beside it; usually in one transaction.
   * @throws as the store does: what was not written waits on, but for `running`
   */
  async writeTo(store: HistoryStore, running: readonly PointRow[]): Promise<void> {
    let rest = running;
    for (;;) {
      const points = this.#points.slice(0, ROWS_A_WRITE);
      const runs = rest.slice(0, ROWS_A_WRITE - points.length);
      const requests = this.#requests.slice(0, ROWS_A_WRITE);
      const [marks, seen] = [this.#marks.slice(), this.#seen.slice()];
      const rows = points.length + runs.length + requests.length + marks.length + seen.length;
      if (rows === 0) return;
      await store.remember({ points: [...points, ...runs], requests, marks, seen });
      // By identity: more may have come, and some of these may have been dropped for it, while the store wrote.
      this.#points = without(this.#points, points);
      this.#requests = without(this.#requests, requests);
      this.#marks = without(this.#marks, marks);
      this.#seen = without(this.#seen, seen);
      rest = rest.slice(runs.length);
    }
  }

  #atMost<Row>(max: number, rows: Row[]): Row[] {
    const surplus = rows.length - max;
    if (surplus <= 0) return rows;
    this.#onLost(surplus);
    return rows.slice(surplus);
  }
}

function without<Row>(rows: Row[], written: readonly Row[]): Row[] {
  if (written.length === 0) return rows;
  const done = new Set(written);
  return rows.filter((row) => !done.has(row));
}
