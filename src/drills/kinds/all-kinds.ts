/**
 * Every kind of drill, in the order in which --all runs them.
 */
import type { DrillKind } from "../drill.ts";
import { CLOCK } from "./clock.ts";
import type { DrillKindRow } from "./drill-kind.ts";
import { KILLED } from "./killed.ts";
import { OVERLOAD } from "./overload.ts";
import { SLOW_SENDERS } from "./slow-senders.ts";
import { STORE_FULL } from "./store-full.ts";
import { UPSTREAM_DOWN } from "./upstream-down.ts";
import { UPSTREAM_ERRORS } from "./upstream-errors.ts";
import { UPSTREAM_RESETS } from "./upstream-resets.ts";
import { UPSTREAM_SLOW } from "./upstream-slow.ts";

const ROWS: Readonly<Record<DrillKind, DrillKindRow>> = {
  "upstream-down": UPSTREAM_DOWN,
  "upstream-slow": UPSTREAM_SLOW,
  "upstream-resets": UPSTREAM_RESETS,
  "upstream-errors": UPSTREAM_ERRORS,
  "store-full": STORE_FULL,
  killed: KILLED,
  "slow-senders": SLOW_SENDERS,
  overload: OVERLOAD,
  clock: CLOCK,
};

export const DRILL_KINDS: readonly DrillKindRow[] = Object.values(ROWS);
