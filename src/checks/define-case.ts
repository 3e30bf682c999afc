/**
 * Short ways to write the cases of a check: refused, accepted, or neutralised; with what they apply to.
 */
import type { CheckCase, NeutralExpectation, Probe, Refusal, Target } from "./check.ts";
import type { CaseIdentity } from "./promise.ts";
import { hasIdentity } from "./target-as.ts";

/** What a case may say beside its name, probe and outcome. */
export interface CaseOptions {
  readonly appliesTo?: (target: Target) => true | string;
  readonly twin?: CheckCase["twin"];
  readonly copies?: number;
  readonly as?: CaseIdentity;
}

/** What a case that may be neutralised may say beside. */
type NeutralOptions = CaseOptions & Pick<NeutralExpectation, "unclear">;

type MakeProbe = (target: Target) => Probe;

/** The route must refuse the probe. */
export function refuses(
  name: string,
  probe: MakeProbe,
  refusal: Refusal,
  options: CaseOptions = {},
): CheckCase {
  return { ...base(name, probe, options), expect: { outcome: "refused", ...refusal } };
}

/** The route must accept the probe exactly as its content says: what looks odd and is right. */
export function accepts(
  name: string,
  probe: MakeProbe,
  options: CaseOptions & { withinMs?: number } = {},
): CheckCase {
  const { withinMs, ...rest } = options;
  const expect = { outcome: "accepted", ...(withinMs === undefined ? {} : { withinMs }) } as const;
  return { ...base(name, probe, rest), expect };
}

/** The route may refuse the probe, or accept it without the harm. */
export function neutralises(
  name: string,
  probe: MakeProbe,
  refusal: Refusal,
  harm: NeutralExpectation["harm"],
  options: NeutralOptions = {},
): CheckCase {
  const { unclear, ...rest } = options;
  const told = { harm, ...(unclear === undefined ? {} : { unclear }) };
  return { ...base(name, probe, rest), expect: { outcome: "refused-or-neutral", ...refusal, ...told } };
}

/**
 * Cases about how strictly a request is read. What is taken although it is odd may have one honest reading; only a refusal of what is right is wrong on
 * any route.
 */
export function strictly(cases: readonly CheckCase[]): readonly CheckCase[] {
  return cases.map((each) => (each.expect.outcome === "accepted" ? each : { ...each, topic: "strictness" }));
}

function base(name: string, probe: MakeProbe, options: CaseOptions): Omit<CheckCase, "expect"> {
  const { appliesTo = always, twin = "control", copies, as } = options;
  const more = { ...(copies === undefined ? {} : { copies }), ...(as === undefined ? {} : { as }) };
  if (as === undefined) return { name, probe, appliesTo, twin, ...more };
  return { name, probe, appliesTo: whereAll(hasIdentity(as), appliesTo), twin, ...more };
}

export function always(): true {
  return true;
}

export function multipartOnly(target: Target): true | string {
  return target.protocol === "multipart" || "the route takes a raw body";
}

export function rawOnly(target: Target): true | string {
  return target.protocol === "raw" || "the route takes multipart";
}

/** Applies where all of them do; else the first reason. */
export function whereAll(...conditions: readonly CheckCase["appliesTo"][]): CheckCase["appliesTo"] {
  return (target) => {
    for (const condition of conditions) {
      const answer = condition(target);
      if (answer !== true) return answer;
    }
    return true;
  };
}
