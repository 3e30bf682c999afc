import type { Check } from "../check.ts";
import { DOCX, PDF, ZIP } from "../content-case.ts";
import { pythonRemedy } from "../framework-remedy.ts";
import { heldBack } from "../malware-case.ts";
import { utf8 } from "../payloads/bytes.ts";
import { compoundFile } from "../payloads/compound-file.ts";
import { lockedEntry, sevenZip } from "../payloads/locked-archives.ts";
import { docx } from "../payloads/office-files.ts";
import { encryptedPdf, pdfDocument } from "../payloads/pdf-document.ts";
import { seededBytes } from "../payloads/seeded-bytes.ts";
import { storedEntry, zipArchive } from "../payloads/zip-archive.ts";

const PASSWORD = "flowcheck";
const WHAT = "a file that no scanner can look into";
const note = utf8("Nothing here.\n");

/** A Word document under a password: the package as one stream of what looks like chance. @see [MS-OFFCRYPTO] section 2.3.4 */
function lockedOffice(): Uint8Array {
  const info = utf8('<encryption xmlns="http://schemas.microsoft.com/office/2006/encryption"/>');
  return compoundFile([
    { name: "EncryptionInfo", content: new Uint8Array([4, 0, 4, 0, 0x40, 0, 0, 0, ...info]) },
    { name: "EncryptedPackage", content: seededBytes("package", 4096) },
  ]);
}

/** UPL-CT-04: files that open only with a password. */
export const unscannable: Check = {
  id: "UPL-CT-04",
  title: "What cannot be scanned is refused, or said to be unscanned",
  why: "Malware under a password, told in the same letter, passes every scanner that calls unreadable files clean.",
  standards: ["v5.0.0-5.4.3", "CWE-693"],
  flags: ["s"],
  topic: "malware",
  remedy: pythonRemedy(
    "Set `AlertEncrypted yes` in clamd.conf (the default is `no`) and take `Heuristics.Encrypted` for: not scanned. Without a scanner refuse set bit 0 of `ZipInfo.flag_bits`, `PdfReader.is_encrypted`, and Office files that begin with D0 CF 11 E0.",
    "Name `application/zip` or the Office types in `types: [...]` (not `any`) and set `mode: enforce`: the gate then refuses encrypted entries, and Office files under a password. Encrypted PDF passes: leave `application/pdf` out, or check in the service.",
  ),
  cases: [
    heldBack(
      "a ZIP with a password",
      ZIP,
      () => zipArchive([lockedEntry("note.txt", note, PASSWORD)]),
      () => zipArchive([storedEntry("note.txt", note)]),
      WHAT,
    ),
    heldBack(
      "a 7z with a password",
      "application/x-7z-compressed",
      () => sevenZip(true),
      () => sevenZip(false),
      WHAT,
    ),
    heldBack(
      "a PDF with a password",
      PDF,
      () => encryptedPdf(PASSWORD),
      () => pdfDocument(),
      WHAT,
    ),
    heldBack("a Word document with a password", DOCX, lockedOffice, () => docx(), WHAT),
  ],
};
