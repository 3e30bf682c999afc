import type { Check, CheckCase } from "../check.ts";
import { joined, latin1 } from "../payloads/bytes.ts";
import { wrongBytes } from "../type-case.ts";

const MARKUP = "<html><script>void 0</script></html>\n".repeat(20);

/** The first bytes of a type, then a page. */
function prefixed(mediaType: string, magic: string): CheckCase {
  const bytes = joined(latin1(magic), MARKUP);
  return wrongBytes(`a page behind the first bytes of ${mediaType}`, mediaType, bytes);
}

/** UPL-TY-05: right at the beginning and wrong after it. */
export const magicPrefix: Check = {
  id: "UPL-TY-05",
  title: "A file is known by its whole structure, not by its first bytes",
  why: "Six bytes in front of a page make it an image to whoever looks at six bytes.",
  standards: ["v5.0.0-5.2.2", "CWE-434"],
  flags: ["s"],
  topic: "types",
  remedy: {
    fastapi:
      "Decide by content: a magic number and a structural parse (`PIL.Image.open(f, formats=['PNG', 'JPEG']).verify()`), in a thread, and agree extension and declared type with it. `UploadFile.content_type` is the client's word. A magic number alone is no proof.",
    django:
      "`FileExtensionValidator` looks at the name and `ImageField` at what Pillow can open: add a validator of your own on the content, with a list of formats. A magic number alone is no proof.",
    flask:
      "`FileStorage.mimetype` is the client's word. Decide by content: magic number and structural parse (`PIL.Image.open(f, formats=[…]).verify()`). A magic number alone is no proof.",
    gate: "`accept.files.NAME.types: [image/png, image/jpeg]`: content, extension and declared type must agree. Structures are read to their end.",
  },
  cases: [
    prefixed("image/gif", "GIF89a"),
    prefixed("image/png", "\x89PNG\r\n\x1a\n"),
    prefixed("image/jpeg", "\xff\xd8\xff\xe0"),
    prefixed("application/pdf", "%PDF-1.7\n"),
    prefixed("application/zip", "PK\x03\x04"),
  ],
};
