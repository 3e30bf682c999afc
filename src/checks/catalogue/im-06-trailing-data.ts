import type { Check, CheckCase, Target } from "../check.ts";
import { keeps } from "../content-case.ts";
import { pythonRemedy } from "../framework-remedy.ts";
import { GIF, honestPicture, JPEG, neutralPicture, PNG, WEBP } from "../image-case.ts";
import { joined, latin1 } from "../payloads/bytes.ts";
import { seededBytes } from "../payloads/seeded-bytes.ts";
import { honestZip } from "../zip-case.ts";

const LEFT = "FLOWCHECK-LEFT-OVER";

/** What is left of a larger picture that was cut, and saved over itself. */
const leftOver = ({ seed }: Target) => joined(latin1(LEFT), seededBytes(seed, 600));

function trailing(name: string, mediaType: string, tail: (target: Target) => Uint8Array): CheckCase {
  const harm = keeps("the bytes behind its end", LEFT, "PK\x05\x06");
  return neutralPicture(name, mediaType, (target) => joined(honestPicture(mediaType), tail(target)), harm);
}

/** UPL-IM-06: bytes behind the end of a picture. */
export const trailingData: Check = {
  id: "UPL-IM-06",
  title: "A stored picture ends where the picture ends",
  why: "What lies behind its end is a second file for who looks for one, or what somebody meant to cut away.",
  standards: ["CWE-212", "CWE-434", "CVE-2023-21036"],
  flags: ["s"],
  topic: "images",
  remedy: pythonRemedy(
    "Encode pictures anew before they are stored: what is behind the end is then gone. Where the bytes must stay as they are, refuse a PNG that does not end with `IEND` and its CRC, a JPEG that does not end with FF D9, a GIF with 3B, a WebP whose RIFF size plus 8 is not the file's.",
    "Name the picture types in `types: [...]` (not `any`) and set `mode: enforce`: the gate then refuses bytes behind a picture's end.",
  ),
  cases: [
    trailing("an older picture's rest behind a PNG", PNG, leftOver),
    trailing("an older picture's rest behind a JPEG", JPEG, leftOver),
    trailing("an older picture's rest behind a GIF", GIF, leftOver),
    trailing("an older picture's rest behind a WebP", WEBP, leftOver),
    trailing("an archive behind a PNG", PNG, honestZip),
    trailing("an archive behind a JPEG", JPEG, honestZip),
    trailing("an archive behind a WebP", WEBP, honestZip),
  ],
};
