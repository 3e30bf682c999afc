/**
 * PDF documents object by object: one empty page, and whatever is added to catalog, page and trailer. Text is Latin-1, so that streams fit in.
 *
 * @see ISO 32000-1 sections 7.3 (objects), 7.5 (file structure), 7.6 (encryption)
 */
import { createHash } from "node:crypto";
import { deflateSync } from "node:zlib";
import { latin1 } from "./bytes.ts";

/** The number of the first object of `objects`. */
export const FIRST_EXTRA = 5;

export interface PdfParts {
  /** Added to the catalog (object 1), the page (3) and the trailer. */
  readonly catalog?: string;
  readonly page?: string;
  readonly trailer?: string;
  /** In place of what they are otherwise: the page tree's children, the page's contents and its resources. */
  readonly kids?: string;
  readonly contents?: string;
  readonly resources?: string;
  /** The page's content stream (object 4); default: nothing is drawn. */
  readonly content?: string;
  /** Whole bodies of objects, numbered from `FIRST_EXTRA` on. */
  readonly objects?: readonly string[];
}

const HEAD = "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n";

export function pdfDocument(parts: PdfParts = {}): Uint8Array {
  return latin1(pdfText(bodies(parts), parts.trailer ?? ""));
}

function bodies(parts: PdfParts): string[] {
  const { catalog = "", kids = "[3 0 R]", page = "", content = "BT ET", objects = [] } = parts;
  const { contents = "4 0 R", resources = "<< >>" } = parts;
  return [
    `<< /Type /Catalog /Pages 2 0 R ${catalog} >>`,
    `<< /Type /Pages /Kids ${kids} /Count 1 >>`,
    `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] /Contents ${contents} /Resources ${resources} ${page} >>`,
    streamObject("", content),
    ...objects,
  ];
}

function pdfText(objects: readonly string[], trailer: string): string {
  let text = HEAD;
  const offsets = objects.map((object, index) => {
    const offset = text.length;
    text += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return offset;
  });
  return text + crossReference(text.length, offsets, trailer);
}

/** Entries are exactly 20 bytes. */
function crossReference(startsAt: number, offsets: readonly number[], trailer: string): string {
  const entries = offsets.map((offset) => `${String(offset).padStart(10, "0")} 00000 n \n`).join("");
  const size = offsets.length + 1;
  return (
    `xref\n0 ${size}\n0000000000 65535 f \n${entries}` +
    `trailer\n<< /Size ${size} /Root 1 0 R ${trailer} >>\nstartxref\n${startsAt}\n%%EOF\n`
  );
}

/** A stream with its true length; `dictionary` is added to it. */
export function streamObject(dictionary: string, data: string | Uint8Array): string {
  const text = typeof data === "string" ? data : Buffer.from(data).toString("latin1");
  return `<< /Length ${text.length} ${dictionary} >>\nstream\n${text}\nendstream`;
}

/** A stream that is deflated. */
export function flateStream(dictionary: string, data: string): string {
  return streamObject(
    `/Filter /FlateDecode ${dictionary}`,
    new Uint8Array(deflateSync(Buffer.from(data, "latin1"))),
  );
}

/** `inside`: objects from 5 on that lie in a compressed stream, where no search for their text finds them. @see sections 7.5.7 and 7.5.8 */
export function objectStreamPdf(catalog: string, inside: readonly string[]): Uint8Array {
  const objects = bodies({ catalog });
  let text = HEAD;
  const offsets = objects.map((object, index) => {
    const offset = text.length;
    text += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return offset;
  });
  const streamNumber = FIRST_EXTRA + inside.length;
  const streamAt = text.length;
  text += `${streamNumber} 0 obj\n${packedObjects(inside)}\nendobj\n`;
  const tableAt = text.length;
  const rows = [
    [0, 0, 65535],
    ...offsets.map((offset) => [1, offset, 0]),
    ...inside.map((_, index) => [2, streamNumber, index]),
    [1, streamAt, 0],
    [1, tableAt, 0],
  ];
  const table = flateStream(
    `/Type /XRef /Size ${rows.length} /W [1 4 2] /Root 1 0 R`,
    rows.map(tableRow).join(""),
  );
  return latin1(`${text}${streamNumber + 1} 0 obj\n${table}\nendobj\nstartxref\n${tableAt}\n%%EOF\n`);
}

/** Pairs of number and offset, then the objects. @see section 7.5.7 */
function packedObjects(inside: readonly string[]): string {
  let offset = 0;
  const pairs = inside.map((object, index) => {
    const pair = `${FIRST_EXTRA + index} ${offset}`;
    offset += object.length + 1;
    return pair;
  });
  const head = `${pairs.join(" ")} `;
  return flateStream(`/Type /ObjStm /N ${inside.length} /First ${head.length}`, `${head}${inside.join(" ")}`);
}

function tableRow([kind = 0, second = 0, third = 0]: readonly number[]): string {
  const view = Buffer.alloc(7);
  view.writeUInt8(kind, 0);
  view.writeUInt32BE(second, 1);
  view.writeUInt16BE(third, 5);
  return view.toString("latin1");
}

/** A later revision behind a document: objects anew, by number. @see section 7.5.6 */
export function updatedPdf(before: Uint8Array, objects: Readonly<Record<number, string>>): Uint8Array {
  let text = Buffer.from(before).toString("latin1");
  const previous = /startxref\n(\d+)\n%%EOF\n$/.exec(text)?.[1] ?? "0";
  const size = /\/Size (\d+)/.exec(text)?.[1] ?? "0";
  const sections = Object.entries(objects).map(([number, body]) => {
    const offset = text.length;
    text += `${number} 0 obj\n${body}\nendobj\n`;
    return `${number} 1\n${String(offset).padStart(10, "0")} 00000 n \n`;
  });
  const startsAt = text.length;
  return latin1(
    `${text}xref\n${sections.join("")}trailer\n<< /Size ${size} /Root 1 0 R /Prev ${previous} >>\nstartxref\n${startsAt}\n%%EOF\n`,
  );
}

const PADDING = Buffer.from("28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a", "hex");
const PERMISSIONS = -44;

/** The page encrypted with a password that nobody is told: RC4 of 40 bits, the oldest way, which every reader knows. @see section 7.6.3 */
export function encryptedPdf(password: string): Uint8Array {
  const id = md5(Buffer.from("flowcheck"));
  const padded = Buffer.concat([Buffer.from(password, "latin1"), PADDING]).subarray(0, 32);
  const owner = rc4(md5(padded).subarray(0, 5), padded);
  const permissions = Buffer.alloc(4);
  permissions.writeInt32LE(PERMISSIONS);
  const key = md5(Buffer.concat([padded, owner, permissions, id])).subarray(0, 5);
  const contentKey = md5(Buffer.concat([key, Buffer.from([4, 0, 0, 0, 0])])).subarray(0, 10);
  const content = rc4(contentKey, Buffer.from("BT ET")).toString("latin1");
  const encrypt = `<< /Filter /Standard /V 1 /R 2 /O <${owner.toString("hex")}> /U <${rc4(key, PADDING).toString("hex")}> /P ${PERMISSIONS} >>`;
  const hex = id.toString("hex");
  return pdfDocument({ content, objects: [encrypt], trailer: `/Encrypt 5 0 R /ID [<${hex}> <${hex}>]` });
}

function md5(bytes: Buffer): Buffer {
  return createHash("md5").update(bytes).digest();
}

function rc4(key: Uint8Array, data: Uint8Array): Buffer {
  const state = Uint8Array.from({ length: 256 }, (_, index) => index);
  const at = (index: number) => state[index & 0xff] ?? 0;
  const swap = (one: number, other: number) => {
    const kept = at(one);
    state[one & 0xff] = at(other);
    state[other & 0xff] = kept;
  };
  for (let index = 0, mixed = 0; index < 256; index += 1) {
    mixed = (mixed + at(index) + (key[index % key.length] ?? 0)) & 0xff;
    swap(index, mixed);
  }
  let mixed = 0;
  return Buffer.from(
    data.map((byte, position) => {
      mixed = (mixed + at(position + 1)) & 0xff;
      swap(position + 1, mixed);
      return byte ^ at(at(position + 1) + at(mixed));
    }),
  );
}
