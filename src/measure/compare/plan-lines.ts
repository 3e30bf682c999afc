/**
 * The plan of a comparison in lines for a person: what will be sent, how long it takes, what it could see.
 */
import { sayCount, sayElapsed } from "../../checks/reports/say-figures.ts";
import type { Flow } from "../../flows/flow.ts";
import { pairsNeeded } from "../../statistics/smallest-visible.ts";
import { type ComparePlan, PAIRS_MIN } from "./compare-plan.ts";

export interface PlannedComparison {
  readonly flow: Flow;
  readonly plan: ComparePlan;
  readonly a: string;
  readonly b: string;
  readonly variable: string;
  readonly expected: number | null;
  /** Whether the rate is the flow's or was said; else it is found out when the comparison runs. */
  readonly isRateKnown: boolean;
  /** Of pairs in which nothing was changed; `null` where it was not measured yet. */
  readonly deviation: number | null;
}

const LABEL_COLUMNS = 20;
/** By the noise of the median between two segments in which nothing was changed. */
const MACHINES: readonly (readonly [deviation: number, name: string])[] = [
  [0.05, "a quiet machine"],
  [0.1, "a usual one"],
  [0.15, "a noisy one"],
];

/** Lines without an end; nothing is sent by making them. */
export function planLines(planned: PlannedComparison): readonly string[] {
  const { plan, flow, a, b, variable } = planned;
  return [
    ...row("Compare", `${flow.name}: ${flow.route.method} ${flow.route.path}`),
    ...row("Before (a)", a),
    ...row("After (b)", b),
    ...row("One thing differs", `${variable}; anything else that differs ends it, before there is any load`),
    ...row("First", noiseLine(plan)),
    ...row("Then", pairsLine(plan)),
    ...(plan.looks.length > 1 ? row("Looks", looksLine(plan)) : []),
    ...(plan.secondLapPairs === 0 ? [] : row("A second lap", secondLapLine(plan))),
    ...row("Decided by", decidedLine(plan)),
    ...cacheLines(flow),
    ...row("In all", inAllLine(planned)),
    ...row(
      "Change that matters",
      `${share(flow.measure.smallestEffect.share)} or ${flow.measure.smallestEffect.ms} ms, whichever is more`,
    ),
    ...row("Change it can see", visibleLine(planned)),
    ...(planned.expected === null ? [] : row("Change you expect", expectedLine(planned, planned.expected))),
    ...row("Errors", errorsLine(planned)),
    ...shortLines(plan),
  ];
}

function row(label: string, text: string): string[] {
  return [`${label.padEnd(LABEL_COLUMNS)} ${text}`];
}

function noiseLine({ noisePairs }: ComparePlan): string {
  return noisePairs === 0
    ? "what A showed beside itself within the last day is used again: nothing about it has changed"
    : `${noisePairs} pairs of A beside itself, to learn how much times differ here when nothing was changed`;
}

function pairsLine({ pairs, requests, warmUpRequests, ratePerSecond, hasWarmPhase }: ComparePlan): string {
  const warm = hasWarmPhase ? ", each once with new payloads and once with payloads sent before" : "";
  return `${pairs} pairs of A and B back to back, in an order drawn by lot: ${requests} uploads each after ${warmUpRequests} that do not count, ${round(ratePerSecond)} a second${warm}`;
}

function looksLine({ looks }: ComparePlan): string {
  return `after ${looks.join(" and ")} pairs; it ends at the first where that look is clear`;
}

function secondLapLine({ secondLapPairs }: ComparePlan): string {
  return `${secondLapPairs} pairs, after the named cache alone was cleared`;
}

function decidedLine({ quantile, hasWarmPhase }: ComparePlan): string {
  const name = quantile === "p95" ? "p95" : "p50 (p95 takes 100 uploads in each half of a pair)";
  const warm = hasWarmPhase ? "; repeated payloads only tell what a cache does" : "";
  return `the ${name} of the service's own time for accepted uploads whose payload is new${warm}`;
}

function cacheLines({ measure }: Flow): string[] {
  if (measure.caches.length === 0)
    return row(
      "Caches",
      "the flow declares none, so none is cleared; one that nobody has declared is noticed by payloads that are sent twice",
    );
  return measure.caches.flatMap(({ name, clear }) =>
    row(
      "Cache",
      clear === null
        ? `${name}: no command clears it; where its share of answers moves, the result is refused`
        : `${name}: cleared before each half of a pair, and no other, by: ${clear}`,
    ),
  );
}

function inAllLine({ plan, isRateKnown }: PlannedComparison): string {
  const rate = isRateKnown
    ? ""
    : ` at ${round(plan.ratePerSecond)} a second; the rate will be half of what the route can do, which is found out first (measure.rate in the flow, or --rate, says it)`;
  return `${sayCount(plan.requestsInAll, "upload")}, about ${sayElapsed(plan.elapsedMs)}${rate}`;
}

function visibleLine({ plan, deviation }: PlannedComparison): string {
  if (deviation !== null)
    return `${share(plan.visible[0]?.share ?? 1)} in four of five runs, by what A beside itself has shown`;
  const parts = MACHINES.map(([noise, name]) => {
    const found = plan.visible.find((each) => each.deviation === noise);
    return `${share(found?.share ?? 1)} on ${name}`;
  });
  return `in four of five runs: ${parts.join(", ")}; A beside itself will tell which this is`;
}

function expectedLine({ plan, deviation }: PlannedComparison, expected: number): string {
  const noise = deviation ?? 0.1;
  const needed = pairsNeeded(noise, expected);
  const where = deviation === null ? " on a usual machine" : "";
  const change = `${expected > 0 ? "+" : "−"}${share(Math.abs(expected))}`;
  return needed <= plan.pairs
    ? `${change}: ${needed} pairs show that${where}, so these are enough`
    : `${change}: that takes ${Number.isFinite(needed) ? needed : "endlessly many"} pairs${where}; with ${plan.pairs} the result may well be INCONCLUSIVE`;
}

/** Faster by failing is no win, so too few uploads to see that are too few for FASTER. */
function errorsLine({ plan, flow }: PlannedComparison): string {
  const { errorMarginShare } = flow.measure;
  const seen = `where none goes wrong, a rise of more than ${points(plan.errorsVisible)} can be ruled out`;
  return plan.errorsVisible <= errorMarginShare
    ? `${seen}; FASTER allows ${points(errorMarginShare)}`
    : `${seen}, and FASTER allows ${points(errorMarginShare)} only: these are too few uploads for that word; raise --pairs or --requests`;
}

const points = (value: number): string => `${(value * 100).toFixed(2)} points`;

function shortLines({ pairs }: ComparePlan): string[] {
  return pairs >= PAIRS_MIN
    ? []
    : row("Note", `fewer than ${PAIRS_MIN} pairs are INCONCLUSIVE whatever they show`);
}

const share = (value: number): string => `${round(value * 100)} %`;
const round = (value: number): number => (value >= 10 ? Math.round(value) : Math.round(value * 10) / 10);
