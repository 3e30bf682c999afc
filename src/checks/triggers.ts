/**
 * One request for each reason to refuse: for checks of what a refusal looks like.
 */
import type { Probe, Refusal, Target } from "./check.ts";
import { always, multipartOnly, rawOnly } from "./define-case.ts";
import { plainRequest } from "./define-scenario.ts";
import { utf8 } from "./payloads/bytes.ts";
import { fieldPart, formBytes, formOf, formProbe, formWithParts } from "./payloads/form.ts";
import { controlProbe, controlRequest } from "./payloads/upload.ts";
import { probeOf, probeSteps, withHeader, withLines } from "./payloads/upload-request.ts";
import type { CaseIdentity } from "./promise.ts";
import { hasIdentity } from "./target-as.ts";
import { takesKnownTypes } from "./type-case.ts";

export interface Trigger {
  /** What is wrong with the request, in words. */
  readonly name: string;
  readonly refusal: Refusal;
  readonly as: CaseIdentity;
  readonly appliesTo: (target: Target) => true | string;
  readonly probe: (target: Target) => Probe;
  /** It is no whole request: a server refuses it in its own words, before any application is asked, or just closes. */
  readonly isUnreadable: boolean;
  /** It is for another path than the route's: what answers there need not have the route's form of refusals. */
  readonly isElsewhere: boolean;
}

type Options = Partial<Pick<Trigger, "as" | "appliesTo" | "isUnreadable" | "isElsewhere">>;

function trigger(
  name: string,
  statuses: readonly number[],
  gateCodes: readonly string[],
  probe: (target: Target) => Probe,
  {
    as = "main",
    appliesTo = as === "main" ? always : hasIdentity(as),
    isUnreadable = false,
    isElsewhere = false,
  }: Options = {},
): Trigger {
  const refusal: Refusal = { statuses, gateCodes, ...(isUnreadable ? { mayJustClose: true } : {}) };
  return { name, as, appliesTo, probe, isUnreadable, isElsewhere, refusal };
}

const HUGE = "Content-Length: 1099511627776";

export const TRIGGERS: readonly Trigger[] = [
  trigger(
    "two Host headers",
    [400],
    ["REQUEST_HEADER_DUPLICATED"],
    (target) => probeOf(withLines(controlRequest(target), "Host: other.example")),
    { isUnreadable: true },
  ),
  trigger(
    "a header line without a colon",
    [400],
    ["REQUEST_MALFORMED"],
    (target) => probeOf(withLines(controlRequest(target), "X-Note")),
    { isUnreadable: true },
  ),
  trigger("a form that breaks off", [400], ["PROTOCOL_BODY_TRUNCATED"], cutForm, {
    appliesTo: multipartOnly,
  }),
  trigger("no credential", [401], ["CREDENTIALS_MISSING"], (target) => controlProbe(target), {
    as: "nobody",
  }),
  trigger("a made-up credential", [401], ["CREDENTIALS_INVALID"], (target) => controlProbe(target), {
    as: "forged",
  }),
  trigger("a caller without the right", [403], ["PERMISSION_DENIED"], (target) => controlProbe(target), {
    as: "readOnly",
  }),
  trigger("a page of another origin", [403], ["CROSS_SITE_REFUSED"], (target) =>
    probeOf(withLines(controlRequest(target), "Origin: https://evil.example", "Sec-Fetch-Site: cross-site")),
  ),
  trigger(
    "a path that is not there",
    [404],
    ["ROUTE_UNKNOWN"],
    (target) => plainRequest(target, "GET", `/flowcheck-${target.seed}-not-there`),
    { isElsewhere: true },
  ),
  trigger("a path out of the root", [400, 404], ["REQUEST_TARGET_INVALID"], (target) =>
    plainRequest(target, "GET", "/%2e%2e/%2e%2e/etc/passwd"),
  ),
  trigger("another method", [405], ["METHOD_NOT_ALLOWED"], (target) => {
    const request = controlRequest(target);
    return probeOf({ ...request, line: request.line.replace(target.method, "PATCH") });
  }),
  trigger("a body that is declared too large", [413], ["BODY_TOO_LARGE", "FILE_TOO_LARGE"], (target) =>
    probeSteps(withHeader(controlRequest(target), "Content-Length", HUGE), () => ["await-answer"]),
  ),
  trigger(
    "a form as plain text",
    [400, 415],
    ["CONTENT_TYPE_UNSUPPORTED"],
    (target) => probeOf(withHeader(controlRequest(target), "Content-Type", "Content-Type: text/plain")),
    { appliesTo: multipartOnly },
  ),
  trigger("a form where a raw body is taken", [400, 415], ["CONTENT_TYPE_UNSUPPORTED"], formAsRaw, {
    appliesTo: rawOnly,
  }),
  trigger("a compressed body", [415], ["CONTENT_ENCODING_UNSUPPORTED"], (target) =>
    probeOf(withLines(controlRequest(target), "Content-Encoding: gzip")),
  ),
  trigger(
    "a file that is not what it says",
    [400, 415, 422],
    [
      "FILE_TYPE_MISMATCH",
      "FILE_TYPE_UNKNOWN",
      "FILE_STRUCTURE_INVALID",
      "FILE_TYPE_NOT_ALLOWED",
      "FILE_NOT_TEXT",
    ],
    (target) => controlProbe(target, { bytes: utf8("<!doctype html><script>canary</script>\0") }),
    { appliesTo: takesKnownTypes },
  ),
  trigger(
    "a field that is not there",
    [400, 422],
    ["FIELD_UNKNOWN"],
    (target) => formProbe(target, formWithParts(target, fieldPart("unheard_of", "1"))),
    { appliesTo: multipartOnly },
  ),
  trigger(
    "headers of 100 KiB",
    [400, 431],
    ["REQUEST_HEADERS_TOO_LARGE"],
    (target) => probeOf(withLines(controlRequest(target), `X-Large: ${"a".repeat(100 * 1024)}`)),
    { isUnreadable: true },
  ),
];

function cutForm(target: Target): Probe {
  const request = controlRequest(target);
  const body = request.body.subarray(0, -6);
  return probeOf({ ...withHeader(request, "Content-Length", `Content-Length: ${body.length}`), body });
}

function formAsRaw(target: Target): Probe {
  const request = controlRequest(target);
  const form = formOf(request.content);
  const body = formBytes(form);
  const sized = withHeader(request, "Content-Length", `Content-Length: ${body.length}`);
  const type = `Content-Type: multipart/form-data; boundary=${form.boundary}`;
  return probeOf({ ...withHeader(sized, "Content-Type", type), body });
}
