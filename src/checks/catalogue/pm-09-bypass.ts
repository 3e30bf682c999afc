import type { Check, CheckCase, ReceivedUpload, Refusal, Target } from "../check.ts";
import { neutralises } from "../define-case.ts";
import { refused, scenario } from "../define-scenario.ts";
import { controlProbe, controlRequest } from "../payloads/upload.ts";
import { probeOf, withLines } from "../payloads/upload-request.ts";

const FORGED = "203.0.113.66";
const refusedHeader: Refusal = { statuses: [400, 403], gateCodes: ["REQUEST_MALFORMED"] };

/** A header as services behind CGI or WSGI read it: they take `_` for `-` (PEP 3333). */
const folded = (name: string): string => name.toLowerCase().replaceAll("_", "-");

function forgedArrives({ headers }: ReceivedUpload): string | null {
  const seen = headers.find(([, value]) => value.includes(FORGED));
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
    { appliesTo },
  );
}

function hasTrusted({ promises }: Target): true | string {
  return (
    promises?.trustedHeaders !== undefined || "the route names no headers that the service behind trusts"
  );
}

const trusted = (target: Target): readonly string[] => target.promises?.trustedHeaders ?? [];
const said = (name: string): string => `${name}: ${FORGED}`;

/** UPL-PM-09: a client that speaks with the front's voice, or past it. */
export const bypass: Check = {
  id: "UPL-PM-09",
  title: "No client can say what only the front may say, or go around it",
  why: "A service that believes headers of its front believes them from anybody who can set them.",
  standards: ["v5.0.0-4.1.3", "v5.0.0-13.2.1", "CWE-290", "CWE-345"],
  flags: ["s", "o"],
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
