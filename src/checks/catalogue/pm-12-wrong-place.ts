import type { Check, CheckCase, Refusal, Target } from "../check.ts";
import { credentialIn, credentialOf, lineOf, withCredential } from "../credential.ts";
import { accepts, multipartOnly, refuses, strictly, whereAll } from "../define-case.ts";
import { fieldPart, formProbe, formWithParts } from "../payloads/form.ts";
import { controlProbe, controlRequest } from "../payloads/upload.ts";
import { probeOf } from "../payloads/upload-request.ts";
import { knowsCallers } from "../target-as.ts";

const notTaken: Refusal = {
  statuses: [400, 401],
  gateCodes: [
    "CREDENTIALS_MISSING",
    "CREDENTIALS_INVALID",
    "CREDENTIALS_AMBIGUOUS",
    "REQUEST_HEADER_DUPLICATED",
  ],
};

/** The good secret, in a place of the query and nowhere else. */
function inQuery(parameter: string): CheckCase {
  return refuses(
    `in the query, as ${parameter}`,
    (target) => {
      const { secret } = credentialOf(target);
      const request = controlRequest(withCredential(target));
      const line = request.line.replace(/ HTTP/, `?${parameter}=${encodeURIComponent(secret)} HTTP`);
      return probeOf({ ...request, line });
    },
    notTaken,
    { appliesTo: knowsCallers },
  );
}

/** The control with these lines in place of the one credential. */
function shown(
  name: string,
  lines: (target: Target) => readonly string[],
  appliesTo = knowsCallers,
): CheckCase {
  return refuses(name, (target) => controlProbe(withCredential(target, ...lines(target))), notTaken, {
    appliesTo,
  });
}

const HEADERS = ["authorization", "x-api-key"];

/** UPL-PM-12: a good credential where it does not belong. */
export const credentialInWrongPlace: Check = {
  id: "UPL-PM-12",
  title: "A credential counts in its own header, once, and nowhere else",
  why: "What stands in a URL or a form ends in logs, histories and referrers, and two credentials are read as two people.",
  standards: ["v5.0.0-14.2.1", "CWE-598"],
  flags: ["s"],
  remedy: {
    fastapi:
      "Take the token by `HTTPBearer` alone; no `Query()` or `Form()` with the same name, and refuse two `Authorization` headers.",
    django: "Take it from the header alone; never from `request.GET`.",
    flask: "Take it from `request.authorization` alone; never from `request.values`.",
    gate: "Nothing to write: the header alone, once; the query is never looked at.",
  },
  cases: strictly([
    inQuery("access_token"),
    inQuery("token"),
    inQuery("api_key"),
    refuses(
      "in a form field",
      (target) => {
        const { secret } = credentialOf(target);
        const bare = withCredential(target);
        return formProbe(bare, formWithParts(bare, fieldPart("access_token", secret)));
      },
      notTaken,
      { appliesTo: whereAll(knowsCallers, multipartOnly) },
    ),
    shown(
      "in a cookie",
      (target) => [`Cookie: access_token=${credentialOf(target).secret}`],
      credentialIn(...HEADERS),
    ),
    shown(
      "the header twice, the second one good",
      (target) => {
        const credential = credentialOf(target);
        return [lineOf({ ...credential, secret: "x".repeat(40) }), lineOf(credential)];
      },
      credentialIn(...HEADERS),
    ),
    shown(
      "the header twice, both good",
      (target) => [lineOf(credentialOf(target)), lineOf(credentialOf(target))],
      credentialIn(...HEADERS),
    ),
    shown(
      "two of one header in a list",
      (target) => {
        const { header, before, secret } = credentialOf(target);
        return [`${header}: ${before}${secret}, ${before}${secret}`];
      },
      credentialIn(...HEADERS),
    ),
    accepts(
      "the scheme in small letters",
      (target) => {
        const credential = credentialOf(target);
        return controlProbe(
          withCredential(target, lineOf({ ...credential, before: credential.before.toLowerCase() })),
        );
      },
      { appliesTo: credentialIn("authorization") },
    ),
  ]),
};
