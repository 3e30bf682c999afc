/**
 * The routes under test, as their flow files promise them: the acceptance tests' own reading of `flows/`, in the words of the catalogue.
 */
import type { SampleFile, Target } from "../src/checks/check.ts";
import { csvFile, pdfFile } from "../src/checks/payloads/document-files.ts";
import { pngFile } from "../src/checks/payloads/image-files.ts";
import { seededBytes } from "../src/checks/payloads/seeded-bytes.ts";

const KIB = 1024;
const WAITED_FOR: ReadonlySet<string> = new Set(["/photos", "/raw/{name}"]);

/** The five routes of a gate, or of the service itself. Waiting for the idle time is tried on one form and one raw body only. */
export function targetsAt(
  origin: string,
  seed: string,
  idleMs: number | null = null,
): Readonly<Record<string, Target>> {
  const at = (
    target: Omit<Target, "origin" | "seed" | "idleMs" | "headers" | "acceptedStatuses">,
  ): Target => ({
    ...target,
    origin,
    seed,
    idleMs: WAITED_FOR.has(target.path) ? idleMs : null,
    headers: [],
    acceptedStatuses: [201],
  });
  const octets: SampleFile = {
    name: "bytes.bin",
    mediaType: "application/octet-stream",
    bytes: seededBytes(seed, 3000),
  };
  return {
    photos: at({
      method: "POST",
      path: "/photos",
      protocol: "multipart",
      file: {
        field: "picture",
        types: ["image/png", "image/jpeg", "image/gif"],
        sizeBytesMax: 256 * KIB,
        countMax: 1,
        control: pngFile(),
      },
      fields: [
        {
          name: "caption",
          lengthCharsMin: 1,
          lengthCharsMax: 40,
          optional: false,
          countMax: 1,
          control: "By the sea",
        },
        {
          name: "note",
          lengthCharsMin: 0,
          lengthCharsMax: 200,
          optional: true,
          countMax: 1,
          control: "Second try",
        },
      ],
    }),
    papers: at({
      method: "POST",
      path: "/papers",
      protocol: "multipart",
      file: {
        field: "papers",
        types: ["application/pdf", "text/plain", "text/csv", "application/json", "application/zip"],
        sizeBytesMax: 256 * KIB,
        countMax: 3,
        control: pdfFile(),
      },
      fields: [],
    }),
    objects: at({
      method: "POST",
      path: "/objects",
      protocol: "multipart",
      file: { field: "objects", types: "any", sizeBytesMax: 1024 * KIB, countMax: 2, control: octets },
      fields: [
        {
          name: "label",
          lengthCharsMin: 0,
          lengthCharsMax: 100,
          optional: false,
          countMax: 1,
          control: "A label",
        },
      ],
    }),
    raw: at({
      method: "PUT",
      path: "/raw/{name}",
      protocol: "raw",
      file: { field: "body", types: "any", sizeBytesMax: 1024 * KIB, countMax: 1, control: octets },
      fields: [],
    }),
    tables: at({
      method: "PUT",
      path: "/tables/{name}",
      protocol: "raw",
      file: { field: "table", types: ["text/csv"], sizeBytesMax: 256 * KIB, countMax: 1, control: csvFile() },
      fields: [],
    }),
  };
}
