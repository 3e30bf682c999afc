/**
 * What a run tells while it runs: for progress on a terminal, and for whoever wants to stop it.
 */
import type { CaseReport, CheckResult, Cost, PlanSummary, Stop } from "./check-run.ts";

export type RunEvent =
  | { readonly kind: "planned"; readonly plan: PlanSummary }
  | { readonly kind: "check-began"; readonly id: string; readonly number: number; readonly of: number }
  | { readonly kind: "case-ended"; readonly id: string; readonly report: CaseReport; readonly cost: Cost }
  | { readonly kind: "check-ended"; readonly result: CheckResult; readonly cost: Cost }
  /** The route's own rate is used up: nothing is sent for so long. */
  | { readonly kind: "waiting"; readonly ms: number; readonly why: string }
  | { readonly kind: "stopped"; readonly stop: Stop };
