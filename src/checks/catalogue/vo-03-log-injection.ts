import type { Check, Probe, Target } from "../check.ts";
import { multipartOnly } from "../define-case.ts";
import { scenario, statusOf } from "../define-scenario.ts";
import { eventOf, loggedSince, logLength } from "../log-case.ts";
import { namedProbe } from "../name-case.ts";
import { latin1 } from "../payloads/bytes.ts";
import { fieldPart, formProbe, formWithParts } from "../payloads/form.ts";
import { controlRequest } from "../payloads/upload.ts";
import { probeOf, withHeader, withLines } from "../payloads/upload-request.ts";
import type { Scenario } from "../scenario.ts";

const FORGED = '{"level":"error","forged":"flowcheck"}';
/** Control characters of seven and eight bits; lines were split at line feeds. */
const ESCAPES = /(?!\t)\p{Cc}/u;

/** Hostile text on its way to the log: refused or not, each line must stay one event. */
function injecting(
  name: string,
  probe: (target: Target) => Probe,
  appliesTo: (target: Target) => true | string = () => true,
): Scenario {
  return scenario(
    name,
    1,
    async (stage) => {
      const before = await logLength(stage);
      const sent = await stage.send(name, probe(await stage.as("main")));
      if (statusOf(sent) >= 500) stage.complain(`it is answered ${statusOf(sent)}`);
      const lines = await loggedSince(stage, before);
      if (lines.length === 0) stage.complain("nothing was logged");
      for (const line of lines) {
        const event = eventOf(line);
        if (event === null) stage.complain(`a line that is no event: ${JSON.stringify(line.slice(0, 100))}`);
        else if (Object.hasOwn(event, "forged")) stage.complain("an event that the client wrote");
        if (ESCAPES.test(line)) stage.complain("control characters stand in the log as they came");
      }
    },
    { appliesTo, hooks: ["log"] },
  );
}

/** The request with another query. */
function asking(target: Target, query: string): Probe {
  const request = controlRequest(target);
  return probeOf({ ...request, line: request.line.replace(" HTTP", `?${query} HTTP`) });
}

/** UPL-VO-03: a client that writes the log. */
export const logInjection: Check = {
  id: "UPL-VO-03",
  title: "No client can write a line of the log, or hide one",
  why: "A log in which the attacker's own lines stand proves nothing, and its reader's terminal runs what it shows.",
  standards: ["v5.0.0-16.4.1", "CWE-117"],
  flags: ["o"],
  remedy: {
    fastapi: 'Log JSON by a formatter (`python-json-logger`, structlog); never `f"… {name}"` in the message.',
    django: "`LOGGING` with a JSON formatter; `logger.info('refused', extra={…})`.",
    flask: "A JSON formatter; values as `extra`, not in the message.",
    gate: "Nothing to write: the gate's log is JSON. The service's own lines are its own.",
  },
  cases: [],
  scenarios: [
    injecting("a line break and an event in the query", (target) =>
      asking(target, `a=%0d%0a${encodeURIComponent(FORGED)}`),
    ),
    injecting("an event in the query", (target) => asking(target, `a=",%22forged%22:%22flowcheck`)),
    injecting("escape codes in a header", (target) =>
      probeOf(withLines(controlRequest(target), "User-Agent: \x9b31m\x9b2Jflowcheck")),
    ),
    injecting("an event in a header", (target) =>
      probeOf(withLines(controlRequest(target), `User-Agent: "},${FORGED}`, `Referer: ${FORGED}`)),
    ),
    injecting("a line break and an event in a name", (target) =>
      namedProbe(target, (extension) => `a\n${FORGED}\n${extension}`),
    ),
    injecting("escape codes in a name", (target) =>
      namedProbe(target, (extension) => `\x1b[31m\x1b[2Ja${extension}`),
    ),
    injecting("escape codes of eight bits in a name", (target) =>
      namedProbe(target, (extension) => latin1(`\x9b31m${extension}`)),
    ),
    injecting(
      "a line break and an event in the name of a field",
      (target) =>
        formProbe(
          target,
          formWithParts(target, fieldPart(`a${FORGED.replaceAll('"', "%22")}`, `\r\n${FORGED}`)),
        ),
      multipartOnly,
    ),
    injecting("a line break and an event in the type", (target) =>
      probeOf(
        withHeader(
          controlRequest(target),
          "Content-Type",
          `Content-Type: text/plain; a="${FORGED.replaceAll('"', "'")}\x9b2J"`,
        ),
      ),
    ),
  ],
};
