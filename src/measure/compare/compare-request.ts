/**
 * What a comparison is asked to do, and what is told while it runs.
 */
import type { Flow } from "../../flows/flow.ts";

export interface CompareRequest {
  /** `20261122-190512-x7q2`. */
  readonly id: string;
  readonly flow: Flow;
  /** `sluicegate 0.1.0`. */
  readonly program: string;
  /** The one key of the fingerprint that may differ; `cache.NAME`: this cache is what was changed. */
  readonly variable: string;
  /** Keys that differ by their nature, such as ports: told, never held against it. */
  readonly ignoredKeys: readonly string[];
  /** −0.2: a fifth less. */
  readonly expected: number | null;
  readonly pairs: number | null;
  readonly requests: number | null;
  readonly isQuick: boolean;
  readonly ratePerSecond: number;
  readonly timeoutMs: number;
  readonly seed: number;
  /** Lines with which this can be repeated. */
  readonly commands: readonly string[];
}

/** Where a comparison is. */
export type CompareEvent =
  | {
      readonly kind: "pair";
      readonly stage: "noise" | "pairs" | "second-lap";
      /** Pairs that are done, and how many there are. */
      readonly done: number;
      readonly of: number;
      /** Share of the pair under way, from 0 to 1. */
      readonly share: number;
    }
  | { readonly kind: "noise"; readonly deviation: number; readonly pairs: number; readonly visible: number }
  | { readonly kind: "look"; readonly pairs: number; readonly of: number; readonly verdict: string };
