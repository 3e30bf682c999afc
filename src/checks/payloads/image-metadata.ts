/**
 * What cameras and programs write beside the pixels: Exif, XMP, IPTC. Each text in it is one that can be found again.
 *
 * @see CIPA DC-008 (Exif 3.0) section 4.6; TIFF 6.0 section 2; Adobe XMP part 3; IPTC-IIM 4.2
 */
import { joined, latin1, utf8 } from "./bytes.ts";
import { jpegBytes, jpegSegment } from "./image-files.ts";

/** Texts that stand for what nobody wants to publish. */
export const PLACE_MARK = "FLOWCHECK-PLACE";
export const SERIAL_MARK = "FLOWCHECK-SERIAL";
export const THUMBNAIL_MARK = "FLOWCHECK-THUMBNAIL";

const ASCII = 2;
const LONG = 4;
const RATIONAL = 5;
const TYPE_BYTES: Readonly<Record<number, number>> = { [ASCII]: 1, [LONG]: 4, [RATIONAL]: 8 };

interface Field {
  readonly tag: number;
  readonly type: number;
  readonly value: Uint8Array;
}

/** A directory as TIFF writes it, with the values that do not fit into it behind it. Offsets count from the start of the TIFF header. */
function directory(fields: readonly Field[], at: number, next: number): Uint8Array {
  const headBytes = 2 + 12 * fields.length + 4;
  const view = new DataView(new ArrayBuffer(headBytes));
  const values: Uint8Array[] = [];
  let valueAt = at + headBytes;
  view.setUint16(0, fields.length, true);
  for (const [index, { tag, type, value }] of fields.entries()) {
    const entryAt = 2 + 12 * index;
    view.setUint16(entryAt, tag, true);
    view.setUint16(entryAt + 2, type, true);
    view.setUint32(entryAt + 4, value.length / (TYPE_BYTES[type] ?? 1), true);
    if (value.length <= 4) {
      new Uint8Array(view.buffer).set(value, entryAt + 8);
      continue;
    }
    view.setUint32(entryAt + 8, valueAt, true);
    values.push(value);
    valueAt += value.length;
  }
  view.setUint32(headBytes - 4, next, true);
  return joined(new Uint8Array(view.buffer), ...values);
}

const text = (tag: number, value: string): Field => ({ tag, type: ASCII, value: utf8(`${value}\0`) });

function long(tag: number, value: number): Field {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, value, true);
  return { tag, type: LONG, value: new Uint8Array(view.buffer) };
}

function rationals(tag: number, ...values: readonly number[]): Field {
  const view = new DataView(new ArrayBuffer(8 * values.length));
  for (const [index, value] of values.entries()) {
    view.setUint32(8 * index, value, true);
    view.setUint32(8 * index + 4, 1, true);
  }
  return { tag, type: RATIONAL, value: new Uint8Array(view.buffer) };
}

const TIFF_HEAD = latin1("II*\0\x08\0\0\0");
const DESCRIPTION = 0x010e;

/** Exif with one description, which is any text. */
export function exifDescription(description: string): Uint8Array {
  return joined(TIFF_HEAD, directory([text(DESCRIPTION, description)], 8, 0));
}

/** Exif as a telephone writes it: a place (the middle of the North Sea), a serial number, and a small picture of its own. */
export function exifWithPlace(): Uint8Array {
  const place = [
    text(0x0001, "N"),
    rationals(0x0002, 54, 19, 47),
    text(0x0003, "E"),
    rationals(0x0004, 3, 11, 22),
    text(0x0012, PLACE_MARK),
  ];
  const camera = [text(0xa431, SERIAL_MARK)];
  const thumbnail = jpegBytes(jpegSegment(0xfe, latin1(THUMBNAIL_MARK)));
  const main = (cameraAt: number, placeAt: number) => [long(0x8769, cameraAt), long(0x8825, placeAt)];
  const small = (thumbnailAt: number) => [long(0x0201, thumbnailAt), long(0x0202, thumbnail.length)];
  const cameraAt = 8 + directory(main(0, 0), 8, 0).length;
  const placeAt = cameraAt + directory(camera, cameraAt, 0).length;
  const smallAt = placeAt + directory(place, placeAt, 0).length;
  const thumbnailAt = smallAt + directory(small(0), smallAt, 0).length;
  return joined(
    TIFF_HEAD,
    directory(main(cameraAt, placeAt), 8, smallAt),
    directory(camera, cameraAt, 0),
    directory(place, placeAt, 0),
    directory(small(thumbnailAt), smallAt, 0),
    thumbnail,
  );
}

/** Exif whose directory leads to itself as the next one. */
export function exifInCircles(): Uint8Array {
  return joined(TIFF_HEAD, directory([text(DESCRIPTION, "round and round")], 8, 8));
}

/** Exif whose directory says that it has 65,535 entries, and a value of 4 GiB. */
export function exifOfManyFields(): Uint8Array {
  const bytes = joined(TIFF_HEAD, directory([text(DESCRIPTION, "a long text")], 8, 0));
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  view.setUint16(8, 0xffff, true);
  view.setUint32(14, 0xffffffff, true);
  return bytes;
}

/** An XMP packet that holds `inside` as the description's content. */
export function xmpPacket(inside: string): Uint8Array {
  return utf8(
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">' +
      '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""' +
      ' xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">' +
      `${inside}</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="r"?>`,
  );
}

export function xmpWithPlace(): Uint8Array {
  return xmpPacket(
    `<exif:GPSLatitude>54,19.47N</exif:GPSLatitude><exif:GPSMapDatum>${PLACE_MARK}</exif:GPSMapDatum>`,
  );
}

/** An IPTC caption, as Photoshop keeps it: resource 0x0404, data set 2:120. */
export function iptcCaption(caption: string): Uint8Array {
  const value = utf8(caption);
  const set = joined(Uint8Array.of(0x1c, 2, 120, value.length >> 8, value.length & 0xff), value);
  const resource = joined("8BIM", Uint8Array.of(4, 4, 0, 0, 0, 0, set.length >> 8, set.length & 0xff), set);
  return joined(latin1("Photoshop 3.0\0"), resource, new Uint8Array(set.length % 2));
}

/** A JPEG with Exif (APP1), XMP (APP1) or IPTC (APP13). */
export function jpegWithExif(exif: Uint8Array): Uint8Array {
  return jpegBytes(jpegSegment(0xe1, joined(latin1("Exif\0\0"), exif)));
}

export function jpegWithXmp(xmp: Uint8Array): Uint8Array {
  return jpegBytes(jpegSegment(0xe1, joined(latin1("http://ns.adobe.com/xap/1.0/\0"), xmp)));
}

export function jpegWithIptc(iptc: Uint8Array): Uint8Array {
  return jpegBytes(jpegSegment(0xed, iptc));
}
