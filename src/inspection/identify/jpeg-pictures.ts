/**
 * The list of further pictures in a JPEG's MPF segment (CIPA DC-007, "Multi-Picture Format").
 *
 * In: the data of one APP2 segment. Out: where the listed pictures begin and how long they are. Nothing is believed: the caller
 * walks each of them. A list that cannot be read is an empty one, so that the appended bytes count as unexplained.
 */

/** One appended picture, as the list has it; offsets from the start of the file. */
export interface ListedPicture {
  readonly offset: number;
  readonly lengthBytes: number;
}

const SIGNATURE = "MPF\0";
const PICTURES_MAX = 16;
const PICTURE_ENTRIES_TAG = 0xb002;

/**
 * @param data      of the segment, after its length
 * @param dataAt    where in the file `data` begins
 * @returns the pictures after the first, by offset; empty where the segment is something else or makes no sense.
 */
export function readPictureList(data: Buffer, dataAt: number): readonly ListedPicture[] {
  if (data.toString("latin1", 0, 4) !== SIGNATURE) return [];
  const tiff = data.subarray(4);
  const order = tiff.toString("latin1", 0, 4);
  if (order !== "II*\0" && order !== "MM\0*") return [];
  return readEntries(new TiffView(tiff, order === "II*\0"), dataAt + 4);
}

function readEntries(tiff: TiffView, tiffAt: number): readonly ListedPicture[] {
  const directoryAt = tiff.u32(4);
  const tags = Math.min(tiff.u16(directoryAt), 32);
  for (let index = 0; index < tags; index += 1) {
    const at = directoryAt + 2 + index * 12;
    // Directory entry: tag u16 at 0, type u16 at 2, byte count u32 at 4, offset u32 at 8.
    if (tiff.u16(at) === PICTURE_ENTRIES_TAG)
      return readPictures(tiff, tiffAt, tiff.u32(at + 8), tiff.u32(at + 4));
  }
  return [];
}

function readPictures(tiff: TiffView, tiffAt: number, from: number, lengthBytes: number): ListedPicture[] {
  const pictures: ListedPicture[] = [];
  const count = Math.min(Math.floor(lengthBytes / 16), PICTURES_MAX);
  for (let index = 0; index < count; index += 1) {
    // MP entry: attribute u32 at 0, size u32 at 4, offset u32 at 8 from the byte order mark; 0 for the first picture.
    const at = from + index * 16;
    const offset = tiff.u32(at + 8);
    if (offset > 0) pictures.push({ offset: tiffAt + offset, lengthBytes: tiff.u32(at + 4) });
  }
  return pictures.sort((one, other) => one.offset - other.offset);
}

/** Numbers of a TIFF block in its own byte order; 0 outside of it. */
class TiffView {
  readonly #bytes: Buffer;
  readonly #isLittle: boolean;

  constructor(bytes: Buffer, isLittle: boolean) {
    this.#bytes = bytes;
    this.#isLittle = isLittle;
  }

  u16(at: number): number {
    if (at + 2 > this.#bytes.length) return 0;
    return this.#isLittle ? this.#bytes.readUInt16LE(at) : this.#bytes.readUInt16BE(at);
  }

  u32(at: number): number {
    if (at + 4 > this.#bytes.length) return 0;
    return this.#isLittle ? this.#bytes.readUInt32LE(at) : this.#bytes.readUInt32BE(at);
  }
}
