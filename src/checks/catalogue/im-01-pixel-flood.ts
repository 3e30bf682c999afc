import type { Check, CheckCase, Target } from "../check.ts";
import { whereAll } from "../define-case.ts";
import { GATE_DECODES_NOTHING, pythonRemedy } from "../framework-remedy.ts";
import { GIF, JPEG, PNG, refusedPicture, WEBP } from "../image-case.ts";
import { pngBytes, pngChunk } from "../payloads/image-files.ts";
import {
  blankPng,
  gifDeclaring,
  gifOfFrames,
  jpegDeclaring,
  pngDeclaring,
  webpBytes,
} from "../payloads/image-variants.ts";

const SIDE = 50_000;
/** The largest canvas of WebP whose area still fits in 32 bits. */
const WEBP_SIDE = 65_000;
const FRAMES = 10_000;
const FRAME_BYTES = 15;
const ROW_BYTES_MAX = 8 * 1024 * 1024;
const WIDTH = 8000;
const quick = { refusal: { withinMs: 3000 } };

function saysPixels({ inspect }: Target): true | string {
  return (
    inspect?.images == null || inspect.images.pixelsMax !== null || "the route promises no number of pixels"
  );
}

function saysFrames({ inspect }: Target): true | string {
  return (
    inspect?.images == null || inspect.images.framesMax !== null || "the route promises no number of frames"
  );
}

function flood(format: string, mediaType: string, file: () => Uint8Array): CheckCase {
  return refusedPicture(`a ${format} that says 50,000 by 50,000 pixels`, mediaType, file, {
    ...quick,
    appliesTo: saysPixels,
  });
}

/** Rows of a picture with as many pixels as are promised, rounded down to whole rows. */
function promisedRows({ inspect }: Target): number {
  return Math.floor((inspect?.images?.pixelsMax ?? 0) / WIDTH);
}

function isPromised(target: Target): true | string {
  const rows = promisedRows(target);
  if (rows === 0) return "the route promises no number of pixels that could be tried";
  return (
    rows * (WIDTH / 8 + 1) <= ROW_BYTES_MAX || "a picture beyond what is promised would be too large to send"
  );
}

function framesFor({ inspect }: Target): number {
  return Math.max(FRAMES, (inspect?.images?.framesMax ?? 0) + 1);
}

function fitsFrames(target: Target): true | string {
  if (framesFor(target) > 20 * FRAMES) return "the route takes more frames than could be tried";
  return target.file.sizeBytesMax > framesFor(target) * FRAME_BYTES + 100 || "so many frames do not fit";
}

/** An animation control chunk: frames, plays. @see PNG third edition section 11.3.6.1 */
function manyFramesPng(): Uint8Array {
  const control = new DataView(new ArrayBuffer(8));
  control.setUint32(0, 2_000_000_000);
  return pngBytes(pngChunk("acTL", new Uint8Array(control.buffer)));
}

/** UPL-IM-01: few bytes that say that they are very many pixels. */
export const pixelFlood: Check = {
  id: "UPL-IM-01",
  title: "A picture of too many pixels or frames is refused before it is decoded",
  why: "A decoder reserves memory for the size that the header says: 50,000 by 50,000 pixels are 10 GB.",
  standards: ["v5.0.0-5.2.6", "CWE-400", "CWE-789"],
  flags: ["b"],
  topic: "images",
  remedy: pythonRemedy(
    'Look at `Image.open(file, formats=["PNG", "JPEG"])` before `load()`: refuse where `width * height` or `n_frames` is beyond your limit. Set `Image.MAX_IMAGE_PIXELS`, and make Pillow\'s warning an error (`warnings.simplefilter("error", Image.DecompressionBombWarning)`): below twice the limit it only warns.',
    GATE_DECODES_NOTHING,
    {
      django:
        "Django's `ImageField` opens and verifies with Pillow and looks at no size: add a validator that reads `value.image.size`.",
    },
  ),
  cases: [
    flood("PNG", PNG, () => pngDeclaring(SIDE, SIDE)),
    flood("JPEG", JPEG, () => jpegDeclaring(SIDE, SIDE)),
    flood("GIF", GIF, () => gifDeclaring(SIDE, SIDE)),
    refusedPicture(
      "a WebP that says 65,000 by 65,000 pixels",
      WEBP,
      () => webpBytes([], [WEBP_SIDE, WEBP_SIDE]),
      { ...quick, appliesTo: saysPixels },
    ),
    refusedPicture("a GIF of 10,000 frames", GIF, (target) => gifOfFrames(framesFor(target)), {
      ...quick,
      bytesMax: 0,
      appliesTo: whereAll(saysFrames, fitsFrames),
      twin: () => gifOfFrames(2),
    }),
    refusedPicture(
      "one row of pixels more than is promised",
      PNG,
      (target) => blankPng(WIDTH, promisedRows(target) + 1),
      {
        ...quick,
        appliesTo: isPromised,
        twin: (target) => blankPng(WIDTH, promisedRows(target)),
      },
    ),
    refusedPicture("an animated PNG that says 2,000,000,000 frames", PNG, manyFramesPng, {
      ...quick,
      appliesTo: saysFrames,
    }),
  ],
};
