/**
 * Short ways to write a scenario, and what several of them do alike.
 */
import { parseJson } from "../setup/parse-json.ts";
import { type Answer, headerOf } from "./answer-reader.ts";
import type { Expectation, Probe, ProbeStep, Refusal, Target } from "./check.ts";
import { always } from "./define-case.ts";
import { isAccepted } from "./judge.ts";
import type { AnswerPlace } from "./promise.ts";
import type { Play, Scenario, Stage } from "./scenario.ts";
import type { Exchange } from "./send-probe.ts";

export const ACCEPTED: Expectation = { outcome: "accepted" };

/** What a scenario may say beside its name, its plays and the number of its requests. */
export type ScenarioOptions = Partial<Pick<Scenario, "appliesTo" | "hooks" | "faults" | "twin">>;

export function scenario(
  name: string,
  requestsMax: number,
  play: Play,
  options: ScenarioOptions = {},
): Scenario {
  const { appliesTo = always, hooks = [], faults = [], twin = "control" } = options;
  return { name, appliesTo, hooks, faults, requestsMax, play, twin };
}

/** An expectation of a refusal. */
export function refused(refusal: Refusal): Expectation {
  return { outcome: "refused", ...refusal };
}

/** The first answer, or `null`. */
export function answerOf(exchange: Pick<Exchange, "answers">): Answer | null {
  return exchange.answers[0] ?? null;
}

export function statusOf(exchange: Exchange): number {
  return exchange.answers[0]?.status ?? 0;
}

/** The body as text; empty where there is no answer. */
export function textOf(exchange: Pick<Exchange, "answers">): string {
  return Buffer.from(exchange.answers[0]?.body ?? []).toString();
}

/** The body as JSON, or `null`. */
export function jsonOf(exchange: Pick<Exchange, "answers">): unknown {
  return parseJson(textOf(exchange)) ?? null;
}

/** What a JSON pointer leads to, or `undefined`. @see RFC 6901 */
export function pointedAt(value: unknown, pointer: string): unknown {
  let at: unknown = value;
  for (const part of pointer.split("/").slice(1)) {
    if (typeof at !== "object" || at === null) return undefined;
    const name = part.replaceAll("~1", "/").replaceAll("~0", "~");
    at = Object.hasOwn(at, name) ? (at as Record<string, unknown>)[name] : undefined;
  }
  return at;
}

/** The id at a place of the answer, or `null`. Where an address stands there, such as in `Location`, the id is its last segment. */
export function readPlace(exchange: Pick<Exchange, "answers">, place: AnswerPlace): string | null {
  const answer = answerOf(exchange);
  if (answer === null) return null;
  if ("header" in place) return idIn(headerOf(answer, place.header.toLowerCase()));
  const found = pointedAt(jsonOf(exchange), place.pointer);
  return typeof found === "string" || typeof found === "number" ? idIn(String(found)) : null;
}

function idIn(text: string | null): string | null {
  if (text === null || !/^(?:https?:\/)?\//.test(text)) return text;
  const [path = ""] = text.split(/[?#]/);
  const last = path.split("/").findLast((segment) => segment !== "") ?? "";
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}

/** Ids of accepted uploads can be seen. */
export function tellsIds({ promises }: Target): true | string {
  return promises?.id !== undefined || "the route does not say where an upload's id stands";
}

/** Sends an upload that must be accepted. @returns its id; `null` after a complaint */
export async function acceptedId(
  stage: Stage,
  name: string,
  target: Target,
  probe: Probe,
): Promise<string | null> {
  const exchange = await stage.send(name, probe, { expect: ACCEPTED });
  const place = target.promises?.id;
  if (place === undefined || !isAccepted(target, exchange)) return null;
  const id = readPlace(exchange, place);
  if (id === null) stage.complain(`${name}: the answer tells no id where the route promises one`);
  return id;
}

/** A request without a body, for a path of the target's server. */
export function plainRequest(
  target: Target,
  method: string,
  path: string,
  ...lines: readonly string[]
): Probe {
  const head = [
    `${method} ${path} HTTP/1.1`,
    `Host: ${new URL(target.origin).host}`,
    ...target.headers,
    ...(target.credential ?? []),
    ...lines,
  ];
  return {
    content: { files: [], fields: [] },
    steps: () => [new Uint8Array(Buffer.from(`${head.join("\r\n")}\r\n\r\n`, "latin1"))],
    ...(method === "HEAD" ? { isHead: true } : {}),
  };
}

/** Several probes, each held before its last byte until all of them have come so far: they arrive as close together as can be. */
export function together(probes: readonly Probe[]): Probe[] {
  const waiting = Promise.withResolvers<void>();
  let ready = 0;
  const arrive = (): Promise<void> => {
    ready += 1;
    if (ready === probes.length) waiting.resolve();
    return Promise.race([waiting.promise, tooLong()]);
  };
  return probes.map((probe) => ({ ...probe, steps: () => heldBeforeLastByte(probe, arrive) }));
}

/** One that never comes so far must not hold the others for ever. */
const HELD_MS_MAX = 3000;

function tooLong(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, HELD_MS_MAX).unref());
}

function* heldBeforeLastByte(probe: Probe, arrive: () => Promise<void>): Iterable<ProbeStep> {
  const steps = [...probe.steps()];
  const last = steps.pop();
  yield* steps;
  if (!(last instanceof Uint8Array)) throw new Error("the last step of a probe that is held is bytes");
  yield last.subarray(0, -1);
  yield { until: arrive };
  yield last.subarray(-1);
}

/** A path of the promises with an id in it. */
export function pathOf(template: string, id: string): string {
  return template.replace("{id}", encodeURIComponent(id));
}
