import type { Check, CheckCase } from "../check.ts";
import { keeps } from "../content-case.ts";
import { GATE_DECODES_NOTHING, pythonRemedy } from "../framework-remedy.ts";
import { JPEG, neutralPicture, PNG } from "../image-case.ts";
import { joined, latin1 } from "../payloads/bytes.ts";
import { pngBytes, pngChunk } from "../payloads/image-files.ts";
import { exifOfManyFields, jpegWithExif } from "../payloads/image-metadata.ts";
import { BOMB_BYTES, zlibZeros } from "../payloads/packed-bytes.ts";

const more = { bytesMax: 80 * 1024, refusal: { withinMs: 5000 } };

/** A compressed chunk of 64 MiB, its keyword before it. */
function packedChunk(name: string, chunk: string, head: string): CheckCase {
  return neutralPicture(
    name,
    PNG,
    () => pngBytes(pngChunk(chunk, joined(latin1(head), zlibZeros(BOMB_BYTES)))),
    keeps(`a chunk ${chunk} that unpacks to 64 MiB`, chunk),
    more,
  );
}

/** UPL-IM-02: a picture of one pixel, and texts that unpack to much. */
export const metadataBomb: Check = {
  id: "UPL-IM-02",
  title: "What a picture carries beside its pixels is bounded, too",
  why: "A limit on pixels says nothing about a comment of 64 KiB that a reader unpacks to 64 MiB.",
  standards: ["CWE-409", "CVE-2026-40192"],
  flags: ["b"],
  topic: "images",
  remedy: pythonRemedy(
    "Use a Pillow with the fix of CVE-2026-40192 and leave `PngImagePlugin.MAX_TEXT_CHUNK` (1 MiB) and `MAX_TEXT_MEMORY` (64 MiB) where they are or lower; decode in a process with a memory limit, and store what you have encoded anew without metadata.",
    GATE_DECODES_NOTHING,
  ),
  cases: [
    packedChunk("a compressed comment", "zTXt", "Comment\0\0"),
    packedChunk("a compressed international text", "iTXt", "XML:com.adobe.xmp\0\x01\0\0\0"),
    packedChunk("a compressed colour profile", "iCCP", "profile\0\0"),
    neutralPicture(
      "Exif that says 65,535 entries and a value of 4 GiB",
      JPEG,
      () => jpegWithExif(exifOfManyFields()),
      keeps("the damaged Exif", "a long text"),
      more,
    ),
  ],
};
