import type { Check } from "../check.ts";
import { joined, latin1, repeated } from "../payloads/bytes.ts";
import { htmlFile, pdfBytes, zipFile } from "../payloads/document-files.ts";
import { gifBytes, jpegBytes, pngBytes } from "../payloads/image-files.ts";
import { wrongBytes } from "../type-case.ts";

/** `GIF89a` becomes a variable, the screen size opens a comment, and the bytes behind the trailer close it. */
function gifAndScript(): Uint8Array {
  const gif = gifBytes();
  return joined(gif.subarray(0, 6), "/*", gif.subarray(8), "*/=0;void 0;\n");
}

/** UPL-TY-06: one file, two readings. */
export const polyglotFile: Check = {
  id: "UPL-TY-06",
  title: "A file that can be read as a second format is refused",
  why: "It passes as an image, and is a script, a page or an archive to the program that opens it next.",
  standards: ["CWE-434", "CWE-436"],
  flags: ["s"],
  topic: "types",
  remedy: {
    fastapi:
      "Decide by content: a magic number and a structural parse (`PIL.Image.open(f, formats=['PNG', 'JPEG']).verify()`), in a thread, and agree extension and declared type with it. `UploadFile.content_type` is the client's word. Re-encode images (`Image.save` of the decoded pixels): a second reading does not survive.",
    django:
      "`FileExtensionValidator` looks at the name and `ImageField` at what Pillow can open: add a validator of your own on the content, with a list of formats. Re-encode images.",
    flask:
      "`FileStorage.mimetype` is the client's word. Decide by content: magic number and structural parse (`PIL.Image.open(f, formats=[…]).verify()`). Re-encode images.",
    gate: "`accept.files.NAME.types: [image/png, image/jpeg]`: content, extension and declared type must agree. Bytes before the beginning or after the end are refused.",
  },
  cases: [
    wrongBytes("a GIF that is a script", "image/gif", gifAndScript()),
    wrongBytes("a JPEG with a ZIP behind it", "image/jpeg", joined(jpegBytes(), zipFile().bytes)),
    wrongBytes("a JPEG with a script behind it", "image/jpeg", joined(jpegBytes(), "*/=0;void 0;\n")),
    wrongBytes("a PNG with a page behind it", "image/png", joined(pngBytes(), htmlFile().bytes)),
    wrongBytes("a PNG with a ZIP behind it", "image/png", joined(pngBytes(), zipFile().bytes)),
    wrongBytes("a PDF behind 1,016 other bytes", "application/pdf", joined(repeated(0x20, 1016), pdfBytes())),
    wrongBytes("a PDF behind an image", "application/pdf", joined(jpegBytes(), pdfBytes())),
    wrongBytes("a PDF with a ZIP behind it", "application/pdf", joined(pdfBytes(), zipFile().bytes)),
    wrongBytes("a PDF with a page behind it", "application/pdf", joined(pdfBytes(), htmlFile().bytes)),
    wrongBytes("a ZIP behind a page", "application/zip", joined(htmlFile().bytes, zipFile().bytes)),
    wrongBytes(
      "a ZIP behind a program's first bytes",
      "application/zip",
      joined(latin1("MZ\x90\0"), zipFile().bytes),
    ),
    wrongBytes("a ZIP with a page behind it", "application/zip", joined(zipFile().bytes, htmlFile().bytes)),
  ],
};
