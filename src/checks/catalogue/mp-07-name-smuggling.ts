import type { Check, CheckCase, ReceivedUpload, Target, UploadContent } from "../check.ts";
import { accepts, multipartOnly, neutralises, refuses, strictly } from "../define-case.ts";
import { controlContent, filePart, formProbe, formWithFilePart } from "../payloads/form.ts";

const refused = {
  statuses: [400, 415, 422],
  gateCodes: ["PROTOCOL_EXTENDED_PARAMETER", "PROTOCOL_PART_HEADER_MALFORMED", "PROTOCOL_PART_NAME_MISSING"],
};

/** The control's file part with other parameters in its Content-Disposition. */
function named(target: Target, parameters: (field: string, name: string) => string) {
  const content = controlContent(target);
  const [file] = content.files;
  if (file === undefined) throw new Error("the control has no file");
  return formProbe(
    target,
    formWithFilePart(target, filePart(file, parameters(file.field, file.name))),
    content,
  );
}

function isOtherName(received: ReceivedUpload, content: UploadContent): string | null {
  const got = received.files[0]?.name ?? null;
  return got === null || got === content.files[0]?.name
    ? null
    : `the service got the name ${JSON.stringify(got)}`;
}

function smuggled(name: string, parameters: (field: string, name: string) => string): CheckCase {
  return neutralises(name, (target) => named(target, parameters), refused, isOtherName, {
    appliesTo: multipartOnly,
  });
}

function refusedNaming(name: string, parameters: (field: string, name: string) => string): CheckCase {
  return refuses(
    name,
    (target) => named(target, parameters),
    { ...refused, gateCodes: [...refused.gateCodes, "FIELD_UNKNOWN", "FILE_IS_FIELD"] },
    { appliesTo: multipartOnly },
  );
}

/** UPL-MP-07: a second file name in the notation that form-data does not have. */
export const nameSmuggling: Check = {
  id: "UPL-MP-07",
  title: "A second name in extended notation never replaces the plain one",
  why: "A scanner that judges filename and a service that stores filename* judge and store two different files.",
  standards: ["CWE-436", "CWE-20", "CVE-2026-53537", "CVE-2026-114101", "PYSEC-2026-3041", "CRS-920120"],
  flags: ["s"],
  remedy: {
    fastapi:
      "python-multipart ≥ 0.0.32 (CVE-2026-53537). Do not use `UploadFile.filename` for anything but showing it.",
    django:
      "Django prefers `filename*`: take neither for a path, a type or a decision, and generate the stored name by `upload_to`.",
    flask: "Werkzeug decodes `filename*`: the stored name must be your own.",
    gate: "Nothing to write: a second name is 400, unless it says the same as the first.",
  },
  cases: [
    smuggled(
      "filename and another filename*",
      (field, name) => `name="${field}"; filename="${name}"; filename*=utf-8''a.html`,
    ),
    smuggled(
      "filename* before filename",
      (field, name) => `name="${field}"; filename*=utf-8''a.html; filename="${name}"`,
    ),
    smuggled(
      "filename* in ISO-8859-1",
      (field, name) => `name="${field}"; filename="${name}"; filename*=iso-8859-1''a.html`,
    ),
    smuggled(
      "filename* in an unknown charset",
      (field, name) => `name="${field}"; filename="${name}"; filename*=x-none''${name}`,
    ),
    smuggled(
      "filename beside filename*0",
      (field, name) => `name="${field}"; filename="${name}"; filename*0="a.html"`,
    ),
    smuggled(
      "filename beside encoded pieces",
      (field, name) => `name="${field}"; filename="${name}"; filename*0*=utf-8''a; filename*1*=.html`,
    ),
    refusedNaming(
      "filename in pieces alone",
      (field) => `name="${field}"; filename*0="a"; filename*1=".html"`,
    ),
    ...strictly([
      refusedNaming(
        "another name*",
        (field, name) => `name="${field}"; name*=utf-8''other; filename="${name}"`,
      ),
      refusedNaming("name* alone", (field, name) => `name*=utf-8''${field}; filename="${name}"`),
    ]),
    accepts(
      "filename* that says the same as filename, as .NET sends it",
      (target) =>
        named(
          target,
          (field, name) =>
            `name="${field}"; filename="${name}"; filename*=utf-8''${encodeURIComponent(name)}`,
        ),
      { appliesTo: multipartOnly },
    ),
  ],
};
