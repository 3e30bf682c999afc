import type { Check, CheckCase, Target } from "../check.ts";
import { accepts, multipartOnly, neutralises, refuses, strictly } from "../define-case.ts";
import { noFurtherHarm } from "../harms.ts";
import { latin1, utf8 } from "../payloads/bytes.ts";
import { controlContent, fieldPart, formOf, formProbe, formWithFilePart, part } from "../payloads/form.ts";

const refused = {
  statuses: [400, 415, 422],
  gateCodes: ["PROTOCOL_PART_ENCODING_UNSUPPORTED", "FIELD_UNKNOWN", "FIELD_NOT_TEXT"],
};

/** The control's file part, its bytes written by `encode`, under an extra header line. Read right, the bytes are what was sent. */
function fileWith(target: Target, line: string, encode: (bytes: Uint8Array) => Uint8Array, type?: string) {
  const { field, control } = target.file;
  const bytes = encode(control.bytes);
  const head = [
    `Content-Disposition: form-data; name="${field}"; filename="${control.name}"`,
    `Content-Type: ${type ?? control.mediaType}`,
    ...(line === "" ? [] : [line]),
  ];
  return formProbe(target, formWithFilePart(target, part(head, bytes)), controlContent(target, { bytes }));
}

function encoded(name: string, encoding: string, encode: (bytes: Uint8Array) => Uint8Array): CheckCase {
  const line = `Content-Transfer-Encoding: ${encoding}`;
  // Refused for the encoding, or for bytes that stay undecoded and are no file of the type.
  const codes = [...refused.gateCodes, "FILE_TYPE_UNKNOWN", "FILE_TYPE_NOT_ALLOWED"];
  return neutralises(
    name,
    (target) => fileWith(target, line, encode),
    { ...refused, gateCodes: codes },
    noFurtherHarm,
    {
      appliesTo: multipartOnly,
      twin: (target) => fileWith(target, "Content-Transfer-Encoding: binary", (bytes) => bytes),
    },
  );
}

const base64 = (bytes: Uint8Array) => utf8(Buffer.from(bytes).toString("base64"));
const WHITESPACE = " ".repeat(100_000);

function textWith(name: string, type: string, value: Uint8Array): CheckCase {
  return refuses(
    name,
    (target) => {
      const [first] = target.fields;
      const text = part(
        [`Content-Disposition: form-data; name="${first?.name ?? ""}"`, `Content-Type: ${type}`],
        value,
      );
      const form = formOf(controlContent(target));
      return formProbe(target, { ...form, parts: [text, ...form.parts.slice(1)] });
    },
    refused,
    {
      appliesTo: (target) =>
        target.fields.length > 0 ? multipartOnly(target) : "the route takes no text field",
    },
  );
}

/** UPL-MP-10: parts that are something else once decoded. */
export const partEncodings: Check = {
  id: "UPL-MP-10",
  title: "A part's transfer encoding or charset never changes what was judged",
  why: "A service that decodes what its filter did not decode stores bytes that the filter has never seen.",
  standards: [
    "CWE-436",
    "CWE-400",
    "CRS-922100",
    "CRS-922110",
    "CRS-922120",
    "CVE-2022-39956",
    "CVE-2026-33033",
  ],
  flags: ["b"],
  remedy: {
    fastapi:
      "Starlette stores the bytes as they are, which is safe as long as nobody behind decodes them: refuse parts with `Content-Transfer-Encoding` other than 7bit, 8bit or binary.",
    django:
      "Django decodes base64 parts (CVE-2026-33033): refuse `Content-Transfer-Encoding` in an upload handler's `new_file` by `content_type_extra`/headers, or in front.",
    flask: "Werkzeug stores as they are; the same as FastAPI.",
    gate: "Nothing to write: 400 or 415; no coding inside of a part is ever undone.",
  },
  cases: strictly([
    encoded("base64", "base64", base64),
    encoded("base64 in a flood of spaces", "base64", (bytes) =>
      utf8(`${WHITESPACE}${Buffer.from(bytes).toString("base64")}`),
    ),
    encoded("quoted-printable", "quoted-printable", (bytes) =>
      utf8([...bytes].map((byte) => `=${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("")),
    ),
    encoded("an unknown transfer encoding", "x-uuencode", (bytes) => bytes),
    textWith("a text field in UTF-7", "text/plain; charset=utf-7", latin1("+ADw-script+AD4-")),
    textWith("a text field in UTF-16", "text/plain; charset=utf-16le", latin1("a\0b\0")),
    textWith("a text field in ISO-8859-1", "text/plain; charset=iso-8859-1", latin1("caf\xe9")),
    refuses(
      "a _charset_ field",
      (target) => {
        const form = formOf(controlContent(target));
        return formProbe(target, { ...form, parts: [fieldPart("_charset_", "utf-7"), ...form.parts] });
      },
      refused,
      { appliesTo: multipartOnly },
    ),
    accepts(
      "an 8bit transfer encoding",
      (target) => fileWith(target, "Content-Transfer-Encoding: 8bit", (bytes) => bytes),
      {
        appliesTo: multipartOnly,
      },
    ),
    accepts(
      "a Content-Length in the part, as OkHttp sends it",
      (target) => fileWith(target, `Content-Length: ${target.file.control.bytes.length}`, (bytes) => bytes),
      {
        appliesTo: multipartOnly,
      },
    ),
  ]),
};
