import type { Check } from "../check.ts";
import { GATE_SCANS_NOTHING, pythonRemedy } from "../framework-remedy.ts";
import { heldBack } from "../malware-case.ts";
import { joined } from "../payloads/bytes.ts";
import { noVirus, testVirus } from "../payloads/test-virus.ts";

/** UPL-CT-01: the file that every scanner reports, and that harms nobody. */
export const eicar: Check = {
  id: "UPL-CT-01",
  title: "The EICAR test file is refused, or never comes out again",
  why: "Where even the test file gets through, nothing is scanned, or nobody acts on what the scanner says.",
  standards: ["v5.0.0-5.4.3", "WSTG-BUSL-09"],
  flags: ["s"],
  topic: "malware",
  remedy: pythonRemedy(
    "Stream the stored file to clamd (`INSTREAM`) before anybody can fetch it, and take only the exact answer `stream: OK` for clean: anything else, a timeout too, is not clean. Set `AlertExceedsMax yes` and `AlertEncrypted yes` in clamd.conf.",
    GATE_SCANS_NOTHING,
  ),
  cases: [
    heldBack("as plain text", "text/plain", testVirus, noVirus),
    heldBack(
      "as plain text with a line break behind it",
      "text/plain",
      () => joined(testVirus(), "\r\n"),
      noVirus,
    ),
    heldBack("as bytes of no type", "application/octet-stream", testVirus, noVirus),
  ],
};
