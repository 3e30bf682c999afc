import type { Check, FieldPromise, Target } from "../check.ts";
import { multipartOnly, refuses } from "../define-case.ts";
import { controlContent, fieldPart, formOf, formProbe } from "../payloads/form.ts";

const MEGABYTE = 1024 * 1024;

function hasTextField(target: Target): true | string {
  const applies = multipartOnly(target);
  if (applies !== true) return applies;
  return target.fields.length > 0 || "the route takes no text field";
}

/** The control with the first text field's value replaced. */
function withText(target: Target, textOf: (field: FieldPromise) => string) {
  const [field] = target.fields;
  if (field === undefined) throw new Error("no text field");
  const form = formOf(controlContent(target));
  const parts = form.parts.map((part, index) => (index === 0 ? fieldPart(field.name, textOf(field)) : part));
  return formProbe(target, { ...form, parts });
}

const tooLong = { statuses: [400, 413, 422], gateCodes: ["FIELD_TOO_LONG", "BODY_TOO_LARGE"] };

/** UPL-MP-02: text where nobody expects much. */
export const hugeTextField: Check = {
  id: "UPL-MP-02",
  title: "A text field has a small limit of its own",
  why: "Text fields are held in memory whole, and limits on files do not count them.",
  standards: ["CWE-770", "CVE-2024-47874", "CVE-2024-49767"],
  flags: ["s"],
  topic: "fields",
  remedy: {
    fastapi:
      "`request.form(max_part_size=64 * 1024)` bounds text fields; with `Form()` parameters, `max_length` is looked at only after the whole field was read.",
    django:
      "`DATA_UPLOAD_MAX_MEMORY_SIZE` bounds text fields together (2.5 MiB); set it lower, and `max_length` on the form's field.",
    flask:
      "`MAX_FORM_MEMORY_SIZE` (default 500 kB) bounds text fields; set it lower, and look at the length.",
    gate: "`accept.fields.NAME.max-length: 200`, in characters, held while bytes arrive.",
  },
  cases: [
    refuses("one megabyte of text", (target) => withText(target, () => "a".repeat(MEGABYTE)), tooLong, {
      appliesTo: hasTextField,
    }),
    refuses(
      "a megabyte of four-byte characters",
      (target) => withText(target, () => "\u{1F600}".repeat(MEGABYTE / 4)),
      tooLong,
      { appliesTo: hasTextField },
    ),
    refuses(
      "one megabyte of text in a field that nobody named",
      (target) => {
        const form = formOf(controlContent(target));
        return formProbe(target, {
          ...form,
          parts: [fieldPart("unheard-of", "a".repeat(MEGABYTE)), ...form.parts],
        });
      },
      { statuses: [400, 413, 422], gateCodes: ["FIELD_UNKNOWN", "BODY_TOO_LARGE"] },
      { appliesTo: multipartOnly },
    ),
  ],
};
