/**
 * What a run tells while it runs, as lines. No I/O: the caller writes what it is given.
 *
 * Always holds: on a terminal there is one line that is written anew, never wider than the terminal, and lines that stay for what is worth it;
 * elsewhere there are few plain lines (one a check at most), so that a log of CI stays short.
 */
import type { RunEvent } from "../run/events.ts";
import { sayBytes, sayCount, sayElapsed } from "./say-figures.ts";
import { shownLine } from "./shown-text.ts";
import { groupOf, STATE_GROUPS, stateWord } from "./state-words.ts";
import { columnsOf, cutColumns } from "./wrap-columns.ts";

export interface ProgressOptions {
  /** Whether a line can be written anew: a terminal is at the other end. */
  readonly isTerminal: boolean;
  readonly columns: number;
}

/** Takes events, gives what is to be written for them: control sequences and line ends included, or nothing. */
export interface Progress {
  take(event: RunEvent): string;
  /** What takes the line that was written anew away again, before the report. */
  end(): string;
}

const CLEAR_LINE = "\r\u001b[K";
/** Elsewhere than on a terminal: a line for each so many checks that are kept. */
const SPARSE_CHECKS = 10;

/** Progress for one run. */
export function startProgress(options: ProgressOptions): Progress {
  return options.isTerminal ? new RewrittenLine(options.columns) : new SparseLines();
}

class RewrittenLine implements Progress {
  readonly #columns: number;
  #checks = "";
  #id = "";
  #broken = 0;

  constructor(columns: number) {
    this.#columns = Math.max(20, columns - 1);
  }

  take(event: RunEvent): string {
    switch (event.kind) {
      case "planned":
        return this.#stay(sayPlanned(event));
      case "check-began":
        this.#checks = `${event.number} of ${event.of}`;
        this.#id = shownLine(event.id);
        return this.#now(`${this.#checks}  ${this.#id}`);
      case "case-ended": {
        const cost = `${sayCount(event.cost.requests, "request")}, ${sayBytes(event.cost.sentBytes)}`;
        return this.#now(
          `${this.#checks}  ${this.#id}  ${cost}${this.#sayBroken()}  ${shownLine(event.report.name, 200)}`,
        );
      }
      case "check-ended": {
        const line = sayBad(event);
        if (event.result.state === "fail") this.#broken += 1;
        return line === null ? "" : this.#stay(line);
      }
      case "waiting":
        return this.#now(sayWaiting(event));
      case "stopped":
        return this.#stay(`Stopping: ${shownLine(event.stop.sentence)}`);
    }
  }

  end(): string {
    return CLEAR_LINE;
  }

  #sayBroken(): string {
    return this.#broken === 0 ? "" : `  ${this.#broken} broken`;
  }

  #now(text: string): string {
    return CLEAR_LINE + this.#fit(text);
  }

  #stay(text: string): string {
    return `${CLEAR_LINE}${this.#fit(text)}\n`;
  }

  #fit(text: string): string {
    return columnsOf(text) <= this.#columns ? text : `${cutColumns(text, this.#columns - 2)} …`;
  }
}

class SparseLines implements Progress {
  #of = 0;
  #ended = 0;

  take(event: RunEvent): string {
    switch (event.kind) {
      case "planned":
        return `${sayPlanned(event)}\n`;
      case "check-began":
        this.#of = event.of;
        return "";
      case "case-ended":
        return "";
      case "check-ended":
        return this.#checkEnded(event);
      case "waiting":
        return `${sayWaiting(event)}\n`;
      case "stopped":
        return `Stopping: ${shownLine(event.stop.sentence)}\n`;
    }
  }

  #checkEnded(event: Extract<RunEvent, { kind: "check-ended" }>): string {
    this.#ended += 1;
    const bad = sayBad(event);
    if (bad !== null) return `${bad}\n`;
    const isDue = this.#ended % SPARSE_CHECKS === 0 || this.#ended === this.#of;
    const cost = `${sayCount(event.cost.requests, "request")}, ${sayBytes(event.cost.sentBytes)}`;
    return isDue ? `${this.#ended} of ${sayCount(this.#of, "check")}, ${cost}\n` : "";
  }

  end(): string {
    return "";
  }
}

function sayPlanned({ plan }: Extract<RunEvent, { kind: "planned" }>): string {
  const cases = `${sayCount(plan.checks, "check")}, ${sayCount(plan.cases, "case")}`;
  return `Checking: ${cases}, about ${sayCount(plan.requests, "request")} and ${sayBytes(plan.sentBytes)}.`;
}

/** A line for what does not simply pass; `null` for what does, and for what the route has nothing of. */
function sayBad({ result }: Extract<RunEvent, { kind: "check-ended" }>): string | null {
  const key = groupOf(result.state);
  if (key === "pass" || key === "manual" || key === "not-applicable" || key === "waived") return null;
  const shape = STATE_GROUPS.find((group) => group.key === key)?.shape ?? "?";
  return `${shape} ${shownLine(result.id)}  ${stateWord(result.state)}: ${shownLine(result.sentence)}`;
}

function sayWaiting({ ms, why }: Extract<RunEvent, { kind: "waiting" }>): string {
  return `Waiting ${sayElapsed(ms)}: ${shownLine(why)}`;
}
