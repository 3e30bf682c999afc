/**
 * What a change did to a flow, as far as traffic tells: always a suspicion, with the command that finds out for certain.
 *
 * A judgement reads hundreds of minutes, so it is kept for a minute: more often there is nothing new in it.
 */
import type { Flow } from "../../flows/flow.ts";
import type { HistoryReader, Mark } from "../../signals/history/history.ts";
import { judgeMarkOfHistory } from "../../signals/history/judge/judge-mark-of-history.ts";
import type { MarkJudgement } from "../../signals/history/judge/mark-judgement.ts";
import type { Condition, DeploymentJudgement } from "../console-api.ts";
import { markLabel } from "./say-mark.ts";

const KEPT_MS = 60_000;
const KEPT_MAX = 500;

const CONDITIONS: Readonly<Record<MarkJudgement["verdict"], Condition>> = {
  worse: "bad",
  different: "attention",
  same: "good",
  better: "good",
  "not-enough": "unknown",
};

interface Kept {
  readonly untilMs: number;
  readonly judgement: Promise<DeploymentJudgement>;
}

export class DeploymentJudgements {
  readonly #history: HistoryReader;
  readonly #kept = new Map<string, Kept>();

  constructor(history: HistoryReader) {
    this.#history = history;
  }

  /** @throws what the history throws */
  of(flow: Flow, mark: Mark, nowMs: number): Promise<DeploymentJudgement> {
    const key = `${flow.name} ${flow.policyVersion} ${mark.id}`;
    const kept = this.#kept.get(key);
    if (kept !== undefined && nowMs < kept.untilMs) return kept.judgement;
    const judgement = this.#judge(flow, mark, nowMs);
    judgement.catch(() => this.#kept.delete(key));
    if (this.#kept.size >= KEPT_MAX) this.#kept.clear();
    this.#kept.set(key, { untilMs: nowMs + KEPT_MS, judgement });
    return judgement;
  }

  async #judge(flow: Flow, mark: Mark, nowMs: number): Promise<DeploymentJudgement> {
    const { smallestEffect } = flow.measure;
    const { verdict, sentence } = await judgeMarkOfHistory(this.#history, {
      mark,
      flow: flow.name,
      smallestEffect,
      nowMs,
    });
    return {
      atMs: mark.atMs,
      label: markLabel(mark),
      condition: CONDITIONS[verdict],
      sentence,
      command: verdict === "worse" || verdict === "different" ? compareCommand(flow, mark) : null,
    };
  }
}

/** The address of each of the two versions is the reader's to fill in: nobody here knows where they run. */
function compareCommand({ name }: Flow, { kind }: Mark): string {
  const variable = kind === "flow" ? "flow.policy" : kind === "mode" ? "flow.mode" : "git.commit";
  return `sluicegate compare ${name} --a URL-BEFORE --b URL-AFTER --variable ${variable}`;
}
