import type { Check, CheckCase, Target } from "../check.ts";
import { accepts, multipartOnly, refuses } from "../define-case.ts";
import { joined } from "../payloads/bytes.ts";
import {
  controlContent,
  type FormPart,
  fieldPart,
  filePart,
  formBytes,
  formOf,
  formProbe,
  formWithFilePart,
  formWithParts,
  part,
} from "../payloads/form.ts";

const refused = {
  statuses: [400, 413, 415, 422, 431],
  gateCodes: [
    "FIELD_UNKNOWN",
    "PROTOCOL_TOO_MANY_PARTS",
    "PROTOCOL_PART_NAME_MISSING",
    "PROTOCOL_PART_HEADER_TOO_LARGE",
    "PROTOCOL_PART_HEADER_MALFORMED",
  ],
};

/** The control with one part more. */
function withPart(
  name: string,
  makePart: (target: Target) => FormPart,
  gateCodes: readonly string[] = [],
): CheckCase {
  return refuses(
    name,
    (target) => formProbe(target, formWithParts(target, makePart(target))),
    { ...refused, gateCodes: [...refused.gateCodes, ...gateCodes] },
    { appliesTo: multipartOnly },
  );
}

const withField = (name: string, fieldName: string) => withPart(name, () => fieldPart(fieldName, "canary"));
const controlFile = (target: Target) => ({ field: target.file.field, ...target.file.control });
const hasTextField = (target: Target) =>
  target.fields.length > 0 ? multipartOnly(target) : "the route takes no text field";

/** UPL-MP-13: parts that the route has no place for. */
export const oddFields: Check = {
  id: "UPL-MP-13",
  title: "Fields and files that the route does not name are refused",
  why: "What is not judged is passed on unjudged, and a name with brackets or of an object's member becomes structure in some framework.",
  standards: [
    "v5.0.0-15.3.6",
    "CWE-1321",
    "CWE-674",
    "WSTG-BUSL-08",
    "CVE-2025-48997",
    "CVE-2026-5079",
    "CVE-2026-3520",
  ],
  flags: ["s"],
  topic: "fields",
  remedy: {
    fastapi:
      "Read the form yourself by `request.form(max_files=1, max_fields=…)` and refuse names that you do not know: FastAPI ignores them, and a second file with them.",
    django:
      "`set(request.FILES) - {'picture'}` and `request.FILES.getlist('picture')`: more than expected is 400, not ignored.",
    flask: "`request.files.keys()` and `getlist`: more than expected is 400.",
    gate: "`accept:` names every field; everything else is 400.",
  },
  cases: [
    withField("a field without a name", ""),
    withField("a field called __proto__", "__proto__"),
    withField("a field called constructor", "constructor"),
    withField("a field of 500 nested brackets", `a${"[b]".repeat(500)}`),
    withField("a field name of 10 KiB", "a".repeat(10 * 1024)),
    withPart("the file's field in brackets", (target) => fieldPart(`[${target.file.field}]`, "canary")),
    withPart("the file's field with a member", (target) =>
      fieldPart(`${target.file.field}.path`, "/etc/hostname"),
    ),
    withPart("the file's field with a bracketed member", (target) =>
      fieldPart(`${target.file.field}[path]`, "/etc/hostname"),
    ),
    withPart("a file in a field that nobody named", (target) =>
      filePart({ ...controlFile(target), field: "unheard-of" }),
    ),
    withPart("a part without Content-Disposition", () => part(["Content-Type: text/plain"], "canary")),
    withPart("a part with another Content-Disposition", (target) =>
      part([`Content-Disposition: attachment; name="${target.file.field}"; filename="a.png"`], "canary"),
    ),
    withPart(
      "nested multipart/mixed",
      (target) => {
        const inner = formBytes({
          boundary: "inner",
          parts: [part(['Content-Disposition: file; filename="a.html"'], "canary")],
        });
        return part(
          [
            `Content-Disposition: form-data; name="${target.file.field}"`,
            "Content-Type: multipart/mixed; boundary=inner",
          ],
          joined(inner),
        );
      },
      ["PROTOCOL_PART_NESTED", "FILE_IS_FIELD", "FIELD_REPEATED"],
    ),
    {
      ...refuses(
        "one file more than the route takes",
        (target) => {
          const more = Array.from({ length: target.file.countMax }, () => filePart(controlFile(target)));
          return formProbe(target, formWithParts(target, ...more));
        },
        { ...refused, gateCodes: ["FIELD_REPEATED", "PROTOCOL_TOO_MANY_PARTS"] },
        {
          appliesTo: (target) =>
            target.file.countMax <= 20 ? multipartOnly(target) : "the route takes more than 20 files",
        },
      ),
      topic: "count",
    },
    refuses(
      "a file in a text field",
      (target) => {
        const form = formOf(controlContent(target));
        const asFile = filePart({ ...controlFile(target), field: target.fields[0]?.name ?? "" });
        return formProbe(target, { ...form, parts: [asFile, ...form.parts.slice(1)] });
      },
      { ...refused, gateCodes: ["FIELD_IS_FILE"] },
      { appliesTo: hasTextField },
    ),
    refuses(
      "text in the file's field",
      (target) => formProbe(target, formWithFilePart(target, fieldPart(target.file.field, "canary"))),
      { ...refused, gateCodes: ["FILE_IS_FIELD"] },
      { appliesTo: multipartOnly },
    ),
    refuses(
      "no file at all",
      (target) =>
        formProbe(target, {
          ...formOf(controlContent(target)),
          parts: formOf(controlContent(target)).parts.toSpliced(target.fields.length, 1),
        }),
      { ...refused, gateCodes: ["FIELD_MISSING", "PROTOCOL_BODY_MALFORMED", "PROTOCOL_BODY_TRUNCATED"] },
      { appliesTo: multipartOnly },
    ),
    refuses(
      "an empty file name and no bytes, as a browser sends a form without a chosen file",
      (target) =>
        formProbe(
          target,
          formWithFilePart(
            target,
            filePart({
              ...controlFile(target),
              name: "",
              mediaType: "application/octet-stream",
              bytes: new Uint8Array(),
            }),
          ),
        ),
      { ...refused, gateCodes: ["FIELD_MISSING", "FILE_EMPTY", "FILE_NAME_MISSING"] },
      { appliesTo: multipartOnly },
    ),
    accepts(
      "the file before the text fields",
      (target) => {
        const form = formOf(controlContent(target));
        const [texts, files] = [
          form.parts.slice(0, target.fields.length),
          form.parts.slice(target.fields.length),
        ];
        return formProbe(target, { ...form, parts: [...files, ...texts] }, controlContent(target));
      },
      { appliesTo: hasTextField },
    ),
  ],
};
