/**
 * JPEG (ITU-T T.81), walked marker by marker from SOI to EOI, with its scan data and restart markers.
 *
 * Holds for a file that passes: no byte lies between two segments; there is one frame (baseline, extended or progressive Huffman:
 * what browsers show) and at least one scan; EOI ends it. What follows EOI is a finding, with one exception: phones append
 * further pictures (depth, gain map) and list each with offset and size in an MPF segment (CIPA DC-007). Those that are listed are
 * walked as JPEG too and told as `info`; one byte that no list explains refuses the file.
 */
import type { Finding } from "../../uploads/finding.ts";
import type { ByteReader } from "../byte-reader.ts";
import { flaw, refusal } from "../flaw.ts";
import { type ListedPicture, readPictureList } from "./jpeg-pictures.ts";
import { MarkupScan } from "./markup-scan.ts";
import { isZeroRun, judgeTail } from "./tail.ts";

const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;
/** Segments with a length that carry tables: DHT, DQT, DNL, DRI. */
const TABLES = new Set([0xc4, 0xdb, 0xdc, 0xdd]);
/** SOF0 baseline, SOF1 extended, SOF2 progressive. */
const FRAMES = new Set([0xc0, 0xc1, 0xc2]);

interface Picture {
  readonly end: number;
  readonly listed: readonly ListedPicture[];
}

/**
 * @returns what was seen beside an intact structure: trailing bytes or pictures, markup or script in metadata.
 * @throws FILE_STRUCTURE_INVALID, FILE_TRUNCATED, FILE_TOO_COMPLEX
 */
export async function walkJpeg(reader: ByteReader): Promise<readonly Finding[]> {
  const walk = new PictureWalk(reader, 0);
  const first = await walk.run();
  const findings = [...walk.findings];
  let end = first.end;
  for (const picture of first.listed) {
    if (picture.offset < end || !(await isZeroRun(reader, end, picture.offset))) break;
    const next = new PictureWalk(reader, picture.offset);
    end = (await next.run()).end;
    findings.push(...next.findings, listedPicture(picture.offset));
    if (end > picture.offset + picture.lengthBytes) break;
  }
  const tail = await judgeTail(reader, end, "the image (marker EOI)");
  return tail === null ? findings : [...findings, tail];
}

function listedPicture(byteOffset: number): Finding {
  return {
    code: "FILE_TRAILING_BYTES",
    severity: "info",
    byteOffset,
    expected: "one picture",
    seen: "a further picture that the first one lists, as phones write it",
  };
}

/** One picture, from its SOI to its EOI. */
class PictureWalk {
  readonly findings: Finding[] = [];
  readonly #reader: ByteReader;
  readonly #start: number;
  #listed: readonly ListedPicture[] = [];
  #hasFrame = false;
  #hasScan = false;

  constructor(reader: ByteReader, start: number) {
    this.#reader = reader;
    this.#start = start;
  }

  async run(): Promise<Picture> {
    const soi = await this.#reader.exactly(this.#start, 2, "a JPEG picture");
    if (soi.readUInt16BE(0) !== 0xff00 + SOI) throw damaged(this.#start, "the marker SOI", "other bytes");
    let at = this.#start + 2;
    for (;;) {
      this.#reader.step(at);
      const marker = await this.#readMarker(at);
      if (marker === EOI) break;
      at = marker === 0xff ? at + 1 : await this.#walkSegment(at, marker);
    }
    if (!this.#hasScan) throw damaged(at, "picture data before EOI", "EOI");
    return { end: at + 2, listed: this.#listed };
  }

  /** T.81 B.1.1.2: a marker is FF and a byte other than 00; further FF bytes before it are fill. */
  async #readMarker(at: number): Promise<number> {
    const bytes = await this.#reader.exactly(at, 2, "the next JPEG marker");
    if (bytes.readUInt8(0) !== 0xff) throw damaged(at, "a JPEG marker", "other bytes");
    return bytes.readUInt8(1);
  }

  async #walkSegment(at: number, marker: number): Promise<number> {
    const isMetadata = (marker >= 0xe0 && marker <= 0xef) || marker === 0xfe;
    if (!isMetadata && !TABLES.has(marker) && !FRAMES.has(marker) && marker !== SOS) {
      throw damaged(at, "a marker of a baseline or progressive JPEG", "another marker");
    }
    const lengthBytes = (await this.#reader.exactly(at + 2, 2, "a JPEG segment")).readUInt16BE(0);
    if (lengthBytes < 2) throw damaged(at + 2, "a segment of at least 2 bytes", `${lengthBytes}`);
    const data = await this.#reader.exactly(at + 4, lengthBytes - 2, "the rest of a JPEG segment");
    const end = at + 2 + lengthBytes;
    if (isMetadata) this.#checkMetadata(at, marker, data);
    if (FRAMES.has(marker)) this.#checkFrame(at, data);
    return marker === SOS ? this.#walkScan(at, data, end) : end;
  }

  #checkMetadata(at: number, marker: number, data: Buffer): void {
    const scan = new MarkupScan();
    scan.push(data, at + 4);
    const found = scan.finding("the metadata of the image") ?? this.#judgeScriptStart(at, marker, data);
    if (found !== null) this.findings.push(found);
    if (marker === 0xe2 && this.#listed.length === 0) this.#listed = readPictureList(data, at + 4);
  }

  /**
   * `ÿØÿà` is a JavaScript name too. A first segment whose length reads as a comment (12,074 bytes) or an assignment makes the file
   * a script. An honest Exif segment can have that length by chance, so there the comment must also be closed in it.
   */
  #judgeScriptStart(at: number, marker: number, data: Buffer): Finding | null {
    if (at !== 2) return null;
    const lengthBytes = data.length + 2;
    const opensComment = lengthBytes === 0x2f2a && (marker === 0xe0 || data.includes("*/"));
    const assigns = lengthBytes >> 8 === 0x3d && /^[\t\n\r -~]{8}/.test(data.toString("latin1", 0, 8));
    if (!opensComment && !assigns) return null;
    return refusal("FILE_SECOND_FORMAT", at + 2, "the length of a segment", "the beginning of a script");
  }

  /** T.81 B.2.2: precision, height u16, width u16, component count, three bytes a component. Height may come later (DNL). */
  #checkFrame(at: number, data: Buffer): void {
    const components = data.length > 5 ? data.readUInt8(5) : 0;
    const isFine =
      !this.#hasFrame &&
      components >= 1 &&
      components <= 4 &&
      data.length === 6 + 3 * components &&
      (data.readUInt8(0) === 8 || data.readUInt8(0) === 12) &&
      data.readUInt16BE(3) > 0;
    if (!isFine) throw damaged(at, "one frame header with possible values", "another");
    this.#hasFrame = true;
  }

  /** T.81 B.2.3: component count, two bytes a component, three bytes; then scan data up to the next marker. */
  async #walkScan(at: number, data: Buffer, dataAt: number): Promise<number> {
    const components = data.length > 0 ? data.readUInt8(0) : 0;
    const isFine = this.#hasFrame && components >= 1 && components <= 4 && data.length === 4 + 2 * components;
    if (!isFine) throw damaged(at, "a scan header after a frame header", "another");
    const end = await this.#skipScanData(dataAt);
    if (end === dataAt) throw damaged(dataAt, "scan data", "a marker");
    this.#hasScan = true;
    return end;
  }

  /** In scan data FF is followed by 00 (a byte FF), D0 to D7 (restart) or FF (fill); anything else is the next marker. */
  async #skipScanData(from: number): Promise<number> {
    let at = from;
    for (;;) {
      const piece = await this.#reader.piece(at);
      if (piece.length < 2) await this.#reader.exactly(at, 2, "the rest of a JPEG scan");
      const marker = findMarker(piece);
      if (marker.isFound) return at + marker.index;
      at += marker.index;
    }
  }
}

/** Index of the first real marker in scan data; or, with `isFound` false, how far the piece is surely scan data. */
function findMarker(piece: Buffer): { isFound: boolean; index: number } {
  let index = piece.indexOf(0xff);
  while (index !== -1 && index + 1 < piece.length) {
    const next = piece.readUInt8(index + 1);
    const isData = next === 0 || (next >= 0xd0 && next <= 0xd7);
    if (!isData && next !== 0xff) return { isFound: true, index };
    index = piece.indexOf(0xff, next === 0xff ? index + 1 : index + 2);
  }
  return { isFound: false, index: index === -1 ? piece.length : index };
}

function damaged(byteOffset: number, expected: string, seen: string): Error {
  return flaw("FILE_STRUCTURE_INVALID", byteOffset, expected, seen);
}
