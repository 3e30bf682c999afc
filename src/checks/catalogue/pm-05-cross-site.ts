import { headerOf } from "../answer-reader.ts";
import type { Check, CheckCase, Refusal, Target } from "../check.ts";
import { refuses } from "../define-case.ts";
import { answerOf, plainRequest, scenario, statusOf } from "../define-scenario.ts";
import { controlRequest } from "../payloads/upload.ts";
import { probeOf, withLines } from "../payloads/upload-request.ts";
import type { Play, Scenario, Stage } from "../scenario.ts";

const EVIL = "https://evil.example";
const foreignPage: Refusal = { statuses: [403], gateCodes: ["CROSS_SITE_REFUSED"] };

const sentFrom = (target: Target, ...lines: readonly string[]) =>
  probeOf(withLines(controlRequest(target), ...lines));

const ownPage = (target: Target) =>
  sentFrom(target, `Origin: ${target.origin}`, "Sec-Fetch-Site: same-origin", "Sec-Fetch-Mode: cors");

/** Sent by a browser for a page; the twin is the same upload from a page of the route's own origin. */
function fromPage(name: string, lines: (target: Target) => readonly string[]): CheckCase {
  return refuses(name, (target) => sentFrom(target, ...lines(target)), foreignPage, {
    twin: ownPage,
    appliesTo: isSentByBrowsers,
  });
}

/** A page can make a browser send cookies and passwords that it keeps; a key in a header of its own it cannot know. */
function isSentByBrowsers({ identities, unpromised }: Target): true | string {
  const header = identities?.header.toLowerCase();
  const isKept = header === undefined || header === "cookie" || unpromised?.has("strictness") !== true;
  return isKept || `senders are known by ${identities?.header}, which no browser adds by itself`;
}

/** The question of a browser before a request that a form could not make. @see Fetch standard section 3.2.2 */
function preflight(target: Target, origin: string) {
  return plainRequest(
    { ...target, credential: [] },
    "OPTIONS",
    target.path.replace("{name}", "a.bin"),
    `Origin: ${origin}`,
    `Access-Control-Request-Method: ${target.method}`,
    "Access-Control-Request-Headers: authorization, content-type, x-canary",
    "Sec-Fetch-Site: cross-site",
  );
}

/** An answer that lets a page of `origin` in, or any page with the user's cookies. */
function letsIn(stage: Stage, allowed: string | null, credentials: string | null, origin: string): void {
  if (allowed === origin) stage.complain(`the answer allows ${origin}`);
  if (allowed === "*" && credentials === "true")
    stage.complain("the answer allows every page with credentials");
}

const listedPage: Play = async (stage) => {
  const target = await stage.as("main");
  const origin = target.promises?.pageOrigin ?? target.origin;
  const asked = await stage.send("a preflight of a page that may send", preflight(target, origin));
  const allowed = headerOf(answerOf(asked) ?? { headers: [] }, "access-control-allow-origin");
  if (origin !== target.origin && (statusOf(asked) >= 300 || allowed !== origin))
    stage.complain(`a page that may send is answered ${statusOf(asked)}, allowing ${allowed}`);
};

function preflightOf(name: string, origin: string): Scenario {
  const play: Play = async (stage) => {
    const target = await stage.as("main");
    const probes = [preflight(target, origin), sentFrom(target, `Origin: ${origin}`)];
    for (const probe of probes) {
      const asked = await stage.send(`from ${origin}`, probe);
      const answer = answerOf(asked) ?? { headers: [] };
      const allowed = headerOf(answer, "access-control-allow-origin");
      letsIn(stage, allowed, headerOf(answer, "access-control-allow-credentials"), origin);
      if (headerOf(answer, "access-control-allow-headers")?.includes("x-canary") === true)
        stage.complain("the answer repeats the headers that were asked for");
    }
  };
  return scenario(name, 2, play, { twin: listedPage });
}

/** UPL-PM-05: an upload that a foreign page makes a browser send. */
export const crossSite: Check = {
  id: "UPL-PM-05",
  title: "A page of another origin cannot send a file in its visitor's name",
  why: "A form on any page may send multipart/form-data, and the browser adds the visitor's cookies.",
  standards: ["v5.0.0-3.5.1", "v5.0.0-3.5.2", "v5.0.0-3.4.2", "CWE-352", "WSTG-SESS-05"],
  flags: ["s"],
  topic: "callers",
  remedy: {
    fastapi:
      "Multipart needs no preflight: with cookies, compare `Origin` with your own list and refuse `Sec-Fetch-Site: cross-site`, and name origins in `CORSMiddleware` (never `*` or a regex with `allow_credentials`).",
    django:
      "Keep `CsrfViewMiddleware` on for the route (no `@csrf_exempt`); `CORS_ALLOWED_ORIGINS` as a list, never `CORS_ALLOW_ALL_ORIGINS` with credentials.",
    flask: "`flask_wtf.CSRFProtect`, `SESSION_COOKIE_SAMESITE='Lax'`, and a list of origins in flask-cors.",
    gate: "`permissions.origins: [https://app.example.com]`: pages of other origins get 403, and CORS names the origin and is never a mirror.",
  },
  cases: [
    fromPage("from a foreign page, as browsers tell it", () => [
      `Origin: ${EVIL}`,
      "Sec-Fetch-Site: cross-site",
      "Sec-Fetch-Mode: no-cors",
    ]),
    fromPage("from a foreign page, by its Origin alone", () => [`Origin: ${EVIL}`]),
    fromPage("from a foreign page, by Sec-Fetch-Site alone", () => ["Sec-Fetch-Site: cross-site"]),
    fromPage("from a page without an origin", () => ["Origin: null"]),
    fromPage("from a sibling of the site", () => ["Sec-Fetch-Site: same-site"]),
    fromPage("from a host that begins like ours", ({ origin }) => [`Origin: ${origin}.evil.example`]),
    fromPage("from another port of our host", ({ origin }) => [
      `Origin: ${new URL(origin).protocol}//${new URL(origin).hostname}:1`,
    ]),
  ],
  scenarios: [
    preflightOf("a foreign page asks first", EVIL),
    preflightOf("a page without an origin asks first", "null"),
  ],
};
