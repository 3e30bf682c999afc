import type { Check, Probe, Target } from "../check.ts";
import { scenario, statusOf } from "../define-scenario.ts";
import { canBeFound, eventOf, loggedSince, logLength } from "../log-case.ts";
import { controlRequest } from "../payloads/upload.ts";
import { probeOf, withLines } from "../payloads/upload-request.ts";
import type { Play } from "../scenario.ts";
import { TRIGGERS } from "../triggers.ts";

/** The trigger's request under an id of ours. */
function named(probe: Probe, line: string): Probe {
  return {
    ...probe,
    steps: function* () {
      let isHead = true;
      for (const step of probe.steps()) {
        yield isHead && step instanceof Uint8Array ? withLine(step, line) : step;
        isHead = false;
      }
    },
  };
}

/** The bytes with a header line more, behind the request line. */
function withLine(bytes: Uint8Array, line: string): Uint8Array {
  const at = Buffer.from(bytes).indexOf("\r\n") + 2;
  return Buffer.concat([bytes.subarray(0, at), Buffer.from(`${line}\r\n`, "latin1"), bytes.subarray(at)]);
}

/** What is wrong with the events that name one request: they tell what was asked, and why it was refused. */
function eventFaults(lines: readonly string[], target: Target, status: number): string[] {
  if (lines.length === 0) return ["no event of the refusal was logged"];
  const text = lines.join("\n");
  const faults: readonly (readonly [isThere: boolean, fault: string])[] = [
    [!lines.map(eventOf).includes(null), "an event of the refusal is not structured"],
    [text.includes(String(status)), "the events do not tell the status"],
    [/"(?:code|rule|reason|error)"\s*:\s*"[A-Za-z_-]{3,}"/.test(text), "the events do not tell the rule"],
    [text.includes(target.path.replace("{name}", "")), "the events do not tell the route"],
  ];
  return faults.filter(([isThere]) => !isThere).map(([, fault]) => fault);
}

/** Each refusal under an id of its own; then the log, once. */
const everyRefusal: Play = async (stage) => {
  const before = await logLength(stage);
  const sent: {
    readonly target: Target;
    readonly name: string;
    readonly id: string;
    readonly status: number;
  }[] = [];
  for (const { name, as, appliesTo, probe } of READABLE) {
    if (appliesTo(await stage.as("main")) !== true) continue;
    const target = await stage.as(as);
    const id = `flowcheck-${stage.token()}`;
    const request = named(probe(target), `${target.promises?.requestIdHeader}: ${id}`);
    sent.push({ target, name, id, status: statusOf(await stage.send(name, request)) });
  }
  const lines = await loggedSince(stage, before);
  for (const { target, name, id, status } of sent) {
    const events = lines.filter((line) => line.includes(id));
    for (const fault of eventFaults(events, target, status)) stage.complain(`${name}: ${fault}`);
  }
};

const passing: Play = async (stage) => {
  const before = await logLength(stage);
  const main = await stage.as("main");
  const id = `flowcheck-${stage.token()}`;
  const line = `${main.promises?.requestIdHeader}: ${id}`;
  await stage.send("an upload that passes", probeOf(withLines(controlRequest(main), line)));
  const lines = await loggedSince(stage, before);
  if (!lines.some((each) => each.includes(id))) stage.complain("it was not logged at all");
};

/** Refusals of requests that cannot be read have no route and no id that could be believed. */
const READABLE = TRIGGERS.filter(
  ({ name }) =>
    !/Host|colon|100 KiB|not there|out of the root/.test(name) || name === "a field that is not there",
);

/** UPL-VO-02: what is left of a refusal. */
export const refusalEvidence: Check = {
  id: "UPL-VO-02",
  title: "Each refusal leaves one event that tells the rule, the route and the request",
  why: "Without it, an attack and a user's mistake look alike: like nothing.",
  standards: ["v5.0.0-16.3.3", "CWE-778"],
  flags: ["o"],
  remedy: {
    fastapi:
      "One structured log line for each refusal: rule, principal, route, size, digest; in the exception handlers, so that none is forgotten.",
    django: "One structured log line for each refusal, in the exception middleware.",
    flask: "One structured log line for each refusal, in the error handlers.",
    gate: "Nothing to write: `sluicegate audit list`, `sluicegate show ID`.",
  },
  cases: [],
  scenarios: [
    scenario("every refusal", TRIGGERS.length, everyRefusal, {
      appliesTo: canBeFound,
      hooks: ["log"],
      twin: passing,
    }),
  ],
};
