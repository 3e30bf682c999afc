import type { Check, CheckCase, ReceivedUpload, Refusal, Target } from "../check.ts";
import { neutralises, refuses } from "../define-case.ts";
import { refused, scenario } from "../define-scenario.ts";
import { headersUnseen } from "../harms.ts";
import { controlProbe, controlRequest } from "../payloads/upload.ts";
import { probeOf, withLines } from "../payloads/upload-request.ts";

const FORGED = "203.0.113.66";
const refusedHeader: Refusal = { statuses: [400, 403], gateCodes: ["REQUEST_MALFORMED"] };

/** A header as services behind CGI or WSGI read it: they take `_` for `-` (PEP 3333). */
const folded = (name: string): string => name.toLowerCase().replaceAll("_", "-");

function forgedArrives({ headers }: ReceivedUpload): string | null {
  const seen = headers?.find(([, value]) => value.includes(FORGED));
  return seen === undefined ? null : `the service got the client's own ${seen[0]}: ${seen[1]}`;
}

/** The control with headers that only a front may set. */
function forging(
  name: string,
  lines: (target: Target) => readonly string[],
  appliesTo: (target: Target) => true | string = () => true,
): CheckCase {
  return neutralises(
    name,
    (target) => probeOf(withLines(controlRequest(target), ...lines(target))),
    refusedHeader,
    forgedArrives,
    { appliesTo, unclear: headersUnseen },
  );
}

function hasTrusted({ promises }: Target): true | string {
  return (
    promises?.trustedHeaders !== undefined || "the route names no headers that the service behind trusts"
  );
}

const trusted = (target: Target): readonly string[] => target.promises?.trustedHeaders ?? [];
const said = (name: string): string => `${name}: ${FORGED}`;

/** Headers in which fronts of all kinds tell a service who is logged in. */
const IDENTITY_HEADERS = [
  "X-Remote-User",
  "Remote-User",
  "X-User",
  "X-User-Id",
  "X-Forwarded-User",
  "X-Authenticated-User",
  "X-Auth-Request-User",
];

/** UPL-PM-09: a client that speaks with the front's voice, or past it. */
export const bypass: Check = {
  id: "UPL-PM-09",
  title: "No client can say what only the front may say, or go around it",
  why: "A service that believes headers of its front believes them from anybody who can set them.",
  standards: ["v5.0.0-4.1.3", "v5.0.0-13.2.1", "CWE-290", "CWE-345"],
  flags: ["s", "o"],
  remedy: {
    fastapi:
      "Bind the service to loopback or a private network, and take `X-Forwarded-*` only from the proxy: `uvicorn --forwarded-allow-ips`.",
    django:
      "The service's port must not be reachable past the proxy; `SECURE_PROXY_SSL_HEADER` and `USE_X_FORWARDED_HOST` only behind one that strips them.",
    flask: "`ProxyFix` with exact counts, and only behind a proxy; the port not reachable past it.",
    gate: "`trust-proxy:` lists who may say an address; the gate strips forged headers. That the service listens for the gate alone is for the network to do, or `deliver: receipt`, which it verifies.",
  },
  cases: [
    forging("forwarding headers", () => [
      said("X-Forwarded-For"),
      said("X-Forwarded-Host"),
      said("X-Forwarded-Proto"),
      `Forwarded: for=${FORGED};host=${FORGED}`,
    ]),
    forging("the headers that the service trusts", (target) => trusted(target).map(said), hasTrusted),
    forging(
      "the same with underscores",
      (target) => trusted(target).map((name) => said(name.replaceAll("-", "_"))),
      hasTrusted,
    ),
    forging(
      "the same in other letters, twice",
      (target) => trusted(target).flatMap((name) => [said(name.toUpperCase()), said(folded(name))]),
      hasTrusted,
    ),
    refuses(
      "nobody, with the headers of a front that has asked who it is",
      (target) =>
        probeOf(withLines(controlRequest(target), ...IDENTITY_HEADERS.map((name) => `${name}: admin`))),
      { statuses: [400, 401, 403], gateCodes: ["CREDENTIALS_MISSING", "REQUEST_MALFORMED"] },
      { as: "nobody" },
    ),
  ],
  scenarios: [
    scenario(
      "an upload straight to the service behind",
      1,
      async (stage) => {
        const target = await stage.as("nobody");
        const origin = target.promises?.behindOrigin ?? target.origin;
        const forged = { ...target, headers: [...target.headers, ...trusted(target).map(said)] };
        await stage.send("past the front", controlProbe(forged), {
          origin,
          expect: refused({ statuses: [400, 401, 403, 404, 415, 421, 422], gateCodes: [] }),
        });
      },
      {
        appliesTo: ({ promises }) =>
          promises?.behindOrigin !== undefined ||
          "the route does not say where the service behind can be reached",
      },
    ),
  ],
};
