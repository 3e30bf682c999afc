/**
 * A measurement in lines for the terminal: the four numbers, what makes them worthless, what else is worth knowing.
 */
import type { MeasuredTimes, Measurement } from "../measure/measurement.ts";

/** One line each. */
export function sayMeasurement(measurement: Measurement): readonly string[] {
  const { flow, label, target, invalid, notes } = measurement;
  const name = label === null ? flow : `${flow}, ${label}`;
  return [
    `${name}: measured at ${target}`,
    ...(invalid.length === 0 ? [] : ["These figures do not hold:", ...invalid.map((each) => `  ${each}`)]),
    "",
    `  Response time   ${timesInWords(measurement.app)}${measurement.appSource === "server" ? ", as the service tells" : ", as its client sees it"}`,
    `  ${" ".repeat(14)}  ${timesInWords(measurement.total)}, from the intended start to the end`,
    `  Errors          ${errorsInWords(measurement)}`,
    `  Cache           ${cacheInWords(measurement)}`,
    `  Database calls  ${callsInWords(measurement)}`,
    "",
    ...notes.map((each) => `Note: ${each}`),
  ];
}

function timesInWords({ p50, p95, p99, max, count }: MeasuredTimes): string {
  const told = [
    ...(p50 === null ? [] : [`half within ${ms(p50)}`]),
    ...(p95 === null ? [] : [`95 of 100 within ${ms(p95)}`]),
    ...(p99 === null ? [] : [`99 of 100 within ${ms(p99)}`]),
    ...(max === null ? [] : [`the slowest ${ms(max)}`]),
  ];
  return told.length === 0 ? "nothing to tell" : `${told.join(", ")} (${count} uploads)`;
}

function errorsInWords({ outcomes }: Measurement): string {
  const { accepted, refused, wrong, failed } = outcomes;
  const all = accepted + refused + wrong + failed;
  const others = refused === 0 ? "" : `; ${refused} refused as promised`;
  return wrong + failed === 0
    ? `none in ${all} uploads${others}`
    : `${wrong + failed} of ${all} uploads: ${failed} failed, ${wrong} answered wrongly with a 2xx${others}`;
}

function cacheInWords({ cache }: Measurement): string {
  const { hit, miss, bypass, unknown } = cache;
  if (hit + miss + bypass === 0) return "nobody tells of one";
  const told = unknown === 0 ? "" : `, ${unknown} without a word`;
  return `${hit} from the cache, ${miss} not in it, ${bypass} past it${told}`;
}

function callsInWords({ databaseCalls }: Measurement): string {
  if (databaseCalls === null) return "nobody tells of them";
  const { mode, modeShare, mean, max } = databaseCalls;
  return modeShare >= 0.95 && max === mode
    ? `${mode} in each upload`
    : `mostly ${mode} (${Math.round(modeShare * 100)} % of the uploads), ${mean.toFixed(1)} on average, ${max} at most`;
}

const ms = (value: number): string => `${value < 100 ? value.toFixed(1) : Math.round(value)} ms`;
