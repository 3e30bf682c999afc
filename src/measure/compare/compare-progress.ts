/**
 * What a comparison tells while it runs: on a terminal one line that is written anew, elsewhere a line for each stage and each quarter of it.
 */
import { sayElapsed } from "../../checks/reports/say-figures.ts";
import type { CompareEvent } from "./compare-request.ts";

const CLEAR_LINE = "\r\u001b[K";
const QUARTERS = 4;

type PairEvent = Extract<CompareEvent, { kind: "pair" }>;

const STAGES: Readonly<Record<PairEvent["stage"], string>> = {
  noise: "A beside itself",
  pairs: "A and B",
  "second-lap": "second lap",
};

/** Gives what is to be written for each event, control sequences and line ends included, or nothing. */
export class CompareProgress {
  readonly #isTerminal: boolean;
  readonly #columns: number;
  readonly #now: () => number;
  #stage: PairEvent["stage"] | null = null;
  #stageBeganMs = 0;
  #toldQuarter = -1;

  constructor(options: {
    readonly isTerminal: boolean;
    readonly columns: number;
    readonly now?: () => number;
  }) {
    this.#isTerminal = options.isTerminal;
    this.#columns = Math.max(20, options.columns - 1);
    this.#now = options.now ?? (() => performance.now());
  }

  take(event: CompareEvent): string {
    switch (event.kind) {
      case "pair":
        return this.#pair(event);
      case "noise":
        return this.#stay(
          `With nothing changed, times differ by ${percent(event.deviation)} from pair to pair: ${event.pairs} pairs show a change from ${percent(event.visible)} on.`,
        );
      case "look":
        return this.#stay(`After ${event.pairs} of ${event.of} pairs: ${event.verdict}.`);
    }
  }

  /** Takes the line that was written anew away. */
  end(): string {
    return this.#isTerminal ? CLEAR_LINE : "";
  }

  #pair(event: PairEvent): string {
    if (event.stage !== this.#stage) {
      this.#stage = event.stage;
      this.#stageBeganMs = this.#now();
      this.#toldQuarter = -1;
    }
    const share = Math.min(1, (event.done + event.share) / Math.max(1, event.of));
    const text = `${STAGES[event.stage]}: pair ${Math.min(event.of, event.done + 1)} of ${event.of}${this.#left(share)}`;
    if (this.#isTerminal) return `${CLEAR_LINE}${text.slice(0, this.#columns)}`;
    const quarter = Math.floor(share * QUARTERS);
    if (quarter === this.#toldQuarter) return "";
    this.#toldQuarter = quarter;
    return `${STAGES[event.stage]}: ${Math.round(share * 100)} %\n`;
  }

  #left(share: number): string {
    const gone = this.#now() - this.#stageBeganMs;
    return share < 0.05 ? "" : `, ${sayElapsed((gone / share) * (1 - share))} left`;
  }

  #stay(line: string): string {
    return this.#isTerminal ? `${CLEAR_LINE}${line}\n` : `${line}\n`;
  }
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
