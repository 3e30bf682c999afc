import type { Check, Refusal, Target } from "../check.ts";
import { multipartOnly, neutralises, rawOnly, refuses, strictly } from "../define-case.ts";
import { noFurtherHarm } from "../harms.ts";
import { canaryRequest } from "../payloads/canary.ts";
import { controlRequest } from "../payloads/upload.ts";
import { headBytes, probeBytes, probeSteps, withHeader } from "../payloads/upload-request.ts";

const malformed: Refusal = {
  statuses: [400],
  gateCodes: ["REQUEST_MALFORMED", "REQUEST_HEADER_DUPLICATED"],
  closes: true,
};

const broken: Refusal = {
  statuses: [400, 408],
  gateCodes: ["PROTOCOL_BODY_TRUNCATED", "REQUEST_MALFORMED", "REQUEST_TIMEOUT"],
  closes: true,
  mayJustClose: true,
};

type LengthLines = (lengthBytes: number) => readonly string[];

/** The control with its Content-Length lines replaced, and a second request behind it. */
const lengthProbe = (lines: LengthLines) => (target: Target) => {
  const request = controlRequest(target);
  const changed = withHeader(request, "Content-Length", ...lines(request.body.length));
  return probeBytes(request.content, headBytes(changed), request.body, canaryRequest(target));
};

function withLength(name: string, lines: LengthLines, refusal = malformed) {
  return refuses(name, lengthProbe(lines), refusal);
}

/** The right number, said twice: a recipient either refuses it, or takes it for the one number that it is. @see RFC 9110 section 8.6 */
function withSameLength(name: string, lines: LengthLines) {
  return neutralises(name, lengthProbe(lines), malformed, noFurtherHarm);
}

/** A length of 100 bytes more than come; then the connection ends in one of two ways. */
function cutOff(target: Target, ending: "end" | "reset") {
  const request = controlRequest(target);
  const longer = withHeader(request, "Content-Length", `Content-Length: ${request.body.length + 100}`);
  return probeSteps(longer, () => [request.body, { pauseMs: 20 }, ending]);
}

/** UPL-TR-03: a Content-Length that is not the length. */
export const lyingLength: Check = {
  id: "UPL-TR-03",
  title: "A Content-Length that is not one number, or not the length, is refused",
  why: "Two servers that take a different end of the body read the rest as another request.",
  standards: ["v5.0.0-4.2.1", "CWE-444", "WSTG-INPV-15", "CVE-2026-1525", "GHSA-v9pg-7xvm-68hf"],
  flags: ["s"],
  remedy: {
    fastapi:
      "This is decided by the server, not by FastAPI: run a current uvicorn with `--http h11`, which is stricter than httptools.",
    django:
      "This is decided by the server, not by Django: gunicorn ≥ 23 refuses it; `runserver` is not for production.",
    flask:
      "This is decided by the server, not by Flask: gunicorn ≥ 23 or waitress ≥ 3.0.1; Werkzeug's own server is not for production.",
    gate: "Nothing to write: the gate refuses it with 400 and closes the connection, before any flow is looked for.",
  },
  cases: [
    refuses(
      "shorter than the body",
      (target) => {
        const request = controlRequest(target);
        const shorter = withHeader(request, "Content-Length", `Content-Length: ${request.body.length - 10}`);
        return probeBytes(request.content, headBytes(shorter), request.body, canaryRequest(target));
      },
      // What follows is the next message by every reading: whether it is answered, or the connection closed, is one as good as the other.
      { statuses: [400, 422], gateCodes: ["PROTOCOL_BODY_TRUNCATED", "REQUEST_MALFORMED"] },
      { appliesTo: multipartOnly },
    ),
    // A form says itself where it ends; of a raw body the length alone tells.
    ...strictly([
      refuses("longer than the form, then end of stream", (target) => cutOff(target, "end"), broken, {
        appliesTo: multipartOnly,
      }),
    ]),
    refuses("longer than the body, then end of stream", (target) => cutOff(target, "end"), broken, {
      appliesTo: rawOnly,
    }),
    refuses("longer than the body, then reset", (target) => cutOff(target, "reset"), {
      ...broken,
      closes: false,
    }),
    withLength("negative", (length) => [`Content-Length: -${length}`]),
    withLength("with a plus sign", (length) => [`Content-Length: +${length}`]),
    withSameLength("a list of the same number twice", (length) => [`Content-Length: ${length}, ${length}`]),
    withLength("hexadecimal", (length) => [`Content-Length: 0x${length.toString(16)}`]),
    withLength("with an exponent", () => ["Content-Length: 1e3"]),
    withLength("two numbers", (length) => [`Content-Length: ${length} ${length}`]),
    // It is a number, and who waits for so much has not misread it.
    ...strictly([
      withLength("beyond 64 bits", () => ["Content-Length: 99999999999999999999"], {
        ...malformed,
        statuses: [400, 413],
        gateCodes: ["REQUEST_MALFORMED", "BODY_TOO_LARGE"],
      }),
    ]),
    withSameLength("the header twice, alike", (length) => [
      `Content-Length: ${length}`,
      `Content-Length: ${length}`,
    ]),
    withLength("the header twice, different", (length) => [`Content-Length: ${length}`, "Content-Length: 5"]),
  ],
};
