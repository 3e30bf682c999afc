/**
 * *Up?* The gate by its readiness, the services and flows by the latest test uploads and by traffic.
 *
 * In: what was seen. Out: one answer. The worst thing is told first, and alone: the flow's page has the rest.
 */
import type { Answer } from "../console-api.ts";
import type { GateReadiness } from "../console-sources.ts";
import type { FlowFacts } from "../pages/flow-facts.ts";
import { count, sayAgo, sayMoment, sayNames, sayShare } from "../say-figures.ts";

/** A test upload that is older than so many of its intervals says nothing of now. */
const PROBES_MISSED = 3;

export interface UpInput {
  readonly readiness: GateReadiness;
  readonly flows: readonly FlowFacts[];
  readonly nowMs: number;
}

export function answerUp(input: UpInput): Answer {
  return (
    gateDown(input) ??
    serviceDown(input) ??
    probesFailed(input) ??
    failing(input) ??
    probesLate(input) ??
    allUp(input)
  );
}

function answer(own: Omit<Answer, "question">): Answer {
  return { question: "up", ...own };
}

const isUpstream = ({ name }: { readonly name: string }): boolean => name.startsWith("upstream ");
const reasonOf = ({ name, reason }: { readonly name: string; readonly reason: string | null }): string =>
  reason === null ? name : `${name}: ${withoutStop(reason)}`;
const withoutStop = (text: string): string => text.replace(/[.\s]+$/, "");

function gateDown({ readiness, nowMs }: UpInput): Answer | null {
  if (readiness.ok) return null;
  const wrong = readiness.parts.filter((part) => !part.ok && !isUpstream(part)).map(reasonOf);
  const sentence = `The gate takes no uploads now (${wrong.join("; ") || "it does not say why"}).`;
  return answer({ condition: "bad", word: "No", sentence, seenAtMs: nowMs, link: null });
}

/** The gate may be up and the service not: then uploads fail all the same. */
function serviceDown({ readiness, flows, nowMs }: UpInput): Answer | null {
  const down = readiness.parts.filter((part) => !part.ok && isUpstream(part));
  const [first] = down;
  if (first === undefined) return null;
  const names = down.map(({ name }) => name.slice("upstream ".length));
  const affected = flows.filter(({ flow }) => names.includes(flow.upstream)).map(({ flow }) => flow.name);
  const who =
    down.length === 1
      ? `the service "${names[0]}" does not`
      : `${count(down.length, "service")} do not (${sayNames(names)})`;
  const effect = affected.length === 0 ? "" : ` Uploads of ${sayNames(affected)} do not get through.`;
  const sentence = `The gate answers, ${who}: ${withoutStop(first.reason ?? "no connection")}.${effect}`;
  const isAll = down.length === readiness.parts.filter(isUpstream).length;
  return answer({
    condition: "bad",
    word: isAll ? "No" : "Partly",
    sentence,
    seenAtMs: nowMs,
    link: affected.length === 1 ? `/flows/${affected[0]}` : null,
  });
}

type Probed = FlowFacts & { readonly probe: NonNullable<FlowFacts["probe"]> };

const probed = (flows: readonly FlowFacts[]): readonly Probed[] =>
  flows.filter((facts): facts is Probed => facts.probe !== null);

function probesFailed({ flows, nowMs }: UpInput): Answer | null {
  const all = probed(flows).filter(({ probe }) => probe.last !== null);
  const failed = all.filter(({ probe }) => probe.last?.ok === false);
  const [first] = failed;
  if (first === undefined) return null;
  const atMs = first.probe.last?.atMs ?? nowMs;
  const why = `${first.flow.name} ${sayAgo(atMs, nowMs)}: ${first.probe.last?.trouble ?? ""}`;
  const sentence =
    all.length === 1
      ? `The last test upload did not pass (${why}).`
      : `${failed.length} of ${all.length} flows did not take their last test upload (${why}).`;
  const isAll = failed.length === all.length;
  return answer({
    condition: "bad",
    word: isAll ? "No" : "Partly",
    sentence,
    seenAtMs: atMs,
    link: `/flows/${first.flow.name}`,
  });
}

/** Test uploads are few: what real ones show counts as much. */
function failing({ flows, nowMs }: UpInput): Answer | null {
  const wrong = flows
    .filter(({ failures }) => failures.kind === "many" || failures.kind === "all")
    .toSorted((a, b) => (b.failures.share ?? 0) - (a.failures.share ?? 0));
  const [worst] = wrong;
  if (worst === undefined) return null;
  const { failed, due, share, limitShare, kind } = worst.failures;
  const promise = limitShare === null ? "" : `; at most ${sayShare(limitShare)} is promised`;
  const more =
    wrong.length === 1
      ? ""
      : ` ${sayNames(wrong.slice(1).map(({ flow }) => flow.name))} ${wrong.length === 2 ? "fails" : "fail"}, too.`;
  const what =
    kind === "all"
      ? `all ${failed} uploads that should have passed in the last hour failed`
      : `${failed} of ${due} uploads failed in the last hour (${sayShare(share ?? 0)}${promise})`;
  return answer({
    condition: "bad",
    word: kind === "all" && wrong.length === flows.length ? "No" : "Partly",
    sentence: `The gate and its services answer, but ${worst.flow.name}: ${what}.${more}`,
    seenAtMs: worst.lastSeenAtMs ?? nowMs,
    link: `/flows/${worst.flow.name}`,
  });
}

function probesLate({ flows, nowMs }: UpInput): Answer | null {
  const late = probed(flows).filter(
    ({ probe: { last, everyMs, stopped } }) =>
      stopped !== null || (last !== null && nowMs - last.atMs > PROBES_MISSED * everyMs),
  );
  const [first] = late;
  if (first === undefined) return null;
  const { last, stopped } = first.probe;
  const since = last === null ? "" : ` since ${sayMoment(last.atMs, nowMs)}`;
  return answer({
    condition: "stale",
    word: "No data",
    sentence:
      stopped ??
      `${first.flow.name} has had no test upload${since}, though one is due every ${sayInterval(first.probe.everyMs)}.`,
    seenAtMs: last?.atMs ?? null,
    link: `/flows/${first.flow.name}`,
  });
}

const sayInterval = (ms: number): string =>
  ms % 60_000 === 0
    ? ms === 60_000
      ? "minute"
      : count(ms / 60_000, "minute")
    : `${Math.round(ms / 1000)} s`;

function allUp({ flows, nowMs }: UpInput): Answer {
  if (flows.length === 0)
    return answer({
      condition: "unknown",
      word: "Nothing to do",
      sentence:
        "The gate runs and has no flow yet: draft one with `sluicegate init --openapi URL`, or with `sluicegate check --url URL --field NAME --sample FILE --write-flow flows`.",
      seenAtMs: nowMs,
      link: null,
    });
  return probesPassed(flows, nowMs) ?? trafficPasses(flows, nowMs);
}

function probesPassed(flows: readonly FlowFacts[], nowMs: number): Answer | null {
  const passed = probed(flows).flatMap(({ probe: { last } }) => (last === null ? [] : [last]));
  if (passed.length === 0) return null;
  const oldest = Math.min(...passed.map(({ atMs }) => atMs));
  const who =
    flows.length === 1
      ? "The flow took a test upload"
      : passed.length === flows.length
        ? `All ${flows.length} flows took a test upload`
        : `${passed.length} of ${flows.length} flows took a test upload (the others have no probe)`;
  const sentence = `${who}, ${passed.length === 1 ? "" : "the longest "}${sayAgo(oldest, nowMs)}.`;
  return answer({ condition: "good", word: "Yes", sentence, seenAtMs: oldest, link: null });
}

function trafficPasses(flows: readonly FlowFacts[], nowMs: number): Answer {
  const accepted = flows.reduce((sum, { hour }) => sum + (hour?.outcomes.accepted ?? 0), 0);
  const seen = flows.flatMap(({ lastSeenAtMs }) => (lastSeenAtMs === null ? [] : [lastSeenAtMs]));
  const last = seen.length === 0 ? null : Math.max(...seen);
  const ready = "The gate is ready and can reach its service.";
  const traffic =
    last === null
      ? " No upload has come yet."
      : accepted === 0
        ? ` No upload was accepted in the last hour; the last request came ${sayAgo(last, nowMs)}.`
        : ` ${count(accepted, "upload was", "uploads were")} accepted in the last hour, the last request came ${sayAgo(last, nowMs)}.`;
  return answer({ condition: "good", word: "Yes", sentence: ready + traffic, seenAtMs: nowMs, link: null });
}
