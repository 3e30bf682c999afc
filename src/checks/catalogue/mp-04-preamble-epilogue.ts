import type { Check, CheckCase, Target } from "../check.ts";
import { accepts, multipartOnly, refuses, strictly } from "../define-case.ts";
import { joined, repeated, utf8 } from "../payloads/bytes.ts";
import {
  BOUNDARY,
  controlContent,
  type Form,
  fieldPart,
  formBytes,
  formOf,
  formProbe,
} from "../payloads/form.ts";

const JUNK_BYTES = 256 * 1024;

function around(
  name: string,
  change: (target: Target) => Partial<Form>,
  gateCodes: readonly string[],
): CheckCase {
  return refuses(
    name,
    (target) => formProbe(target, { ...formOf(controlContent(target)), ...change(target) }),
    { statuses: [400, 413], gateCodes },
    { appliesTo: multipartOnly },
  );
}

const before = (name: string, change: (target: Target) => Partial<Form>) =>
  around(name, change, ["PROTOCOL_PREAMBLE_NOT_EMPTY", "PROTOCOL_BODY_MALFORMED", "BODY_TOO_LARGE"]);
const after = (name: string, change: (target: Target) => Partial<Form>) =>
  around(name, change, ["PROTOCOL_EPILOGUE_NOT_EMPTY", "PROTOCOL_BODY_MALFORMED", "BODY_TOO_LARGE"]);

/** A whole part under another boundary: a parser that takes the first line for the boundary reads it. */
const hiddenPart = formBytes({ boundary: "hidden", parts: [fieldPart("hidden", "canary")] });

/** UPL-MP-04: bytes that belong to no part. */
export const preambleEpilogue: Check = {
  id: "UPL-MP-04",
  title: "Bytes before the first and after the last part are refused",
  why: "What one parser skips another stores, and what is skipped is counted by nobody.",
  standards: [
    "CWE-436",
    "CWE-400",
    "CVE-2025-61770",
    "CVE-2026-40347",
    "CVE-2024-53981",
    "GHSA-59g5-xgcq-4qw3",
  ],
  flags: ["s"],
  remedy: {
    fastapi:
      "Starlette skips what is before the first and after the last boundary: bound the whole body by `max_body_size`, and never let another parser read the same bytes (a scanner beside it).",
    django: "Django skips both: bound the whole body in the server or a proxy.",
    flask: "Werkzeug skips both: `MAX_CONTENT_LENGTH` bounds the whole.",
    gate: "Nothing to write: the canonical body that the service gets has neither.",
  },
  cases: strictly([
    before("256 KiB before the first part", () => ({ preamble: joined(repeated(0x78, JUNK_BYTES), "\r\n") })),
    before("a line of text before the first part", () => ({
      preamble: utf8("This is a multipart message.\r\n"),
    })),
    before("a part of another boundary before the first part", () => ({ preamble: hiddenPart })),
    after("256 KiB after the last part", () => ({ epilogue: repeated(0x78, JUNK_BYTES) })),
    after("a part of the same boundary after the last part", (target) => ({
      epilogue: formBytes(formOf(controlContent(target))),
    })),
    after("a line of text after the last part", () => ({ epilogue: utf8("The end.\r\n") })),
    around(
      "a megabyte of hyphens after the first boundary",
      () => ({
        preamble: joined(`--${BOUNDARY}`, repeated(0x2d, 1024 * 1024), "\r\n"),
      }),
      [
        "PROTOCOL_BODY_MALFORMED",
        "PROTOCOL_EPILOGUE_NOT_EMPTY",
        "PROTOCOL_PREAMBLE_NOT_EMPTY",
        "PROTOCOL_BODY_TRUNCATED",
        "BODY_TOO_LARGE",
      ],
    ),
    accepts(
      "one CRLF before the first part and none after the last",
      (target) =>
        formProbe(target, {
          ...formOf(controlContent(target)),
          preamble: utf8("\r\n"),
          closing: utf8(`--${BOUNDARY}--`),
        }),
      { appliesTo: multipartOnly },
    ),
  ]),
};
