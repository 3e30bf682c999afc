import type { Check, CheckCase } from "../check.ts";
import { keeps, neutralInside } from "../content-case.ts";
import { GATE_DECODES_NOTHING, pythonRemedy } from "../framework-remedy.ts";
import { dropsMetadata, JPEG, neutralPicture, PNG, WEBP } from "../image-case.ts";
import { joined, latin1 } from "../payloads/bytes.ts";
import { heicBytes, heicWithPlace } from "../payloads/heic-pictures.ts";
import { pngBytes, pngChunk } from "../payloads/image-files.ts";
import {
  exifWithPlace,
  jpegWithExif,
  jpegWithXmp,
  PLACE_MARK,
  SERIAL_MARK,
  THUMBNAIL_MARK,
  xmpWithPlace,
} from "../payloads/image-metadata.ts";
import { riffChunk, webpBytes } from "../payloads/image-variants.ts";

const keepsPlace = keeps(
  "the place or the camera it was taken with",
  PLACE_MARK,
  SERIAL_MARK,
  THUMBNAIL_MARK,
);

/** A picture that tells where it was taken; its twin tells nothing. */
function placed(name: string, mediaType: string, file: () => Uint8Array): CheckCase {
  return neutralPicture(name, mediaType, file, keepsPlace, { appliesTo: dropsMetadata });
}

const pngXmp = () => joined(latin1("XML:com.adobe.xmp\0\0\0\0\0"), xmpWithPlace());

/** UPL-IM-04: pictures that know where somebody lives. */
export const locationLeak: Check = {
  id: "UPL-IM-04",
  title: "A stored picture no longer tells where and with which camera it was taken",
  why: "A telephone writes the place into each picture, and whoever fetches the picture reads it.",
  standards: ["v5.0.0-14.2.8", "CWE-200", "CWE-1230"],
  flags: ["s"],
  topic: "images",
  remedy: pythonRemedy(
    "Store what you have encoded anew: `ImageOps.exif_transpose(image)`, then a new image of its pixels (`Image.new(image.mode, image.size)` and `paste`), saved without `exif=`, `xmp=` or `pnginfo=`. Deleting single tags misses XMP, the small picture inside Exif, and what a maker's own block says.",
    GATE_DECODES_NOTHING,
  ),
  cases: [
    placed("Exif of a JPEG", JPEG, () => jpegWithExif(exifWithPlace())),
    placed("XMP of a JPEG", JPEG, () => jpegWithXmp(xmpWithPlace())),
    placed("Exif of a PNG", PNG, () => pngBytes(pngChunk("eXIf", exifWithPlace()))),
    placed("XMP of a PNG", PNG, () => pngBytes(pngChunk("iTXt", pngXmp()))),
    placed("a text of a PNG", PNG, () => pngBytes(pngChunk("tEXt", latin1(`Location\0${PLACE_MARK}`)))),
    neutralInside("Exif of a HEIC", "image/heic", {
      file: heicWithPlace,
      twin: heicBytes,
      harm: keepsPlace,
      appliesTo: dropsMetadata,
    }),
    placed("Exif of a WebP", WEBP, () => webpBytes([riffChunk("EXIF", exifWithPlace())])),
    placed("XMP of a WebP", WEBP, () => webpBytes([riffChunk("XMP ", xmpWithPlace())])),
  ],
};
