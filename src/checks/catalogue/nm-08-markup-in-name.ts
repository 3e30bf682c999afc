import type { Check, CheckCase, ReceivedUpload } from "../check.ts";
import { multipartOnly, neutralises } from "../define-case.ts";
import { headersArrive, hidesCharacters } from "../harms.ts";
import { honestName, hostileName, namedProbe } from "../name-case.ts";

const canaryHeader = headersArrive("x-canary");

/** A line break in the name, in one of its spellings: it may neither add a header nor a part. */
function lineBreak(name: string, written: string): CheckCase {
  return neutralises(
    name,
    (target) => namedProbe(target, (extension) => `a${written}X-Canary: 1${extension}`),
    {
      statuses: [400, 415, 422],
      gateCodes: ["FILE_NAME_INVALID", "PROTOCOL_PART_HEADER_MALFORMED", "FILE_EXTENSION_NOT_ALLOWED"],
    },
    (received: ReceivedUpload, content) =>
      canaryHeader(received, content) ?? hidesCharacters(received.files[0]?.name ?? ""),
    { appliesTo: multipartOnly },
  );
}

/** UPL-NM-08: a name that is markup or a header somewhere else. */
export const markupInName: Check = {
  id: "UPL-NM-08",
  title: "Markup, quotes and line breaks in a name change nothing around it",
  why: "The name is shown in pages, written into headers and logs, and put into JSON, each with its own way out.",
  standards: ["v5.0.0-5.4.2", "v5.0.0-1.2.1", "CWE-79", "CWE-113", "CVE-2026-1527", "CVE-2020-5398"],
  flags: ["s"],
  remedy: {
    fastapi:
      "Answer with JSON, where the name is escaped; in `Content-Disposition` use `FileResponse(filename=…)`, which encodes by RFC 6266, not a formatted string.",
    django:
      "Templates escape by default; do not mark a name as safe. `FileResponse(as_attachment=True, filename=…)` encodes it.",
    flask: "Jinja escapes by default; `send_file(as_attachment=True, download_name=…)` encodes the name.",
    gate: "Nothing to write: names with control characters are refused, all others are encoded on the way out.",
  },
  cases: [
    hostileName("an image with a handler", (extension) => `<img src=x onerror=void(0)>${extension}`),
    hostileName(
      "an escaped quote",
      (extension) => `a\\"; x=\\"b${extension}`,
      (name) => (name.includes('\\"') ? "an escape that was kept" : null),
    ),
    hostileName("a quote as browsers write it", (extension) => `a%22; x=%22b${extension}`),
    lineBreak("a CRLF", "\r\n"),
    lineBreak("a bare LF", "\n"),
    lineBreak("an encoded CRLF", "%0d%0a"),
    lineBreak("a line separator", "\u2028"),
    lineBreak("a next line", "\u0085"),
    honestName("an apostrophe, brackets and an ampersand", (extension) => `it's (1) [a] & b${extension}`),
  ],
};
