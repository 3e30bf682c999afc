import type { Check, SampleFile } from "../check.ts";
import { whereAll } from "../define-case.ts";
import { utf8 } from "../payloads/bytes.ts";
import { exeFile, htmlFile } from "../payloads/document-files.ts";
import { refusedFile, renamed, SAMPLES, takesNames, takesNot } from "../type-case.ts";

const script = (name: string, mediaType: string, text: string): SampleFile => ({
  name,
  mediaType,
  bytes: utf8(text),
});

const ACTIVE: readonly SampleFile[] = [
  htmlFile(),
  exeFile(),
  script("page.php", "application/x-httpd-php", "<?php /* inert */ ?>\n"),
  script("page.jsp", "text/plain", "<%-- inert --%>\n"),
  script("page.svg", "image/svg+xml", '<svg xmlns="http://www.w3.org/2000/svg"/>\n'),
  script("run.sh", "application/x-sh", "#!/bin/sh\n:\n"),
];

/** UPL-TY-01: honest files of types that nobody asked for. */
export const notAllowed: Check = {
  id: "UPL-TY-01",
  title: "Only the types that the route names are taken",
  why: "A list of what is forbidden is never complete; a list of what is allowed is.",
  standards: ["v5.0.0-5.2.2", "CWE-434", "WSTG-BUSL-08"],
  flags: ["s"],
  topic: "types",
  remedy: {
    fastapi:
      "Decide by content: a magic number and a structural parse (`PIL.Image.open(f, formats=['PNG', 'JPEG']).verify()`), in a thread, and agree extension and declared type with it. `UploadFile.content_type` is the client's word. List what is allowed, not what is forbidden.",
    django:
      "`FileExtensionValidator` looks at the name and `ImageField` at what Pillow can open: add a validator of your own on the content, with a list of formats. List what is allowed, not what is forbidden.",
    flask:
      "`FileStorage.mimetype` is the client's word. Decide by content: magic number and structural parse (`PIL.Image.open(f, formats=[…]).verify()`). List what is allowed, not what is forbidden.",
    gate: "`accept.files.NAME.types: [image/png, image/jpeg]`: content, extension and declared type must agree.",
  },
  cases: [
    ...ACTIVE.map((file) => refusedFile(file.name, () => file, { appliesTo: takesNot(file.mediaType) })),
    ...SAMPLES.map((file) =>
      refusedFile(`an honest ${file.mediaType}`, () => file, { appliesTo: takesNot(file.mediaType) }),
    ),
    refusedFile("an allowed file without extension", (target) => ({ name: renamed(target, "") }), {
      appliesTo: takesNames,
    }),
    refusedFile(
      "an allowed file called by its extension alone",
      (target) => ({ name: target.file.control.name.replace(/^.*\./, ".") }),
      {
        appliesTo: whereAll(takesNames),
      },
    ),
  ],
};
