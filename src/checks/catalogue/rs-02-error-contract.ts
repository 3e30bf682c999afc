import { headerOf } from "../answer-reader.ts";
import type { Check } from "../check.ts";
import { answerOf, jsonOf, pointedAt, refused, scenario, statusOf } from "../define-scenario.ts";
import type { Scenario, Stage } from "../scenario.ts";
import type { Exchange } from "../send-probe.ts";
import { TRIGGERS, type Trigger } from "../triggers.ts";

/** @see RFC 9457 section 3 */
function judgeProblem(stage: Stage, exchange: Exchange): void {
  const answer = answerOf(exchange);
  if (answer === null) return;
  const type = headerOf(answer, "content-type");
  if (type?.startsWith("application/problem+json") !== true) {
    stage.complain(`the refusal (${answer.status}) is no problem document: ${type}`);
    return;
  }
  const problem = jsonOf(exchange);
  for (const member of ["type", "title", "detail"]) {
    if (typeof pointedAt(problem, `/${member}`) !== "string") stage.complain(`the problem has no ${member}`);
  }
  if (pointedAt(problem, "/status") !== answer.status) stage.complain("the problem tells another status");
}

/** A code that programs can go by: of its own, or in the type. */
const codeOf = (exchange: Exchange): unknown =>
  pointedAt(jsonOf(exchange), "/code") ?? pointedAt(jsonOf(exchange), "/type");

/** The same cause twice: a promised status, a problem document, one code. What no application gets to see has its status alone. */
function cause({ name, refusal, as, appliesTo, probe, isUnreadable, isElsewhere }: Trigger): Scenario {
  const hasForm = !isUnreadable && !isElsewhere;
  return scenario(
    name,
    2,
    async (stage) => {
      const first = await stage.send(name, probe(await stage.as(as)), { expect: refused(refusal) });
      if (hasForm) judgeProblem(stage, first);
      const again = await stage.send(`${name}, again`, probe(await stage.as(as)), {
        expect: refused(refusal),
      });
      if (hasForm && (codeOf(first) === undefined || codeOf(first) !== codeOf(again)))
        stage.complain(`one cause has the codes ${codeOf(first)} and ${codeOf(again)}`);
      const got = await stage.received();
      if (got !== null && got.length > 0) stage.complain("the service got what was refused");
    },
    { appliesTo },
  );
}

/** UPL-RS-02: what a refused upload is answered with. */
export const errorContract: Check = {
  id: "UPL-RS-02",
  title: "Each reason to refuse has its own status and code, in one format",
  why: "A client that cannot tell a wrong file from a broken server retries what can never work, or gives up what would.",
  standards: ["v5.0.0-16.5.1", "CWE-755", "WSTG-ERRH-01"],
  flags: ["s"],
  topic: "refusals",
  remedy: {
    fastapi:
      "Exception handlers for `RequestValidationError` and `HTTPException` that answer `application/problem+json` with a stable code; no cause may share a bare 400, and none may be 500.",
    django:
      "An exception middleware that turns `SuspiciousOperation`, `RequestDataTooBig`, `MultiPartParserError`, `PermissionDenied` and `ValidationError` into problem+json; `handler400` and kin are HTML.",
    flask:
      "`@app.errorhandler(HTTPException)` that answers problem+json, and one for each of your own errors.",
    gate: "Nothing to write: each refusal of the gate is a problem with a code of docs/errors.md.",
  },
  cases: [],
  scenarios: [
    ...TRIGGERS.map(cause),
    scenario("reasons of different kinds have different codes", 10, async (stage) => {
      const codes = new Map<unknown, string>();
      for (const name of [
        "a path that is not there",
        "another method",
        "a body that is declared too large",
        "a compressed body",
      ]) {
        const found = TRIGGERS.find((each) => each.name === name);
        if (found === undefined) continue;
        const exchange = await stage.send(name, found.probe(await stage.as("main")));
        const code = `${statusOf(exchange)} ${codeOf(exchange)}`;
        const other = codes.get(code);
        if (other !== undefined) stage.complain(`"${name}" and "${other}" are both ${code}`);
        codes.set(code, name);
      }
    }),
  ],
};
