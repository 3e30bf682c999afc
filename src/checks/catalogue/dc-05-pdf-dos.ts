import { deflateSync } from "node:zlib";
import type { Check, CheckCase } from "../check.ts";
import { GATE_READS_NO_DOCUMENT, pythonRemedy } from "../framework-remedy.ts";
import { latin1 } from "../payloads/bytes.ts";
import { BOMB_BYTES, zlibZeros } from "../payloads/packed-bytes.ts";
import { FIRST_EXTRA, pdfDocument, streamObject } from "../payloads/pdf-document.ts";
import { refusedPdf } from "../pdf-case.ts";

const FILTERS = 40;
const DEPTH = 20_000;

function bounded(name: string, file: () => Uint8Array): CheckCase {
  return refusedPdf(name, file, { bytesMax: 96 * 1024, refusal: { withinMs: 5000 } });
}

/** The trailer's /Prev is the table itself. */
function tableInCircles(): Uint8Array {
  const text = Buffer.from(pdfDocument({ trailer: "/Prev 0000000000" })).toString("latin1");
  const at = text.lastIndexOf("xref\n0 ");
  return latin1(text.replace("/Prev 0000000000", `/Prev ${String(at).padStart(10, "0")}`));
}

/** A stream that is deflated so many times. */
function manyFilters(): string {
  let data = Buffer.from("BT ET");
  for (let index = 0; index < FILTERS; index += 1) data = deflateSync(data);
  return streamObject(`/Filter [${"/FlateDecode ".repeat(FILTERS)}]`, new Uint8Array(data));
}

const packed = () => streamObject("/Filter /FlateDecode", zlibZeros(BOMB_BYTES));

/** UPL-DC-05: documents that keep a reader busy. */
export const pdfDos: Check = {
  id: "UPL-DC-05",
  title: "A PDF that goes in circles or unpacks without end is refused in bounded time",
  why: "A page tree that is its own child, or a page of 64 MiB in 64 KiB, stops whatever makes previews or reads text.",
  standards: ["CWE-835", "CWE-409"],
  flags: ["b"],
  topic: "documents",
  remedy: pythonRemedy(
    "Read PDF in a process of its own with a limit of memory and time (`resource.setrlimit` in `preexec_fn`, `subprocess.run(timeout=10)`), keep the numbers of objects that you have visited, and bound what each stream unpacks to; take the end of that process for a refusal.",
    GATE_READS_NO_DOCUMENT,
  ),
  cases: [
    bounded("a table that comes before itself", tableInCircles),
    bounded("a page tree that is its own child", () => pdfDocument({ kids: "[2 0 R 3 0 R]" })),
    bounded("an outline in circles", () =>
      pdfDocument({
        catalog: `/Outlines ${FIRST_EXTRA} 0 R`,
        objects: [
          "<< /Type /Outlines /First 6 0 R /Last 6 0 R /Count 1 >>",
          "<< /Title (a) /Parent 5 0 R /Next 6 0 R /First 6 0 R /Last 6 0 R >>",
        ],
      }),
    ),
    bounded("a reference that leads to itself", () => pdfDocument({ contents: "5 0 R", objects: ["5 0 R"] })),
    bounded("a length that is the stream's own", () =>
      pdfDocument({ contents: "5 0 R", objects: ["<< /Length 5 0 R >>\nstream\nBT ET\nendstream"] }),
    ),
    bounded("a stream deflated forty times", () =>
      pdfDocument({ contents: "5 0 R", objects: [manyFilters()] }),
    ),
    bounded("a page of 64 MiB", () => pdfDocument({ contents: "5 0 R", objects: [packed()] })),
    bounded("an array 20,000 deep", () =>
      pdfDocument({ catalog: `/Deep ${"[".repeat(DEPTH)}${"]".repeat(DEPTH)}` }),
    ),
  ],
};
