/**
 * *Slow?* The service's time of accepted uploads, beside what flows promise or what is usual for them.
 */
import type { Answer } from "../console-api.ts";
import type { FlowFacts } from "../pages/flow-facts.ts";
import { count, sayDuration, sayMoment, sayNames } from "../say-figures.ts";
import type { Speed } from "./judge-slowness.ts";

export function answerSlow(flows: readonly FlowFacts[], nowMs: number): Answer {
  const slow = flows
    .filter(({ speed }) => speed.kind === "slow")
    .toSorted((a, b) => excess(b.speed) - excess(a.speed));
  const [worst] = slow;
  if (worst !== undefined) return slowAnswer(worst, slow, nowMs);
  const measured = flows.filter(({ speed }) => speed.kind !== "none");
  return measured.length === 0 ? nothingMeasured(flows, nowMs) : notSlow(measured, nowMs);
}

const excess = ({ measured, against }: Speed): number =>
  measured === null || against === null ? 0 : measured.ms / Math.max(against.limitMs, 0.001);

function slowAnswer(worst: FlowFacts, slow: readonly FlowFacts[], nowMs: number): Answer {
  const others = slow.slice(1).map(({ flow }) => flow.name);
  const more = others.length === 0 ? "" : ` Slow as well: ${sayNames(others)}.`;
  return {
    question: "slow",
    condition: worst.speed.against?.kind === "usual" ? "attention" : "bad",
    word: "Yes",
    sentence: `${worst.flow.name}: ${saySpeed(worst.speed, nowMs)}.${more}`,
    seenAtMs: worst.lastSeenAtMs ?? nowMs,
    link: `/flows/${worst.flow.name}`,
  };
}

/** A slow flow in a phrase: `the service's p95 is 820 ms, promised are 600 ms, since 10:42 UTC`. */
export function saySpeed({ measured, against, sinceMs, isSinceBefore }: Speed, nowMs: number): string {
  if (measured === null || against === null) return "not measured";
  const what =
    measured.of === "p95"
      ? `95 of 100 uploads took the service up to ${sayDuration(measured.ms)}`
      : measured.count === 1
        ? `the one upload of the last hour took the service ${sayDuration(measured.ms)}`
        : `half of the last ${measured.count} uploads took the service longer than ${sayDuration(measured.ms)}`;
  const beside =
    against.kind === "promise"
      ? `promised are ${sayDuration(against.limitMs)}`
      : `usual are at most ${sayDuration(against.limitMs)}`;
  const since =
    sinceMs === null
      ? ""
      : isSinceBefore
        ? ", for an hour or longer"
        : `, since ${sayMoment(sinceMs, nowMs)}`;
  return `${what}, ${beside}${since}`;
}

function nothingMeasured(flows: readonly FlowFacts[], nowMs: number): Answer {
  const seen = flows.flatMap(({ lastSeenAtMs }) => (lastSeenAtMs === null ? [] : [lastSeenAtMs]));
  if (seen.length === 0)
    return {
      question: "slow",
      condition: "unknown",
      word: "Not known",
      sentence: "Nothing has been measured yet: the first uploads through the gate will tell.",
      seenAtMs: null,
      link: null,
    };
  const last = Math.max(...seen);
  const isRecent = flows.some(({ hour }) => hour !== null);
  return {
    question: "slow",
    condition: "stale",
    word: "No data",
    sentence: isRecent
      ? "Requests came in the last hour, but no upload was accepted that could be measured."
      : `No upload has come since ${sayMoment(last, nowMs)}, so nobody can tell.`,
    seenAtMs: last,
    link: null,
  };
}

function notSlow(measured: readonly FlowFacts[], nowMs: number): Answer {
  const seenAtMs = Math.max(...measured.map(({ lastSeenAtMs }) => lastSeenAtMs ?? 0)) || nowMs;
  const judged = measured.filter(({ speed }) => speed.kind === "fine");
  if (judged.length === 0) return cannotTell(measured, seenAtMs);
  const left = measured.length - judged.length;
  const open =
    left === 0
      ? ""
      : ` ${count(left, "other flow has", "other flows have")} too few uploads or nothing to compare with.`;
  return {
    question: "slow",
    condition: "good",
    word: "No",
    sentence: `${judged.length === 1 ? fineOne(judged[0]) : fineMany(judged)}${open}`,
    seenAtMs,
    link: null,
  };
}

function fineOne(facts: FlowFacts | undefined): string {
  const { measured = null, against = null } = facts?.speed ?? {};
  if (facts === undefined || measured === null || against === null) return "Nothing is slow.";
  const beside = against.kind === "promise" ? "promised are" : "usual are at most";
  return `95 of 100 uploads of ${facts.flow.name} took the service up to ${sayDuration(measured.ms)}, ${beside} ${sayDuration(against.limitMs)}.`;
}

function fineMany(judged: readonly FlowFacts[]): string {
  const promised = judged.filter(({ speed }) => speed.against?.kind === "promise").length;
  if (promised === judged.length)
    return `All ${promised} flows with traffic are within the time that they promise.`;
  if (promised === 0) return `All ${judged.length} flows with traffic are as fast as usual.`;
  return `${count(promised, "flow is", "flows are")} within the time promised, ${judged.length - promised} as fast as usual.`;
}

function cannotTell(measured: readonly FlowFacts[], seenAtMs: number): Answer {
  const few = measured.filter(({ speed }) => speed.kind === "few");
  const uploads = measured.reduce((sum, { speed }) => sum + (speed.measured?.count ?? 0), 0);
  const sentence =
    few.length === measured.length
      ? `Too few uploads to tell: ${count(uploads, "upload")} in the last hour, and it takes 20 of a flow.`
      : "Nobody has said what is fast enough, and there are no earlier hours to compare with: write `expect: { p95: 800 ms }` into the flow file.";
  return { question: "slow", condition: "unknown", word: "Not known", sentence, seenAtMs, link: null };
}
