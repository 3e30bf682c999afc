import type { Check, Target } from "../check.ts";
import { type CaseOptions, multipartOnly, refuses } from "../define-case.ts";
import { type FormPart, fieldPart, formProbe, formWithParts, part } from "../payloads/form.ts";

const PARTS = 2000;
const flooded = {
  statuses: [400, 413, 422],
  gateCodes: ["PROTOCOL_TOO_MANY_PARTS", "FIELD_REPEATED", "FIELD_UNKNOWN", "PROTOCOL_PART_NAME_MISSING"],
  withinMs: 2000,
};
const options: CaseOptions = { appliesTo: multipartOnly };

function flood(target: Target, makePart: (index: number) => FormPart) {
  return formProbe(
    target,
    formWithParts(target, ...Array.from({ length: PARTS }, (_, index) => makePart(index))),
  );
}

/** UPL-MP-01: a small body of very many parts. */
export const partFlood: Check = {
  id: "UPL-MP-01",
  title: "Thousands of parts in one body are refused",
  why: "Each part costs objects and often a temporary file, which no limit on bytes counts.",
  standards: [
    "v5.0.0-15.2.2",
    "CWE-770",
    "CVE-2023-25577",
    "CVE-2023-30798",
    "CVE-2023-24580",
    "CVE-2023-25576",
  ],
  flags: ["b"],
  remedy: {
    fastapi:
      "`await request.form(max_files=1, max_fields=10)`: the defaults are 1,000 each. Starlette ≥ 1.3.1 with python-multipart ≥ 0.0.32.",
    django:
      "`DATA_UPLOAD_MAX_NUMBER_FIELDS` and `DATA_UPLOAD_MAX_NUMBER_FILES` (defaults 1000 and 100): set them to what the form has. Django ≥ 5.2.19, 6.0.10 or 6.1.3.",
    flask: "`MAX_FORM_PARTS` (default 1000): set it to what the form has. Werkzeug ≥ 3.1.6.",
    gate: "Nothing to write: a form has the parts that `accept:` names and no more.",
  },
  cases: [
    refuses(
      "2,000 empty text parts of one name",
      (target) => flood(target, () => fieldPart(target.fields[0]?.name ?? "text", "")),
      flooded,
      options,
    ),
    refuses(
      "2,000 empty parts of other names",
      (target) => flood(target, (index) => fieldPart(`f${index}`, "")),
      flooded,
      options,
    ),
    refuses(
      "2,000 empty files",
      (target) =>
        flood(target, (index) =>
          part([`Content-Disposition: form-data; name="${target.file.field}"; filename="${index}.txt"`], ""),
        ),
      {
        ...flooded,
        gateCodes: [...flooded.gateCodes, "FILE_EMPTY", "FILE_EXTENSION_NOT_ALLOWED"],
        statuses: [400, 413, 415, 422],
      },
      options,
    ),
    refuses(
      "2,000 parts without headers",
      (target) => flood(target, () => part([], "")),
      {
        ...flooded,
        gateCodes: [...flooded.gateCodes, "PROTOCOL_PART_HEADER_MALFORMED", "PROTOCOL_BODY_MALFORMED"],
      },
      options,
    ),
  ],
};
