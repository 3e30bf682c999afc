/**
 * The schema of `accept`: what file fields and text fields take.
 */
import { nearestWord } from "../setup/nearest-word.ts";
import { describeWritten, listWords, misread, type Reading, read, readDistinct } from "../setup/reading.ts";
import { group, namedGroup, value, wholeNumber, yesNo } from "../setup/schema.ts";
import { readSize, SIZE_PATTERN } from "../setup/size.ts";
import { FILE_TYPES, findFileType } from "../uploads/file-types.ts";

/** A text field is kept in memory while it arrives. */
const TEXT_CHARS_MAX = 100_000;
const COUNT_MAX = 1000;
const NAME_CHARS_MAX = 100;

const KNOWN_TYPES = FILE_TYPES.map((type) => type.mediaType);
const TYPES_MISSING = `write the types that the service expects, such as types: [image/png], or types: any.`;

const types = value(readTypes, TYPES_MISSING, {
  description:
    "Types that the gate verifies by content, or the word any for opaque bytes whose type nobody verifies.",
  oneOf: [
    { const: "any", description: "Any bytes; nothing is verified." },
    {
      type: "array",
      minItems: 1,
      uniqueItems: true,
      items: { oneOf: FILE_TYPES.map((type) => ({ const: type.mediaType, description: type.label })) },
    },
  ],
});

const maxSize = value(readMaxSize, "write the most bytes of one file, such as max-size: 5 MiB.", {
  description:
    "The most that one file may have: a number and B, kB, MB, GB, TB (thousands) or KiB, MiB, GiB, TiB (1024).",
  type: "string",
  pattern: SIZE_PATTERN,
  examples: ["5 MiB"],
});

const count = wholeNumber(
  1,
  COUNT_MAX,
  "How often the field may be sent in one upload; 1 where left out.",
).default(1);
const optional = yesNo("Whether the field may be left out; false where left out.").default(false);

const FILE_RULE_MISSING = "write { types: [image/png], max-size: 5 MiB }.";
const FIELD_RULE_MISSING = "write { max-length: 200 }.";

const fileRule = group(
  { types, "max-size": maxSize, count, optional },
  FILE_RULE_MISSING,
  "What one file field takes.",
);

const fieldRule = group(
  {
    "max-length": wholeNumber(1, TEXT_CHARS_MAX, "The most characters (Unicode code points) of the text."),
    "min-length": wholeNumber(0, TEXT_CHARS_MAX, "The fewest characters; 0 where left out.").default(0),
    count,
    optional,
  },
  FIELD_RULE_MISSING,
  "What one text field takes.",
);

const names = {
  type: "string",
  minLength: 1,
  maxLength: NAME_CHARS_MAX,
  description: "Name of the form field.",
};

/** `accept`, before what hangs together across keys is looked at. */
export const acceptSchema = group(
  {
    files: namedGroup(
      fileRule,
      `name each file field: files: { picture: ${FILE_RULE_MISSING.slice(6, -1)} }.`,
      "File fields by name.",
      names,
    ),
    fields: namedGroup(
      fieldRule,
      `write caption: ${FIELD_RULE_MISSING.slice(6, -1)}, or remove it.`,
      "Text fields by name; none where left out.",
      names,
    ).optional(),
  },
  "a flow accepts only what is listed; write accept: files: … .",
  "What the flow accepts; all else is refused.",
);

function readMaxSize(written: unknown): Reading<number> {
  const size = readSize(written);
  return size.ok && size.value === 0
    ? misread("a max-size of 0 would refuse every file; write at least 1 B.")
    : size;
}

function readTypes(written: unknown): Reading<"any" | readonly string[]> {
  if (written === "any") return read("any");
  if (typeof written === "string") {
    return misread(
      findFileType(written) ? `write it as a list: types: [${written}].` : typeSentence(written),
    );
  }
  if (!Array.isArray(written) || written.length === 0) {
    return misread(
      `expected a list of types or the word any, found ${describeWritten(written)}; ${TYPES_MISSING}`,
    );
  }
  return readDistinct(written, readType);
}

function readType(written: unknown): Reading<string> {
  return typeof written === "string" && findFileType(written) !== undefined
    ? read(written)
    : misread(typeSentence(written));
}

/** What to write in place of a type that the gate cannot verify. */
function typeSentence(written: unknown): string {
  if (written === "any") return 'The word any stands alone: "types: any", not in a list.';
  if (typeof written !== "string")
    return `expected a type such as image/png, found ${describeWritten(written)}.`;
  const lower = written.trim().toLowerCase();
  const byOtherName = FILE_TYPES.find(
    (type) =>
      type.mediaType === lower ||
      (type.aliases as readonly string[]).includes(lower) ||
      (type.extensions as readonly string[]).includes(lower.replace(/^\./, "")),
  );
  const nearest = byOtherName?.mediaType ?? nearestWord(lower, KNOWN_TYPES);
  const hint =
    nearest === null ? `It can verify ${listWords(KNOWN_TYPES, "and")};` : `Did you mean ${nearest}? Else`;
  return `${describeWritten(written)} is not a type that the gate can verify. ${hint} write types: any for bytes that nobody verifies.`;
}

const RESERVED_NAMES: ReadonlySet<string> = new Set(["_method", "_charset_"]);

/** What is wrong with the name of a form field, or `null`. */
export function fieldNameSentence(name: string): string | null {
  if (name === "") return "a field needs a name.";
  if ([...name].length > NAME_CHARS_MAX) return `a field's name has at most ${NAME_CHARS_MAX} characters.`;
  // Characters that browsers must escape in a name (HTML standard, multipart/form-data encoding algorithm), and what cannot be seen.
  if (/["\\\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(name)) {
    return "a field's name has no quotes, backslashes, control or invisible characters.";
  }
  if (RESERVED_NAMES.has(name.toLowerCase()) || /^sluicegate-/i.test(name)) {
    return "this name is reserved; no client may send it.";
  }
  return null;
}
