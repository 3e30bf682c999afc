/**
 * A rule of the review: what is legal in a flow and unwise, and what one writes instead.
 */

import type { WrittenGroup } from "../../setup/written-group.ts";
import type { KeyPath } from "../../setup/yaml-source.ts";
import type { Flow } from "../flow.ts";
import type { FlowUpkeep } from "./read-upkeep.ts";

/** Never renamed, only retired. */
export type ReviewId = `REVIEW-${string}`;

/** What is around a flow that is reviewed. */
export interface ReviewContext {
  /** As `2026-11-22`, in UTC. */
  readonly today: string;
  /** Of the settings; `null` where there are none to ask. */
  readonly receiptLifetimeMs: number | null;
  /** Whether an answer was recorded: `expected/created.answer.json`. */
  readonly isAnswerRecorded: boolean;
  readonly upkeep: FlowUpkeep;
}

/** What a rule looks at. */
export interface ReviewedFlow extends ReviewContext {
  readonly flow: Flow;
  /** flow.yaml as it is written, for what a default hides. */
  readonly written: WrittenGroup;
}

/** One place at which a rule was found. */
export interface ReviewFinding {
  readonly path: KeyPath;
  /** What is so, beginning small, without a full stop: `anybody may send, and nothing bounds how much`. */
  readonly what: string;
  /** What to write or do, beginning small, without a full stop: `write rate: 60/min`. */
  readonly remedy: string;
}

export interface ReviewRule {
  readonly id: ReviewId;
  /** For a page that lists the rules. */
  readonly title: string;
  /** When it is found, in a sentence. */
  readonly when: string;
  /** Why it is unwise, in one sentence. */
  readonly why: string;
  /** What to write or do, with an example. */
  readonly remedy: string;
  readonly find: (reviewed: ReviewedFlow) => readonly ReviewFinding[];
}

/** One finding, or none. */
export function foundIf(isSo: boolean, finding: () => ReviewFinding): readonly ReviewFinding[] {
  return isSo ? [finding()] : [];
}
