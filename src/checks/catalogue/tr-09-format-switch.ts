import type { Check, CheckCase, Refusal, Target } from "../check.ts";
import { multipartOnly, neutralises, rawOnly, refuses, strictly } from "../define-case.ts";
import { headersArrive, headersUnseen } from "../harms.ts";
import { utf8 } from "../payloads/bytes.ts";
import { formBytes, formOf } from "../payloads/form.ts";
import { controlRequest } from "../payloads/upload.ts";
import { probeOf, type UploadRequest, withHeader, withLines } from "../payloads/upload-request.ts";

const wrongMethod: Refusal = { statuses: [404, 405], gateCodes: ["METHOD_NOT_ALLOWED"] };
const wrongType: Refusal = {
  statuses: [400, 415],
  gateCodes: ["CONTENT_TYPE_UNSUPPORTED", "PROTOCOL_BOUNDARY_INVALID"],
};

function byMethod(method: string, ...lines: readonly string[]): CheckCase {
  return refuses(
    `by ${[method, ...lines].join(" with ")}`,
    (target) => {
      const request = withLines(controlRequest(target), ...lines);
      return probeOf({ ...request, line: request.line.replace(target.method, method) });
    },
    wrongMethod,
    { appliesTo: (target) => target.method !== method || `${method} is the method of the route` },
  );
}

/** The same upload in another format. No `mediaType`: no Content-Type at all. */
function inFormat(name: string, mediaType: string | null, write: (target: Target) => Uint8Array): CheckCase {
  return refuses(name, (target) => probeOf(rewritten(target, mediaType, write(target))), wrongType, {
    appliesTo: multipartOnly,
  });
}

function rewritten(target: Target, mediaType: string | null, body: Uint8Array): UploadRequest {
  const sized = withHeader(controlRequest(target), "Content-Length", `Content-Length: ${body.length}`);
  const typed = withHeader(
    sized,
    "Content-Type",
    ...(mediaType === null ? [] : [`Content-Type: ${mediaType}`]),
  );
  return { ...typed, body };
}

const base64 = (target: Target) => Buffer.from(target.file.control.bytes).toString("base64");
const multipart = (target: Target) => controlRequest(target).body;
const OVERRIDES = ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"];

/** UPL-TR-09: the same route, asked in a way that its limits were not written for. */
export const formatSwitch: Check = {
  id: "UPL-TR-09",
  title: "The route takes its own method and format and no other",
  why: "A framework that also reads a second format applies the limits of the first to none of it.",
  standards: [
    "v5.0.0-4.1.4",
    "CWE-436",
    "WSTG-CONF-06",
    "CVE-2026-53538",
    "CVE-2025-24813",
    "PYSEC-2026-249",
  ],
  flags: ["s"],
  remedy: {
    fastapi:
      "Declare the route with its one method, and take the file by `UploadFile` only: a route with `Request` that also reads JSON or base64 needs the same limits once more.",
    django:
      "`@require_POST`, and `request.content_type == 'multipart/form-data'` before `request.FILES`; the same limits for each format that is really taken.",
    flask: "`methods=['POST']` and a look at `request.mimetype`; no fallback to `request.get_data()`.",
    gate: "`route: { method: POST, path: …, protocols: [multipart] }`: other methods are 405, other formats 415.",
  },
  cases: strictly([
    byMethod("PUT"),
    byMethod("POST"),
    byMethod("PATCH", "Content-Range: bytes 0-9/100"),
    // Never DELETE: where it is taken, it takes away what others have stored.
    byMethod("PROPFIND"),
    inFormat("as application/x-www-form-urlencoded", "application/x-www-form-urlencoded", (target) =>
      utf8(`${target.file.field}=${encodeURIComponent(base64(target))}`),
    ),
    inFormat("as JSON with base64", "application/json", (target) =>
      utf8(JSON.stringify({ [target.file.field]: base64(target) })),
    ),
    inFormat("as multipart/related", "multipart/related; boundary=sluice-7MA4YWxkTrZu0gW", multipart),
    inFormat("as multipart/mixed", "multipart/mixed; boundary=sluice-7MA4YWxkTrZu0gW", multipart),
    inFormat("as text/plain", "text/plain", multipart),
    inFormat("without a Content-Type", null, multipart),
    inFormat(
      "with a list of types",
      "multipart/form-data; boundary=sluice-7MA4YWxkTrZu0gW, text/plain",
      multipart,
    ),
    refuses(
      "a raw body with Content-Range",
      (target) => probeOf(withLines(controlRequest(target), "Content-Range: bytes 0-9/100")),
      { statuses: [400, 416], gateCodes: ["CONTENT_RANGE_UNSUPPORTED"] },
      { appliesTo: rawOnly },
    ),
    refuses(
      "multipart where a raw body is taken",
      (target) => {
        const form = formOf(controlRequest(target).content);
        return probeOf(rewritten(target, `multipart/form-data; boundary=${form.boundary}`, formBytes(form)));
      },
      wrongType,
      { appliesTo: rawOnly },
    ),
    neutralises(
      "with method override headers",
      (target) => probeOf(withLines(controlRequest(target), ...OVERRIDES.map((name) => `${name}: PUT`))),
      { statuses: [400, 405], gateCodes: ["METHOD_NOT_ALLOWED", "REQUEST_MALFORMED"] },
      headersArrive(...OVERRIDES.map((name) => name.toLowerCase())),
      { unclear: headersUnseen },
    ),
  ]),
};
