import type { Check, CheckCase } from "../check.ts";
import { neutralises } from "../define-case.ts";
import { noFurtherHarm } from "../harms.ts";
import { joined, latin1, repeated } from "../payloads/bytes.ts";
import { pdfBytes, zipFile } from "../payloads/document-files.ts";
import { gifBytes, jpegBytes, pngBytes, pngChunk } from "../payloads/image-files.ts";
import { controlProbe } from "../payloads/upload.ts";
import { refusedFile, takesKnownTypes, wrongBytes, wrongFile } from "../type-case.ts";

const quick = { ...wrongFile, gateCodes: [...wrongFile.gateCodes, "FILE_TOO_COMPLEX"], withinMs: 2000 };
const MANY = 200 * 1024;

function stress(name: string, mediaType: string, bytes: Uint8Array): CheckCase {
  return wrongBytes(name, mediaType, bytes, quick);
}

/** The PDF's last offset points at its own line. */
function selfReferringPdf(): Uint8Array {
  const text = Buffer.from(pdfBytes()).toString("latin1");
  return latin1(text.replace(/startxref\n\d+/, `startxref\n${text.indexOf("startxref")}`));
}

/** The end record says that the directory begins at the end record. */
function selfReferringZip(): Uint8Array {
  const bytes = Buffer.from(zipFile().bytes);
  const end = bytes.lastIndexOf(latin1("PK\x05\x06"));
  bytes.writeUInt32LE(end, end + 16);
  return new Uint8Array(bytes);
}

const beforeEnd = (bytes: Uint8Array, count: number) => bytes.subarray(0, bytes.length - count);

/** UPL-TY-08: files that keep a detector busy, or leave it nothing to look at. */
export const detectorStress: Check = {
  id: "UPL-TY-08",
  title: "Finding out what a file is takes bounded time, whatever the file",
  why: "A detector that follows what the file says in circles stops the service with one small upload.",
  standards: ["CWE-835", "CVE-2022-36313"],
  flags: ["s"],
  topic: "types",
  remedy: {
    fastapi:
      "Run the type's detector in a worker with a deadline (`asyncio.wait_for(run_in_threadpool(…), 2)`), and turn its exceptions into 422.",
    django: "Catch what the decoder throws and raise `ValidationError`: not a 500.",
    flask: "Catch what the decoder throws and answer 422.",
    gate: "`accept.files.NAME.types: [image/png, image/jpeg]`: content, extension and declared type must agree. Readers are bounded in bytes and steps.",
  },
  cases: [
    refusedFile("no bytes at all", () => ({ bytes: new Uint8Array() }), {}, quick),
    refusedFile("one byte", () => ({ bytes: Uint8Array.of(0x89) }), {}, quick),
    neutralises(
      "no bytes at all, where any bytes are taken",
      (target) => controlProbe(target, { bytes: new Uint8Array() }),
      { statuses: [400, 422], gateCodes: ["FILE_EMPTY"], withinMs: 2000 },
      noFurtherHarm,
      {
        appliesTo: (target) => takesKnownTypes(target) !== true || "the route takes known types only",
      },
    ),
    stress("a PNG's signature alone", "image/png", pngBytes().subarray(0, 8)),
    stress("a PNG without its end", "image/png", beforeEnd(pngBytes(), 12)),
    stress(
      "a PNG with a wrong checksum",
      "image/png",
      Uint8Array.from(pngBytes(), (byte, index) => (index === 30 ? byte ^ 1 : byte)),
    ),
    stress(
      "a PNG of thousands of empty chunks",
      "image/png",
      joined(
        pngBytes().subarray(0, 33),
        ...Array<Uint8Array>(16_000).fill(pngChunk("tEXt", new Uint8Array())),
      ),
    ),
    stress(
      "a PNG whose chunk says 2 GiB",
      "image/png",
      joined(pngBytes().subarray(0, 33), latin1("\x7f\xff\xff\xffIDAT")),
    ),
    stress("a JPEG's first bytes alone", "image/jpeg", jpegBytes().subarray(0, 4)),
    stress("a JPEG without its end", "image/jpeg", beforeEnd(jpegBytes(), 2)),
    stress(
      "a JPEG of fill bytes without end",
      "image/jpeg",
      joined(latin1("\xff\xd8"), repeated(0xff, MANY)),
    ),
    stress(
      "a JPEG with a segment of length 0",
      "image/jpeg",
      joined(latin1("\xff\xd8\xff\xe0\0\0"), repeated(0, 64)),
    ),
    stress("a GIF's first bytes alone", "image/gif", gifBytes().subarray(0, 6)),
    stress(
      "a GIF of sub-blocks without end",
      "image/gif",
      joined(beforeEnd(gifBytes(), 1), latin1("\x21\xfe"), repeated(1, MANY)),
    ),
    stress("a PDF's first line alone", "application/pdf", latin1("%PDF-1.7\n")),
    stress("a PDF without its end", "application/pdf", beforeEnd(pdfBytes(), 40)),
    stress("a PDF that refers to itself", "application/pdf", selfReferringPdf()),
    stress("a ZIP's first bytes alone", "application/zip", latin1("PK\x03\x04")),
    stress("a ZIP without its end", "application/zip", beforeEnd(zipFile().bytes, 22)),
    stress("a ZIP whose directory is itself", "application/zip", selfReferringZip()),
    stress("JSON of 100,000 open brackets", "application/json", latin1("[".repeat(100_000))),
  ],
};
