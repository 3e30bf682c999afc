import type { Check, CheckCase, Refusal } from "../check.ts";
import { neutralises, refuses, strictly } from "../define-case.ts";
import { noFurtherHarm } from "../harms.ts";
import { controlRequest } from "../payloads/upload.ts";
import { probeOf, withHeader, withLines } from "../payloads/upload-request.ts";

const malformed: Refusal = {
  statuses: [400],
  gateCodes: ["REQUEST_MALFORMED", "REQUEST_HEADER_DUPLICATED"],
  closes: true,
};
/** A server that stops reading in the middle may lose its own answer: what it has not read resets the connection. */
const tooLarge: Refusal = {
  statuses: [400, 431],
  gateCodes: ["REQUEST_HEADERS_TOO_LARGE"],
  closes: true,
  mayJustClose: true,
};

/** A name that is a member of every JavaScript or Python object: legal, so it may pass, but nothing may break. */
function inherited(name: string): CheckCase {
  return neutralises(
    `a header called ${name}`,
    (target) => probeOf(withLines(controlRequest(target), `${name}: x`, `${name}: y`)),
    { statuses: [400], gateCodes: ["REQUEST_MALFORMED"] },
    noFurtherHarm,
  );
}

function malformedLine(name: string, line: string): CheckCase {
  return refuses(name, (target) => probeOf(withLines(controlRequest(target), line)), malformed);
}

/** UPL-TR-08: headers that break what reads them. */
export const hostileHeaders: Check = {
  id: "UPL-TR-08",
  title: "Header names, sizes and repetitions do not break the server",
  why: "A header that becomes an object member, fills memory, or means two things is under the client's control on every request.",
  standards: ["v5.0.0-15.3.6", "CWE-1321", "CWE-248", "CVE-2026-21710"],
  flags: ["s"],
  remedy: {
    fastapi:
      "This is decided by the server, not by FastAPI: run a current uvicorn with `--http h11`, which is stricter than httptools. `--h11-max-incomplete-event-size` bounds the head.",
    django:
      "This is decided by the server, not by Django: gunicorn ≥ 23 refuses it; `runserver` is not for production. `--limit-request-field_size` and `--limit-request-fields` bound the head.",
    flask:
      "This is decided by the server, not by Flask: gunicorn ≥ 23 or waitress ≥ 3.0.1; Werkzeug's own server is not for production. gunicorn: `--limit-request-field_size`; waitress: `max_request_header_size`.",
    gate: "`limits.request-headers: 16 KiB` in sluicegate.yaml; two Host or two Content-Type headers are 400.",
  },
  cases: strictly([
    inherited("__proto__"),
    inherited("constructor"),
    inherited("hasOwnProperty"),
    refuses(
      "a header of 100 KiB",
      (target) => probeOf(withLines(controlRequest(target), `X-Large: ${"a".repeat(100 * 1024)}`)),
      tooLarge,
    ),
    refuses(
      "5,000 headers",
      (target) => {
        const lines = Array.from({ length: 5000 }, (_, index) => `X-Many-${index}: ${"a".repeat(16)}`);
        return probeOf(withLines(controlRequest(target), ...lines));
      },
      tooLarge,
    ),
    refuses(
      "two Content-Type headers",
      (target) => probeOf(withLines(controlRequest(target), "Content-Type: text/plain")),
      { ...malformed, closes: false },
    ),
    refuses(
      "two Host headers",
      (target) => probeOf(withLines(controlRequest(target), "Host: other.example")),
      {
        ...malformed,
        closes: false,
      },
    ),
    refuses("no Host header", (target) => probeOf(withHeader(controlRequest(target), "Host")), malformed),
    malformedLine("a NUL in a header's value", "X-Note: a\0b"),
    malformedLine("a bare CR in a header's value", "X-Note: a\rb"),
    malformedLine("a space in a header's name", "X Note: a"),
    malformedLine("a header without a name", ": a"),
    malformedLine("a header without a colon", "X-Note"),
  ]),
};
