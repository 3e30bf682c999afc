/**
 * The smallest valid documents, archives and texts, made byte by byte.
 */
import { crc32 } from "node:zlib";
import type { SampleFile } from "../check.ts";
import { joined, latin1, repeated, utf8 } from "./bytes.ts";

/** A one-page PDF with a right cross-reference table. `padBytes` of spaces go into the page's content stream. */
export function pdfBytes(padBytes = 0): Uint8Array {
  const stream = `BT ET${" ".repeat(padBytes)}`;
  const objects = [
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] /Contents 4 0 R /Resources << >> >>",
    `<< /Length ${stream.length} >>\nstream\n${stream}\nendstream`,
  ];
  let text = "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n";
  const offsets = objects.map((object, index) => {
    const offset = text.length;
    text += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return offset;
  });
  return latin1(text + crossReference(offsets, text.length));
}

/** @see ISO 32000-1 sections 7.5.4 and 7.5.5: entries are exactly 20 bytes. */
function crossReference(offsets: readonly number[], startsAt: number): string {
  const entries = offsets.map((offset) => `${String(offset).padStart(10, "0")} 00000 n \n`).join("");
  const count = offsets.length + 1;
  return (
    `xref\n0 ${count}\n0000000000 65535 f \n${entries}` +
    `trailer\n<< /Size ${count} /Root 1 0 R >>\nstartxref\n${startsAt}\n%%EOF\n`
  );
}

export function pdfFile(name = "paper.pdf"): SampleFile {
  return { name, mediaType: "application/pdf", bytes: pdfBytes() };
}

/** A PDF of exactly `sizeBytes`: the padding also lengthens the numbers that state it. */
export function pdfOfSize(sizeBytes: number): Uint8Array {
  const guess = sizeBytes - pdfBytes().length;
  for (let pad = guess; pad >= Math.max(0, guess - 16); pad -= 1) {
    const bytes = pdfBytes(pad);
    if (bytes.length === sizeBytes) return bytes;
  }
  throw new Error(`no PDF of ${sizeBytes} bytes`);
}

/** One member of an archive, stored without compression. */
export interface ZipMember {
  readonly name: string;
  readonly content: Uint8Array;
}

/** An archive with local headers, central directory and end record that agree. @see APPNOTE.TXT section 4.3 */
export function zipBytes(members: readonly ZipMember[]): Uint8Array {
  const locals: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const member of members) {
    const local = joined(zipHeader(member, null), utf8(member.name), member.content);
    directory.push(joined(zipHeader(member, offset), utf8(member.name)));
    locals.push(local);
    offset += local.length;
  }
  const directoryBytes = joined(...directory);
  return joined(...locals, directoryBytes, zipEnd(members.length, directoryBytes.length, offset));
}

/** Local header (section 4.3.7), or central directory header (4.3.12) of the member at `offset`. */
function zipHeader(member: ZipMember, offset: number | null): Uint8Array {
  const isCentral = offset !== null;
  const view = new DataView(new ArrayBuffer(isCentral ? 46 : 30));
  view.setUint32(0, isCentral ? 0x02014b50 : 0x04034b50, true);
  const at = isCentral ? 6 : 4;
  if (isCentral) view.setUint16(4, 20, true);
  view.setUint16(at, 20, true);
  view.setUint16(at + 8, 0x21, true);
  view.setUint32(at + 10, crc32(member.content), true);
  view.setUint32(at + 14, member.content.length, true);
  view.setUint32(at + 18, member.content.length, true);
  view.setUint16(at + 22, utf8(member.name).length, true);
  if (isCentral) view.setUint32(42, offset, true);
  return new Uint8Array(view.buffer);
}

function zipEnd(entries: number, directoryBytes: number, directoryOffset: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(22));
  view.setUint32(0, 0x06054b50, true);
  view.setUint16(8, entries, true);
  view.setUint16(10, entries, true);
  view.setUint32(12, directoryBytes, true);
  view.setUint32(16, directoryOffset, true);
  return new Uint8Array(view.buffer);
}

export function zipFile(name = "papers.zip"): SampleFile {
  const bytes = zipBytes([{ name: "read-me.txt", content: utf8("Nothing here.\n") }]);
  return { name, mediaType: "application/zip", bytes };
}

export function textFile(name = "note.txt"): SampleFile {
  return { name, mediaType: "text/plain", bytes: utf8("A note of one line.\n") };
}

export function csvFile(name = "table.csv"): SampleFile {
  return { name, mediaType: "text/csv", bytes: utf8("item,price\npen,2\nink,7\n") };
}

export function jsonFile(name = "data.json"): SampleFile {
  return { name, mediaType: "application/json", bytes: utf8('{"item":"pen","price":2}\n') };
}

/** A page with inert markup: it changes nothing wherever it is opened. */
export function htmlFile(name = "page.html"): SampleFile {
  const page = "<!DOCTYPE html>\n<html><body><script>void 0</script></body></html>\n";
  return { name, mediaType: "text/html", bytes: utf8(page) };
}

/** Bytes that say MZ and PE and are no program. */
export function exeFile(name = "setup.exe"): SampleFile {
  const bytes = joined("MZ", repeated(0, 58), Uint8Array.of(64, 0, 0, 0), "PE\0\0", repeated(0, 32));
  return { name, mediaType: "application/x-msdownload", bytes };
}
