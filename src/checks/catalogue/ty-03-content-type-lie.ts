import type { Check } from "../check.ts";
import { multipartOnly } from "../define-case.ts";
import { htmlFile } from "../payloads/document-files.ts";
import { controlContent, formProbe, formWithFilePart, part } from "../payloads/form.ts";
import { hostileFile, isActiveType, refusedFile, renamed, takesNames } from "../type-case.ts";

/** UPL-TY-03: a declared type that is not the file's. */
export const contentTypeLie: Check = {
  id: "UPL-TY-03",
  title: "The declared type never decides",
  why: "Content-Type is one line that the client writes; a filter that believes it is passed by writing another.",
  standards: ["CWE-345"],
  flags: ["s"],
  topic: "types",
  remedy: {
    fastapi:
      "Decide by content: a magic number and a structural parse (`PIL.Image.open(f, formats=['PNG', 'JPEG']).verify()`), in a thread, and agree extension and declared type with it. `UploadFile.content_type` is the client's word.",
    django:
      "`FileExtensionValidator` looks at the name and `ImageField` at what Pillow can open: add a validator of your own on the content, with a list of formats.",
    flask:
      "`FileStorage.mimetype` is the client's word. Decide by content: magic number and structural parse (`PIL.Image.open(f, formats=[…]).verify()`).",
    gate: "`accept.files.NAME.types: [image/png, image/jpeg]`: content, extension and declared type must agree.",
  },
  cases: [
    refusedFile("a page declared as the allowed type", (target) => ({
      name: "page.html",
      bytes: htmlFile().bytes,
      mediaType: target.file.control.mediaType,
    })),
    refusedFile("a page declared and named as the allowed type", () => ({ bytes: htmlFile().bytes }), {
      appliesTo: ({ file }) => !file.control.mediaType.startsWith("text/") || "the control is text",
    }),
    hostileFile("an allowed file declared as a page", () => ({ mediaType: "text/html" }), isActiveType),
    hostileFile(
      "an allowed file declared as a script",
      () => ({ mediaType: "application/javascript" }),
      isActiveType,
    ),
    hostileFile(
      "an allowed file named and declared as a page",
      (target) => ({ mediaType: "text/html", name: renamed(target, ".html") }),
      isActiveType,
      { appliesTo: takesNames },
    ),
    hostileFile(
      "two declared types",
      (target) => ({ mediaType: `${target.file.control.mediaType}, text/html` }),
      isActiveType,
    ),
    hostileFile("a declared type that is no type", () => ({ mediaType: "png" }), isActiveType),
    hostileFile(
      "a declared type in capitals",
      (target) => ({ mediaType: target.file.control.mediaType.toUpperCase() }),
      isActiveType,
    ),
    hostileFile("opaque octets declared", () => ({ mediaType: "application/octet-stream" }), isActiveType),
    {
      ...hostileFile("no declared type", () => ({}), isActiveType, { appliesTo: multipartOnly }),
      probe: (target) => {
        const { field, control } = target.file;
        const untyped = part(
          [`Content-Disposition: form-data; name="${field}"; filename="${control.name}"`],
          control.bytes,
        );
        return formProbe(target, formWithFilePart(target, untyped), controlContent(target));
      },
    },
  ],
};
