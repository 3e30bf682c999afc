import { gzipSync } from "node:zlib";
import type { Check } from "../check.ts";
import { DOCX, GZIP, PDF, ZIP } from "../content-case.ts";
import { GATE_SCANS_NOTHING, pythonRemedy } from "../framework-remedy.ts";
import { heldBack } from "../malware-case.ts";
import { utf8 } from "../payloads/bytes.ts";
import { docx } from "../payloads/office-files.ts";
import { pdfDocument, streamObject } from "../payloads/pdf-document.ts";
import { noVirus, testVirus } from "../payloads/test-virus.ts";
import { deflatedEntry, storedEntry, zipArchive } from "../payloads/zip-archive.ts";

type Wrap = (inner: Uint8Array) => Uint8Array;

/** The same wrapping around the test file and around a harmless one. */
function wrapped(name: string, mediaType: string, wrap: Wrap) {
  return heldBack(
    name,
    mediaType,
    () => wrap(testVirus()),
    () => wrap(noVirus()),
  );
}

const stored: Wrap = (inner) => zipArchive([storedEntry("note.com", inner)]);
const deflated: Wrap = (inner) => zipArchive([deflatedEntry("note.com", inner)]);
const inPdf: Wrap = (inner) =>
  pdfDocument({
    catalog: "/Names << /EmbeddedFiles << /Names [(note.com) 5 0 R] >> >>",
    objects: [
      "<< /Type /Filespec /F (note.com) /EF << /F 6 0 R >> >>",
      streamObject("/Type /EmbeddedFile", inner),
    ],
  });

/** A letter with one attachment. @see RFC 2045 section 6.8 */
function mail(inner: Uint8Array): Uint8Array {
  const lines = [
    "From: sender@example.com",
    "To: receiver@example.com",
    "Subject: A letter",
    "MIME-Version: 1.0",
    'Content-Type: multipart/mixed; boundary="part"',
    "",
    "--part",
    "Content-Type: application/octet-stream",
    "Content-Transfer-Encoding: base64",
    'Content-Disposition: attachment; filename="note.com"',
    "",
    Buffer.from(inner).toString("base64"),
    "--part--",
    "",
  ];
  return utf8(lines.join("\r\n"));
}

/** UPL-CT-02: the test file inside of other files. */
export const wrappedEicar: Check = {
  id: "UPL-CT-02",
  title: "The EICAR test file is found inside of other files",
  why: "Malware comes packed: a scan of the outside alone lets each archive, letter and document through.",
  standards: ["v5.0.0-5.4.3", "CWE-693"],
  flags: ["s"],
  topic: "malware",
  remedy: pythonRemedy(
    "Scan the whole file as it is, not parts of it and not what your code unpacked: clamd looks into archives, PDF, mail and Office files where `ScanArchive`, `ScanPDF`, `ScanMail` and `ScanOLE2` are `yes`, up to `MaxRecursion`, `MaxFiles` and `MaxScanSize`. Set `AlertExceedsMax yes`, so that what lies beyond is not called clean.",
    GATE_SCANS_NOTHING,
  ),
  cases: [
    wrapped("stored in a ZIP", ZIP, stored),
    wrapped("deflated in a ZIP", ZIP, deflated),
    wrapped("in a ZIP in a ZIP", ZIP, (inner) => zipArchive([storedEntry("inner.zip", deflated(inner))])),
    wrapped("in a ZIP in gzip", GZIP, (inner) => new Uint8Array(gzipSync(deflated(inner)))),
    wrapped("in a Word document", DOCX, (inner) =>
      docx({ parts: [deflatedEntry("word/media/image1.bin", inner)], defaults: { bin: "image/png" } }),
    ),
    wrapped("attached to a PDF", PDF, inPdf),
    wrapped("attached to a letter", "message/rfc822", mail),
  ],
};
