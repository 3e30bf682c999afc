import type { Check, CheckCase, Target } from "../check.ts";
import { multipartOnly, refuses, strictly } from "../define-case.ts";
import { joined } from "../payloads/bytes.ts";
import { type FormPart, formProbe, formWithFilePart, part } from "../payloads/form.ts";

const refused = {
  statuses: [400, 413, 422, 431],
  gateCodes: [
    "PROTOCOL_PART_HEADER_TOO_LARGE",
    "PROTOCOL_PART_HEADER_MALFORMED",
    "PROTOCOL_BODY_TRUNCATED",
    "FILE_NAME_INVALID",
  ],
  withinMs: 1000,
};

function header(name: string, makePart: (target: Target, disposition: string) => FormPart): CheckCase {
  return refuses(
    name,
    (target) => {
      const { field, control } = target.file;
      const disposition = `Content-Disposition: form-data; name="${field}"; filename="${control.name}"`;
      return formProbe(target, formWithFilePart(target, makePart(target, disposition)));
    },
    refused,
    { appliesTo: multipartOnly },
  );
}

/** UPL-MP-03: part headers that go on and on, or that are slow to read. */
export const endlessPartHeader: Check = {
  id: "UPL-MP-03",
  title: "Part headers are limited in number and size, and read in linear time",
  why: "Part headers are held in memory and searched with patterns before any limit on content applies.",
  standards: ["v5.0.0-1.3.12", "CWE-770", "CWE-1333", "CVE-2026-42561", "CVE-2025-61772", "CVE-2024-24762"],
  flags: ["s"],
  remedy: {
    fastapi:
      "python-multipart ≥ 0.0.32 bounds the headers of a part (CVE-2026-42561); older versions read on without end.",
    django: "Django ≥ 5.2.19, 6.0.10 or 6.1.3 bounds a part's headers.",
    flask: "Werkzeug ≥ 3.1.6 bounds a part's headers.",
    gate: "Nothing to write: a part's headers have a bound of their own.",
  },
  cases: strictly([
    header("a header of 64 KiB", (target, disposition) =>
      part([disposition, `X-Large: ${"a".repeat(65536)}`], target.file.control.bytes),
    ),
    header("1,000 headers", (target, disposition) =>
      part(
        [disposition, ...Array.from({ length: 1000 }, (_, index) => `X-${index}: a`)],
        target.file.control.bytes,
      ),
    ),
    header("no empty line after the headers", (_, disposition) => ({
      head: joined(disposition, "\r\n", "X-Line: a\r\n".repeat(20_000)),
      content: new Uint8Array(),
    })),
    header("a file name of 64 KiB", (target) =>
      part(
        [`Content-Disposition: form-data; name="${target.file.field}"; filename="${"a".repeat(65536)}.png"`],
        target.file.control.bytes,
      ),
    ),
    header("thousands of quotes and backslashes in the file name", (target) =>
      part(
        [`Content-Disposition: form-data; name="${target.file.field}"; filename="${'\\"'.repeat(3000)}\\`],
        target.file.control.bytes,
      ),
    ),
    header("thousands of parameters", (target, disposition) =>
      part([`${disposition}${"; a=b".repeat(5000)}`], target.file.control.bytes),
    ),
    header("thousands of semicolons and spaces", (target, disposition) =>
      part([`${disposition}${"; ".repeat(5000)}x`], target.file.control.bytes),
    ),
  ]),
};
