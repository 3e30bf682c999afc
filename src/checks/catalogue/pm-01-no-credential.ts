import type { Check, CheckCase, Probe, Refusal, Target } from "../check.ts";
import { credentialIn, credentialOf, lineOf, oneCharacterChanged, withCredential } from "../credential.ts";
import { refuses, strictly } from "../define-case.ts";
import { controlProbe, controlRequest } from "../payloads/upload.ts";
import { probeSteps, withHeader, withLines } from "../payloads/upload-request.ts";
import { knowsCallers } from "../target-as.ts";

const HEAD_BYTES_MAX = 16 * 1024;

const unknownCaller: Refusal = {
  statuses: [401],
  gateCodes: ["CREDENTIALS_MISSING", "CREDENTIALS_INVALID"],
  headers: ["www-authenticate"],
};

/** The control's head with a body of the largest size announced, of which nothing is sent before an answer. */
function headAlone(target: Target, ...lines: readonly string[]): Probe {
  const length = `Content-Length: ${target.file.sizeBytesMax}`;
  const request = withLines(withHeader(controlRequest(target), "Content-Length", length), ...lines);
  return probeSteps(request, () => ["await-answer"]);
}

/** The control with main's credential put together otherwise. */
function changed(
  name: string,
  lines: (target: Target) => readonly string[],
  refusal = unknownCaller,
): CheckCase {
  return refuses(name, (target) => controlProbe(withCredential(target, ...lines(target))), refusal, {
    appliesTo: knowsCallers,
  });
}

/** UPL-PM-01: an upload by nobody. */
export const noCredential: Check = {
  id: "UPL-PM-01",
  title: "Without a good credential nothing is taken, not even the body",
  why: "Where the body is read before the caller is known, everybody on the internet can fill memory and disk.",
  standards: ["v5.0.0-8.2.1", "CWE-306"],
  flags: ["s"],
  topic: "callers",
  remedy: {
    fastapi:
      "A dependency is asked after the body was taken: look at the credential in a pure ASGI middleware, or declare the route with `Request` only and read the form after the check. 401 with `WWW-Authenticate`.",
    django:
      "Look at the caller in a middleware before `request.POST`/`request.FILES` is touched: CSRF's middleware reads the form, so order them.",
    flask: "`before_request` runs before the form is parsed: ask there, not after `request.files`.",
    gate: "`permissions: { caller: jwt }` (or api-key, grant, upstream): judged by the head alone.",
  },
  cases: [
    refuses("no credential", (target) => controlProbe(target), unknownCaller, { as: "nobody" }),
    ...strictly([
      refuses(
        "no credential: refused before the body",
        (target) => headAlone(target),
        { ...unknownCaller, takenBytesMax: HEAD_BYTES_MAX, withinMs: 2000 },
        { as: "nobody" },
      ),
      refuses(
        "no credential and Expect: 100-continue: no 100 comes",
        (target) => headAlone(target, "Expect: 100-continue"),
        { ...unknownCaller, takenBytesMax: HEAD_BYTES_MAX, withinMs: 2000, withoutContinue: true },
        { as: "nobody" },
      ),
    ]),
    refuses("a credential whose time is over", (target) => controlProbe(target), unknownCaller, {
      as: "expired",
    }),
    refuses("a credential that somebody else made", (target) => controlProbe(target), unknownCaller, {
      as: "forged",
    }),
    changed("a credential with one character changed", (target) => {
      const credential = credentialOf(target);
      return [lineOf({ ...credential, secret: oneCharacterChanged(credential.secret) })];
    }),
    changed("a credential cut in half", (target) => {
      const credential = credentialOf(target);
      return [lineOf({ ...credential, secret: credential.secret.slice(0, credential.secret.length / 2) })];
    }),
    changed("an empty credential", (target) => [lineOf({ ...credentialOf(target), secret: "" })]),
    changed("a credential of 6,000 characters", (target) => [
      lineOf({ ...credentialOf(target), secret: "a".repeat(6000) }),
    ]),
    changed("a credential of another scheme", () => ["Authorization: Basic dXNlcjpwYXNzd29yZA=="]),
    refuses(
      "a token without a signature",
      (target) => {
        const claims = Buffer.from(JSON.stringify({ sub: "admin", exp: 4_102_444_800 })).toString(
          "base64url",
        );
        const head = Buffer.from(JSON.stringify({ alg: "none", typ: "JWT" })).toString("base64url");
        return controlProbe(withCredential(target, `Authorization: Bearer ${head}.${claims}.`));
      },
      unknownCaller,
      { appliesTo: credentialIn("authorization") },
    ),
  ],
};
