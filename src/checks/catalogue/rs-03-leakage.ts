import type { Check } from "../check.ts";
import { answerOf, plainRequest, scenario, statusOf, textOf } from "../define-scenario.ts";
import type { Stage } from "../scenario.ts";
import type { Exchange } from "../send-probe.ts";
import { TRIGGERS } from "../triggers.ts";

const VERSION = "a version";

/** What no answer to a stranger says, with what it is. */
const LEAKS: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/(?:^|[\s"'(=:])\/(?:usr|home|var|tmp|etc|opt|root|srv|app|work|proc|mnt|data)\//, "a path of the server"],
  [/[A-Z]:\\\\?(?:Users|Windows|inetpub)/i, "a path of the server"],
  [/Traceback \(most recent call last\)|^\s+at .+:\d+:\d+/m, "a stack trace"],
  [/\b\w+\.(?:py|ts|js|mjs|rb|php|go|java):\d+/, "a place in the source"],
  [/node:internal|site-packages|node_modules/, "a place in the source"],
  [/SQLSTATE|sqlite3?\.|psycopg|\bSELECT\b.+\bFROM\b/i, "a database's own words"],
  [
    /\b(?:node(?:\.js)?|python|uvicorn|gunicorn|hypercorn|nginx|fastapi|starlette|django|werkzeug|undici|express|apache)\/?\s?v?\d+\.\d+/i,
    VERSION,
  ],
];
const VERSIONED = /^(?:server|via|x-powered-by|x-aspnet-version|x-runtime)$/;

/** @param asked what the request itself named: a refusal may say it again */
function judgeLeaks(stage: Stage, name: string, exchange: Exchange, asked = ""): void {
  const answer = answerOf(exchange);
  if (answer === null) return;
  const headers = answer.headers.map(([header, value]) => `${header}: ${value}`).join("\n");
  for (const [pattern, what] of LEAKS) {
    const found = pattern.exec(`${headers}\n${textOf(exchange)}`.replaceAll(asked || "\0", ""));
    if (found !== null)
      stage.complain(
        `${name}: the answer (${answer.status}) tells ${what}: ${found[0].trim()}`,
        what === VERSION ? "strictness" : undefined,
      );
  }
  const versioned = answer.headers.find(([header, value]) => VERSIONED.test(header) && /\d/.test(value));
  if (versioned !== undefined)
    stage.complain(`${name}: the answer tells a version: ${versioned.join(": ")}`, "strictness");
}

/** What many services show to everybody on purpose. */
const OFTEN_PUBLIC: ReadonlySet<string> = new Set([
  ...["/docs", "/redoc", "/openapi.json", "/metrics", "/admin/", "/.well-known/", "/uploads/"],
]);

/** What one of the triggers asks for: a refusal that repeats it tells nothing of its own. */
const ASKED_OUT_OF_ROOT = "/etc/passwd";

/** Places where services by default tell of their inside, or developers leave something. */
const PLACES = [
  ...[
    "/debug",
    "/docs",
    "/redoc",
    "/openapi.json",
    "/metrics",
    "/server-status",
    "/actuator/env",
    "/__debug__/",
  ],
  ...[
    "/.git/HEAD",
    "/.env",
    "/.sluicegate/",
    "/sluicegate.yaml",
    "/flows/",
    "/data/records.sqlite",
    "/console",
  ],
  ...[
    "/admin/",
    "/static/../app.py",
    "/app.py",
    "/phpinfo.php",
    "/.well-known/",
    "/config.json",
    "/uploads/",
  ],
];

/** UPL-RS-03: what answers tell about the inside. */
export const leakage: Check = {
  id: "UPL-RS-03",
  title: "No answer tells paths, versions, stacks or names of the inside",
  why: "Each of them saves an attacker the guessing: which software, which version, where the files are.",
  standards: ["v5.0.0-16.5.1", "v5.0.0-13.4.2", "CWE-209"],
  flags: ["s"],
  remedy: {
    fastapi:
      "`FastAPI(debug=False, docs_url=None, redoc_url=None, openapi_url=None)` in production, a last handler for `Exception` that says only an id, `uvicorn --no-server-header`.",
    django:
      "`DEBUG = False`, `ALLOWED_HOSTS` set; no debug toolbar, no `/admin/doc/`; log the trace, do not answer it.",
    flask: "No `debug=True`, no `PROPAGATE_EXCEPTIONS`; `@app.errorhandler(Exception)` that says only an id.",
    gate: "The gate's own refusals leak nothing. What the service answers in a 5xx passes as it is: mend it there.",
  },
  cases: [],
  scenarios: [
    scenario("every refusal", TRIGGERS.length, async (stage) => {
      for (const { name, as, appliesTo, probe } of TRIGGERS) {
        if (appliesTo(await stage.as("main")) !== true) continue;
        judgeLeaks(stage, name, await stage.send(name, probe(await stage.as(as))), ASKED_OUT_OF_ROOT);
      }
    }),
    scenario("places that nobody should find", PLACES.length + 1, async (stage) => {
      const nobody = await stage.as("nobody");
      const none = await stage.send(
        "a place that is not there",
        plainRequest(nobody, "GET", `/flowcheck-${nobody.seed}`),
      );
      for (const place of PLACES) {
        const found = await stage.send(place, plainRequest(nobody, "GET", place));
        judgeLeaks(stage, place, found, place);
        // A place that another check has uploaded to: that is what UPL-NM-10 is about.
        const isOwn = Buffer.from(nobody.file.control.bytes).equals(
          answerOf(found)?.body ?? new Uint8Array(),
        );
        // With a strict front these are pages that it lets pass to the service, which says itself who may see them.
        const isPassed = OFTEN_PUBLIC.has(place) && nobody.unpromised?.has("strictness") !== true;
        const isFound = statusOf(found) >= 200 && statusOf(found) < 300 && !isOwn && !isPassed;
        if (isFound && textOf(found) !== textOf(none))
          stage.complain(
            `${place} is there, for everybody`,
            OFTEN_PUBLIC.has(place) ? "strictness" : undefined,
          );
      }
    }),
  ],
};
