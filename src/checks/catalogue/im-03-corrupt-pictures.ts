import { deflateSync } from "node:zlib";
import type { Check, CheckCase } from "../check.ts";
import { keeps } from "../content-case.ts";
import { pythonRemedy } from "../framework-remedy.ts";
import { GIF, honestPicture, JPEG, neutralPicture, PNG, refusedPicture, WEBP } from "../image-case.ts";
import { joined, latin1 } from "../payloads/bytes.ts";
import { pngChunk } from "../payloads/image-files.ts";
import { exifInCircles, jpegWithExif } from "../payloads/image-metadata.ts";
import { pngOf } from "../payloads/image-variants.ts";
import { seededBytes } from "../payloads/seeded-bytes.ts";

const quick = { refusal: { withinMs: 3000 } };

/** The honest picture with bytes changed: from an offset, or from where a pattern is. */
function changed(mediaType: string, at: number | string, ...bytes: readonly number[]): Uint8Array {
  const picture = honestPicture(mediaType);
  const from = typeof at === "number" ? at : Buffer.from(picture).indexOf(at, 0, "latin1") + at.length;
  picture.set(bytes, from);
  return picture;
}

function corrupt(name: string, mediaType: string, file: () => Uint8Array): CheckCase {
  return refusedPicture(name, mediaType, file, quick);
}

const pngHeader = (width: number, height: number, depth: number, colour: number) =>
  Uint8Array.of(0, 0, 0, width, 0, 0, 0, height, depth, colour, 0, 0, 0);
const pngData = (rows: Uint8Array) => pngChunk("IDAT", new Uint8Array(deflateSync(rows)));

/** UPL-IM-03: pictures that begin well. */
export const corruptPictures: Check = {
  id: "UPL-IM-03",
  title: "A picture that cannot be decoded is refused as the client's mistake",
  why: "What a decoder makes of a damaged picture is an error of the server at best, and memory that is not the picture's at worst.",
  standards: ["v5.0.0-15.2.5", "CWE-20"],
  flags: ["s"],
  topic: "images",
  remedy: pythonRemedy(
    "Decode the whole picture once, before it is stored: `Image.open(file, formats=[...])`, `verify()`, then open it again and `load()`; take any exception of the decoder for a refusal (not only `OSError`: damaged files raise `ValueError`, `IndexError` and more). `verify()` alone does not look at the pixels of most formats. Leave `ImageFile.LOAD_TRUNCATED_IMAGES` off.",
    "With `mode: enforce` the gate walks a picture from its first byte to its last and refuses what is cut off or has wrong lengths. It decodes no pixels: damage inside of them passes, so the service must still bear it.",
    {
      django:
        "Django's `ImageField` calls `verify()` only: add a validator that opens the file again and calls `load()`.",
    },
  ),
  cases: [
    corrupt("a PNG of no width", PNG, () => pngOf(pngHeader(0, 1, 8, 0), pngData(Uint8Array.of(0)))),
    corrupt("a PNG of an impossible colour type", PNG, () =>
      pngOf(pngHeader(1, 1, 8, 5), pngData(Uint8Array.of(0, 128))),
    ),
    corrupt("a PNG without pixels", PNG, () => pngOf(pngHeader(1, 1, 8, 0))),
    corrupt("a PNG that ends within its pixels", PNG, () => {
      const whole = pngOf(
        pngHeader(64, 64, 8, 0),
        pngData(seededBytes("rows", 64 * 65).map((byte, index) => (index % 65 === 0 ? 0 : byte))),
      );
      return whole.subarray(0, 1000);
    }),
    corrupt("a PNG whose pixels are no deflate stream", PNG, () =>
      pngOf(pngHeader(1, 1, 8, 0), pngChunk("IDAT", latin1("\x78\x9c\xff\xff\xff\xff"))),
    ),
    corrupt("a PNG with an unknown filter", PNG, () =>
      pngOf(pngHeader(1, 1, 8, 0), pngData(Uint8Array.of(99, 128))),
    ),
    corrupt("a JPEG whose frame has no components", JPEG, () =>
      changed(JPEG, "\xff\xc0\0\x0b\x08\0\x08\0\x08", 0),
    ),
    corrupt("a JPEG of no height", JPEG, () => changed(JPEG, "\xff\xc0\0\x0b\x08", 0, 0)),
    corrupt("a JPEG whose scan uses a table that is not there", JPEG, () =>
      changed(JPEG, "\xff\xda\0\x08\x01\x01", 0x33),
    ),
    corrupt("a JPEG with a table of too many codes", JPEG, () => changed(JPEG, "\xff\xc4\0\x14\0", 255, 255)),
    corrupt("a JPEG with a segment that is too long", JPEG, () => changed(JPEG, "\xff\xdb", 0x7f, 0xff)),
    neutralPicture(
      "a JPEG with Exif that goes in circles",
      JPEG,
      () => jpegWithExif(exifInCircles()),
      keeps("Exif that goes in circles", "round and round"),
      quick,
    ),
    corrupt("a GIF with an impossible code size", GIF, () =>
      changed(GIF, honestPicture(GIF).indexOf(0x2c) + 10, 30),
    ),
    corrupt("a GIF without a picture", GIF, () =>
      joined(honestPicture(GIF).subarray(0, 19), Uint8Array.of(0x3b)),
    ),
    corrupt("a GIF of no width", GIF, () => changed(GIF, honestPicture(GIF).indexOf(0x2c) + 5, 0, 0)),
    corrupt("a WebP whose length is false", WEBP, () => changed(WEBP, 4, 0xff, 0xff, 0xff, 0x7f)),
    corrupt("a WebP whose pixels are damaged", WEBP, () =>
      changed(WEBP, 25, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
    ),
  ],
};
