/**
 * Makes the route of a flow ready to be checked: what it promises, who is in front, how to look behind it, who there is to send as.
 *
 * Always holds: whether the control upload passes is not judged here; a subject is made also where nobody answers, so that the run can say why.
 */
import type { Flow } from "../../flows/flow.ts";
import type { SetupProblem } from "../../problems/setup-problem.ts";
import type { Settings } from "../../settings/settings.ts";
import type { YamlSource } from "../../setup/yaml-source.ts";
import type { Target } from "../check.ts";
import { readExpectation } from "../expectation/read-expectation.ts";
import { isAccepted } from "../judge.ts";
import type { TlsTrust } from "../open-connection.ts";
import type { CheckedTarget, ManualNote } from "../run/check-run.ts";
import type { CheckSubject } from "../run/run-request.ts";
import { openSight } from "../sight/open-sight.ts";
import { readWaivers } from "../waivers/read-waivers.ts";
import { type Attempt, ask, type FirstRequests, NOT_TRIED } from "./ask.ts";
import { GATE_PAGE, isFromGate, isGatePage } from "./find-front.ts";
import { flowLines } from "./flow-lines.ts";
import { promisesOf, promisesOfGate, USUAL_STATUSES } from "./flow-promises.ts";
import { flowTarget } from "./flow-target.ts";
import { joinSubject, led, NOTHING_FOUND, seenBy, seenControl, trusting, whoServes } from "./join-subject.ts";

export interface FlowSubjectInput {
  readonly flow: Flow;
  /** Of the same reading as the flow. */
  readonly source: YamlSource;
  /** `http://host:port` that is checked. */
  readonly origin: string;
  readonly runId: string;
  /** Of the gate that runs on this machine, where one is known. */
  readonly settings: Settings | null;
  /** What `https://` is trusted by, beside the system's authorities. */
  readonly tls?: TlsTrust;
  /** Default: `upload`. */
  readonly first?: FirstRequests;
}

/**
 * Sends up to three requests: what is in front, one control upload, and what answers where nothing is.
 * @throws SAMPLE_MISSING where there is no file to send
 */
export async function subjectOfFlow(input: FlowSubjectInput): Promise<CheckSubject> {
  const { flow, origin, runId, settings, tls, first = "upload" } = input;
  const written = await writtenIn(flow);
  const made = await flowTarget(input);
  const page = first === "none" ? null : await ask(made.target, GATE_PAGE, tls);
  const gate = isGatePage(page) ? gatePromised(made.target, flow, settings) : null;
  const target = gate ?? made.target;
  const sight = await openSight({ flow, target, origin, runId, settings, ...trusting(tls) });
  try {
    const attempt = first === "upload" ? await seenControl(seenBy(target, sight), sight, tls) : NOT_TRIED;
    const answer = attempt.exchange?.answers[0] ?? null;
    const isFront = gate !== null && !isPassedThrough(gate, attempt);
    const known = led(seenBy(isFront ? gate : withoutGate(made.target), sight), attempt);
    const found = first === "none" ? NOTHING_FOUND : await whoServes(known, [answer, page], tls);
    const sayings = [...made.assumptions, ...gateSayings(flow, gate !== null, isFront), ...written.sayings];
    const about: CheckedTarget = {
      ...aboutFlow(input),
      framework: flow.verify?.framework ?? found.framework,
      front: isFront ? "sluicegate" : "unknown",
      serves: found.serves,
      assumptions: [...statusSayings(flow), ...sayings],
      readBack: sight.readBack,
    };
    const { waivers, expected } = written;
    return { ...joinSubject(known, about, sight), manual: manualOf(flow), waivers, expected };
  } catch (error) {
    await sight.close();
    throw error;
  }
}

type OfFlow = "flow" | "flowFile" | "policyVersion" | "owner" | "origin" | "method" | "path";

function aboutFlow({ flow, source, origin }: FlowSubjectInput): Pick<CheckedTarget, OfFlow> {
  return {
    flow: flow.name,
    flowFile: { path: source.file, lines: flowLines(source) },
    policyVersion: flow.policyVersion,
    owner: flow.owner,
    origin,
    method: flow.route.method,
    path: flow.route.path,
  };
}

/** What stands beside the flow file: waivers, and the answer that is expected. */
async function writtenIn(
  flow: Flow,
): Promise<Pick<CheckSubject, "waivers" | "expected"> & { readonly sayings: readonly string[] }> {
  const today = new Date().toISOString().slice(0, 10);
  const { waivers, problems } = await readWaivers(flow.folder, today);
  return { waivers, expected: await readExpectation(flow), sayings: waiverSayings(problems) };
}

function statusSayings({ notes }: Flow): string[] {
  return notes.expect?.status === undefined
    ? [
        `Any of ${USUAL_STATUSES.join(", ")} is taken for accepted: expect.status in the flow file says otherwise.`,
      ]
    : [];
}

function gatePromised(target: Target, flow: Flow, settings: Settings | null): Target {
  const promises = { ...promisesOf(flow), ...promisesOfGate(flow, settings) };
  return { ...target, promises, idleMs: settings?.limits.idleMs ?? null };
}

/** A flow says nothing of the form of refusals, nor how strictly requests are read: those are the gate's own promises. */
function withoutGate(target: Target): Target {
  return { ...target, unpromised: new Set([...(target.unpromised ?? []), "refusals", "strictness"]) };
}

/** An upload that was accepted without the gate's word on it: the gate is there, and has let the route pass. */
function isPassedThrough(target: Target, { exchange }: Attempt): boolean {
  const [answer] = exchange?.answers ?? [];
  return exchange !== null && answer !== undefined && isAccepted(target, exchange) && !isFromGate(answer);
}

function gateSayings({ mode }: Flow, hasGate: boolean, isFront: boolean): string[] {
  if (hasGate && !isFront)
    return [
      "A Sluicegate gate answers here and lets this route pass untouched: nothing of the gate is promised.",
    ];
  if (isFront && mode === "observe")
    return [
      "The flow's mode is observe: the gate refuses nothing, so what follows is what the service itself keeps.",
    ];
  return [];
}

function waiverSayings(problems: readonly SetupProblem[]): string[] {
  return problems.map(
    ({ line, message }) => `A waiver does not count (waivers.yaml, line ${line}): ${message}`,
  );
}

/** The last word of a person on each check. */
function manualOf({ verify }: Flow): ReadonlyMap<string, ManualNote> {
  const notes = (verify?.manual ?? []).toSorted((a, b) => a.when.localeCompare(b.when));
  return new Map(notes.map(({ check, ...note }) => [check, note]));
}
