/**
 * What holds for `measure` and `watch` where a flow says nothing of them.
 */
import type { FlowMeasure, FlowWatch } from "../flow.ts";

export const UNWRITTEN_MEASURE: FlowMeasure = Object.freeze({
  ratePerSecond: null,
  smallestEffect: { share: 0.05, ms: 5 },
  errorMarginShare: 0.005,
  caches: [],
  fingerprint: { path: null, command: null, headers: [], files: [], environment: [] },
});

export const UNWRITTEN_WATCH: FlowWatch = Object.freeze({
  probeEveryMs: null,
  versionHeader: null,
  jobs: null,
});
