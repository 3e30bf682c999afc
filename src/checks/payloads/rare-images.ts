/**
 * Small valid pictures of formats that few routes want, and texts that some picture programs run in place of decoding.
 */
import type { SampleFile } from "../check.ts";
import { joined, latin1, repeated, utf8 } from "./bytes.ts";
import { heicBytes } from "./heic-pictures.ts";

/** One grey square each, made by libavif and OpenJPEG. */
const AVIF =
  "AAAAIGZ0eXBhdmlmAAAAAGF2aWZtaWYxbWlhZk1BMUIAAADrbWV0YQAAAAAAAAAhaGRscgAAAAAAAAAAcGljdAAAAAAAAAAAAAAAAAAAAAAOcGl0bQAA" +
  "AAAAAQAAAB5pbG9jAAAAAEQAAAEAAQAAAAEAAAETAAAAHgAAAChpaW5mAAAAAAABAAAAGmluZmUCAAAAAAEAAGF2MDFDb2xvcgAAAABqaXBycAAAAEtp" +
  "cGNvAAAAFGlzcGUAAAAAAAAACAAAAAgAAAAQcGl4aQAAAAADCAgIAAAADGF2MUOBAAwAAAAAE2NvbHJuY2x4AAEADQAGgAAAABdpcG1hAAAAAAAAAAEA" +
  "AQQBAoMEAAAAJm1kYXQSAAoIGAi/aICGg0IyEB/3h4UV3///4s/AAJA1jdA=";
const JP2 =
  "AAAADGpQICANCocKAAAAFGZ0eXBqcDIgAAAAAGpwMiAAAAAtanAyaAAAABZpaGRyAAAACAAAAAgAAwcHAAAAAAAPY29scgEAAAAAABAAAACkanAyY/9P" +
  "/1EALwAAAAAACAAAAAgAAAAAAAAAAAAAAAgAAAAIAAAAAAAAAAAAAwcBAQcBAQcBAf9SAAwAAAABAAMEBAAB/1wADUBASEhQSEhQSEhQ/2QAJQABQ3Jl" +
  "YXRlZCBieSBPcGVuSlBFRyB2ZXJzaW9uIDIuNS40/5AACgAAAAAAIwAB/5PB8YEHwfGBB8HxgQeAgICAgICAgID/2Q==";

const decoded = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, "base64"));

/** One file of each format, under its own name and type. */
export function rareImages(): readonly SampleFile[] {
  return [
    { name: "picture.heic", mediaType: "image/heic", bytes: heicBytes() },
    { name: "picture.avif", mediaType: "image/avif", bytes: decoded(AVIF) },
    { name: "picture.jp2", mediaType: "image/jp2", bytes: decoded(JP2) },
    { name: "picture.tif", mediaType: "image/tiff", bytes: tiff() },
    { name: "picture.psd", mediaType: "image/vnd.adobe.photoshop", bytes: psd() },
    { name: "picture.fits", mediaType: "image/fits", bytes: fits() },
    { name: "picture.v", mediaType: "image/x-vips", bytes: vips() },
    { name: "picture.bmp", mediaType: "image/bmp", bytes: bmp() },
  ];
}

/** One grey pixel, uncompressed. @see TIFF 6.0 section 4 */
function tiff(): Uint8Array {
  const fields: readonly (readonly [tag: number, type: number, value: number])[] = [
    [256, 3, 1],
    [257, 3, 1],
    [258, 3, 8],
    [259, 3, 1],
    [262, 3, 1],
    [273, 4, 8 + 2 + 8 * 12 + 4],
    [278, 3, 1],
    [279, 4, 1],
  ];
  const view = new DataView(new ArrayBuffer(2 + fields.length * 12 + 4));
  view.setUint16(0, fields.length, true);
  for (const [index, [tag, type, value]] of fields.entries()) {
    view.setUint16(2 + index * 12, tag, true);
    view.setUint16(4 + index * 12, type, true);
    view.setUint32(6 + index * 12, 1, true);
    view.setUint32(10 + index * 12, value, true);
  }
  return joined(latin1("II*\0\x08\0\0\0"), new Uint8Array(view.buffer), Uint8Array.of(128));
}

/** One grey pixel: header, three empty sections, uncompressed data. @see Adobe Photoshop file formats */
function psd(): Uint8Array {
  const header = Uint8Array.of(0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 8, 0, 1);
  return joined("8BPS", header, repeated(0, 12), Uint8Array.of(0, 0, 128));
}

/** One pixel: a header of 36 cards of 80 characters, then a block of data. @see FITS standard 4.0 section 3 */
function fits(): Uint8Array {
  const card = (key: string, value: string) => `${key.padEnd(8)}= ${value.padStart(20)}`.padEnd(80);
  const cards = [
    card("SIMPLE", "T"),
    card("BITPIX", "8"),
    card("NAXIS", "2"),
    card("NAXIS1", "1"),
    card("NAXIS2", "1"),
  ];
  return joined(`${cards.join("")}END`.padEnd(2880), Uint8Array.of(128), repeated(0, 2879));
}

/** One pixel of one band of bytes: a header of 64 bytes. @see libvips, man 5 vips */
function vips(): Uint8Array {
  const view = new DataView(new ArrayBuffer(64));
  view.setUint32(0, 0x08f2a6b6);
  for (const [index, value] of [1, 1, 1, 8, 0, 0, 1].entries()) view.setUint32(4 + index * 4, value);
  return joined(new Uint8Array(view.buffer), Uint8Array.of(128));
}

/** One pixel of 24 bits: file header, info header, a row padded to four bytes. */
function bmp(): Uint8Array {
  const view = new DataView(new ArrayBuffer(58));
  view.setUint16(0, 0x424d);
  view.setUint32(2, 58, true);
  view.setUint32(10, 54, true);
  view.setUint32(14, 40, true);
  view.setInt32(18, 1, true);
  view.setInt32(22, 1, true);
  view.setUint16(26, 1, true);
  view.setUint16(28, 24, true);
  view.setUint32(34, 4, true);
  return new Uint8Array(view.buffer);
}

/** Texts that tell a picture program what to do or to fetch. `url` is where they lead; each only asks for it. */
export function delegateTexts(url: string): readonly (readonly [what: string, text: Uint8Array])[] {
  const mvg = `push graphic-context\nviewbox 0 0 8 8\nimage over 0,0 8,8 '${url}'\npop graphic-context\n`;
  const msl = `<?xml version="1.0" encoding="UTF-8"?>\n<image><read filename="${url}"/></image>\n`;
  const ps =
    "%!PS-Adobe-3.0\n%%BoundingBox: 0 0 8 8\nnewpath 0 0 moveto 8 8 lineto stroke\nshowpage\n%%EOF\n";
  const eps = `%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n%%IncludeFile: ${url}\nshowpage\n%%EOF\n`;
  const list = `#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n${url}\n#EXT-X-ENDLIST\n`;
  const xbm = "#define picture_width 8\n#define picture_height 1\nstatic char picture_bits[] = { 0x55 };\n";
  return [
    ["MVG", mvg],
    ["MSL", msl],
    ["PostScript", ps],
    ["EPS", eps],
    ["a play list", list],
    ["XBM", xbm],
  ].map(([what = "", text = ""]) => [what, utf8(text)] as const);
}
