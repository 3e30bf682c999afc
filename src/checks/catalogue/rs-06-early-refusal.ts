import type { Check, Probe, ProbeStep, Target } from "../check.ts";
import { scenario } from "../define-scenario.ts";
import { describe, isAccepted } from "../judge.ts";
import { latin1 } from "../payloads/bytes.ts";
import { canaryPath, canaryRequest } from "../payloads/canary.ts";
import { controlProbe, controlRequest } from "../payloads/upload.ts";
import { headBytes, pieces, withHeader, withLines } from "../payloads/upload-request.ts";
import type { CaseIdentity } from "../promise.ts";
import type { Scenario, Stage } from "../scenario.ts";
import type { Exchange } from "../send-probe.ts";
import { hasIdentity } from "../target-as.ts";

const BODY_BYTES = 128 * 1024;

/** A body that is nothing but requests, then a second request of its own. All of it is sent, whatever comes back meanwhile. */
function bodyOfRequests(target: Target, ...lines: readonly string[]): Probe {
  const canary = canaryRequest(target);
  const body = latin1(canary.repeat(Math.ceil(BODY_BYTES / canary.length)));
  const request = withLines(controlRequest(target), "Connection: keep-alive", ...lines);
  const head = headBytes(withHeader(request, "Content-Length", `Content-Length: ${body.length}`));
  return {
    content: request.content,
    steps: function* (): Iterable<ProbeStep> {
      yield head;
      for (const piece of pieces(body)) {
        yield { regardless: piece };
      }
      yield { regardless: latin1(canary.replace(canaryPath(target), `${canaryPath(target)}-second`)) };
    },
  };
}

function judge(stage: Stage, exchange: Exchange): void {
  const { answers, end } = exchange;
  const [first] = answers;
  if (first === undefined) {
    stage.complain(`the refusal was never seen: ${describe(exchange)}`);
    return;
  }
  if (first.status < 400 || first.status >= 500)
    stage.complain(`not refused: ${describe(exchange)}`, "strictness");
  if (answers.length > 2)
    stage.complain(`${answers.length} answers: bytes of the body were read as requests`);
  if (answers.length === 1 && end !== "closed" && end !== "reset")
    stage.complain("the connection was kept, and the second request never answered");
}

function refusedEarly(name: string, as: CaseIdentity, ...lines: readonly string[]): Scenario {
  return scenario(
    name,
    1,
    async (stage) => {
      const probe = bodyOfRequests(await stage.as(as), ...lines);
      const exchange = await stage.send(name, probe, { lingerMs: 2000, deadlineMs: 10_000 });
      judge(stage, exchange);
      const got = await stage.received();
      if (got === null || got.length === 0) return;
      // A route that refuses nothing of the kind has taken the body for what it is.
      const isTaken = isAccepted(await stage.as("main"), exchange);
      stage.complain(`it got through: ${got[0]?.method} ${got[0]?.path}`, isTaken ? "strictness" : undefined);
    },
    {
      appliesTo: as === "main" ? () => true : hasIdentity(as),
      twin: async (stage) => {
        const probe = controlProbe(await stage.as("main"));
        await stage.send("the control upload", probe, { expect: { outcome: "accepted" } });
      },
    },
  );
}

/** UPL-RS-06: a refusal while the body is still on its way. */
export const earlyRefusal: Check = {
  id: "UPL-RS-06",
  title: "After an early refusal no byte of the body is read as a request, and the answer is seen",
  why: "What is left of a body on a kept connection is read as the next request, which its sender wrote.",
  standards: ["v5.0.0-4.2.1", "CWE-444"],
  flags: ["s"],
  remedy: {
    fastapi:
      "This is decided by the server, not by FastAPI: run a current uvicorn with `--http h11`, which is stricter than httptools. After an early answer the connection must be closed: add `Connection: close` to 401 and 413.",
    django:
      "This is decided by the server, not by Django: gunicorn ≥ 23 refuses it; `runserver` is not for production. Add `Connection: close` to answers given before the body was read.",
    flask:
      "This is decided by the server, not by Flask: gunicorn ≥ 23 or waitress ≥ 3.0.1; Werkzeug's own server is not for production. Add `Connection: close` to answers given before the body was read.",
    gate: "Nothing to write: an early answer closes the connection, after the client could read it.",
  },
  cases: [],
  scenarios: [
    refusedEarly(
      "refused for its origin",
      "main",
      "Origin: https://evil.example",
      "Sec-Fetch-Site: cross-site",
    ),
    refusedEarly("refused for its coding", "main", "Content-Encoding: gzip"),
    refusedEarly("refused for its credential", "nobody"),
    refusedEarly("refused for its right", "readOnly"),
  ],
};
