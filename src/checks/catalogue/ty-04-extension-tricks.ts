import type { Check, CheckCase } from "../check.ts";
import { endsIn } from "../harms.ts";
import { hostileName } from "../name-case.ts";
import { takesKnownTypes } from "../type-case.ts";

const isActive = endsIn(
  ".html",
  ".htm",
  ".php",
  ".phtml",
  ".shtml",
  ".xht",
  ".xhtml",
  ".svg",
  ".svgz",
  ".asp",
  ".aspx",
  ".jsp",
  ".hta",
);

/** Where any bytes are taken, any extension is right. */
const trick = (...args: Parameters<typeof hostileName>): CheckCase => ({
  ...hostileName(...args),
  appliesTo: takesKnownTypes,
});

/** UPL-TY-04: extensions that a list forgets. */
export const extensionTricks: Check = {
  id: "UPL-TY-04",
  title: "The last extension counts, however it is written",
  why: "A server that serves by extension reads the name in its own way, and its way is not the filter's.",
  standards: ["CWE-434", "CWE-178"],
  flags: ["s"],
  topic: "types",
  remedy: {
    fastapi:
      "Decide by content: a magic number and a structural parse (`PIL.Image.open(f, formats=['PNG', 'JPEG']).verify()`), in a thread, and agree extension and declared type with it. `UploadFile.content_type` is the client's word. Store with the extension of the verified type, whatever the name said.",
    django:
      "`FileExtensionValidator` looks at the name and `ImageField` at what Pillow can open: add a validator of your own on the content, with a list of formats. Store with the extension of the verified type.",
    flask:
      "`FileStorage.mimetype` is the client's word. Decide by content: magic number and structural parse (`PIL.Image.open(f, formats=[…]).verify()`). Store with the extension of the verified type.",
    gate: "`accept.files.NAME.types: [image/png, image/jpeg]`: content, extension and declared type must agree.",
  },
  cases: [
    trick("an active extension behind the allowed one", (extension) => `a${extension}.html`, isActive),
    trick("mixed capitals", () => "a.HtMl", isActive),
    trick("a dot at the end", () => "a.html.", isActive),
    trick("a space at the end", () => "a.php ", isActive),
    trick("a semicolon before the allowed one", (extension) => `a.asp;${extension}`, isActive),
    trick("a rare extension of pages", () => "a.xht", isActive),
    trick("a compressed drawing", () => "a.svgz", isActive),
    trick("server-side includes", () => "a.shtml", isActive),
    trick(
      "a number behind",
      () => "a.php7",
      (name) => (name.endsWith(".php7") ? "the dangerous extension kept" : null),
    ),
    trick("an active extension before the allowed one", (extension) => `a.html${extension}`, isActive),
  ],
};
