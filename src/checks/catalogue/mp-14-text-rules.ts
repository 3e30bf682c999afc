import type { Check, CheckCase, FieldPromise, Probe, Target } from "../check.ts";
import { accepts, multipartOnly, neutralises, refuses } from "../define-case.ts";
import { noFurtherHarm } from "../harms.ts";
import { latin1 } from "../payloads/bytes.ts";
import { controlContent, fieldPart, formOf, formProbe } from "../payloads/form.ts";

type Wanted = (field: FieldPromise) => boolean;
const any: Wanted = () => true;

/** The index of the first field that a case needs, or the reason why it does not apply. */
function whereField(wanted: Wanted, otherwise: string) {
  return (target: Target): true | string => {
    const applies = multipartOnly(target);
    return applies !== true ? applies : target.fields.some(wanted) || otherwise;
  };
}

/** The control with the values of one text field replaced: none, one, or several. */
function withValues(
  target: Target,
  wanted: Wanted,
  valuesOf: (field: FieldPromise) => readonly (string | Uint8Array)[],
): Probe {
  const index = target.fields.findIndex(wanted);
  const field = target.fields[index];
  if (field === undefined) throw new Error("no such text field");
  const values = valuesOf(field);
  const control = controlContent(target);
  const parts = formOf(control).parts.toSpliced(
    index,
    1,
    ...values.map((value) => fieldPart(field.name, value)),
  );
  const texts = values.map((value) => [field.name, typeof value === "string" ? value : ""] as const);
  return formProbe(
    target,
    { ...formOf(control), parts },
    { ...control, fields: control.fields.toSpliced(index, 1, ...texts) },
  );
}

const invalid = { statuses: [400, 413, 422] };
const anyField = whereField(any, "the route takes no text field");

function atLimit(name: string, char: string): CheckCase {
  return accepts(name, (target) => withValues(target, any, (field) => [char.repeat(field.lengthCharsMax)]), {
    appliesTo: anyField,
  });
}

function notText(name: string, value: Uint8Array): CheckCase {
  return refuses(
    name,
    (target) => withValues(target, any, () => [value]),
    { ...invalid, gateCodes: ["FIELD_NOT_TEXT"] },
    { appliesTo: anyField },
  );
}

/** UPL-MP-14: text fields at the edge of what the route promises. */
export const textRules: Check = {
  id: "UPL-MP-14",
  title: "Each text field keeps to its rule, and has one value with one reading",
  why: "A rule that only the page's script knows is no rule.",
  standards: ["v5.0.0-2.2.1", "CWE-20", "CWE-1284"],
  flags: ["s"],
  topic: "fields",
  remedy: {
    fastapi:
      "`Annotated[str, Form(max_length=200)]` for each field, and a look at `form.multi_items()` for repetitions; decode errors must be 422.",
    django:
      "A `forms.Form` with `CharField(max_length=…, required=…)`; `getlist` shows repetitions, of which Django takes the last.",
    flask:
      "`request.form.getlist(name)`, lengths and characters looked at by your own code or a form library.",
    gate: "`accept.fields.NAME: { max-length: 200, optional: true }`.",
  },
  cases: [
    atLimit("as long as allowed", "a"),
    atLimit("as long as allowed, in characters of two bytes", "é"),
    atLimit("as long as allowed, in characters of four bytes", "\u{1F600}"),
    refuses(
      "one character too long",
      (target) => withValues(target, any, (field) => ["a".repeat(field.lengthCharsMax + 1)]),
      { ...invalid, gateCodes: ["FIELD_TOO_LONG"] },
      { appliesTo: anyField },
    ),
    refuses(
      "empty where a length is asked for",
      (target) =>
        withValues(
          target,
          (field) => field.lengthCharsMin > 0,
          () => [""],
        ),
      { ...invalid, gateCodes: ["FIELD_TOO_SHORT", "FIELD_MISSING"] },
      { appliesTo: whereField((field) => field.lengthCharsMin > 0, "every text field may be empty") },
    ),
    accepts(
      "empty where that is allowed",
      (target) =>
        withValues(
          target,
          (field) => field.lengthCharsMin === 0,
          () => [""],
        ),
      { appliesTo: whereField((field) => field.lengthCharsMin === 0, "no text field may be empty") },
    ),
    neutralises(
      "with line breaks",
      (target) => withValues(target, any, () => ["a\r\nb"]),
      { ...invalid, gateCodes: ["FIELD_NOT_TEXT"] },
      noFurtherHarm,
      { appliesTo: anyField },
    ),
    notText("invalid UTF-8", latin1("a\xff\xfeb")),
    notText("overlong UTF-8", latin1("a\xc0\xafb")),
    notText("a surrogate in UTF-8", latin1("a\xed\xa0\x80b")),
    notText("a NUL", latin1("a\0b")),
    notText("an escape character", latin1("a\x1b[2Jb")),
    refuses(
      "missing where it is required",
      (target) =>
        withValues(
          target,
          (field) => !field.optional,
          () => [],
        ),
      { ...invalid, gateCodes: ["FIELD_MISSING"] },
      { appliesTo: whereField((field) => !field.optional, "every text field is optional") },
    ),
    accepts(
      "missing where it is optional",
      (target) =>
        withValues(
          target,
          (field) => field.optional,
          () => [],
        ),
      { appliesTo: whereField((field) => field.optional, "no text field is optional") },
    ),
    refuses(
      "sent once too often",
      (target) => withValues(target, any, (field) => Array<string>(field.countMax + 1).fill(field.control)),
      { ...invalid, gateCodes: ["FIELD_REPEATED"] },
      { appliesTo: anyField },
    ),
  ],
};
