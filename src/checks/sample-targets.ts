/**
 * Two promised routes for the unit tests of this folder: a form with pictures and texts, and a raw body of any bytes.
 */
import type { Target } from "./check.ts";
import { pngFile } from "./payloads/image-files.ts";
import { seededBytes } from "./payloads/seeded-bytes.ts";

const AT = {
  origin: "http://127.0.0.1:9",
  acceptedStatuses: [201],
  headers: [],
  idleMs: 1000,
  seed: "sample",
};

export const PICTURES: Target = {
  ...AT,
  method: "POST",
  path: "/pictures",
  protocol: "multipart",
  file: {
    field: "picture",
    types: ["image/png", "image/gif"],
    sizeBytesMax: 100_000,
    countMax: 2,
    control: pngFile(),
  },
  fields: [
    { name: "title", lengthCharsMin: 1, lengthCharsMax: 20, optional: false, countMax: 1, control: "Sea" },
  ],
};

export const OCTETS: Target = {
  ...AT,
  method: "PUT",
  path: "/octets/{name}",
  protocol: "raw",
  file: {
    field: "body",
    types: "any",
    sizeBytesMax: 100_000,
    countMax: 1,
    control: { name: "a.bin", mediaType: "application/octet-stream", bytes: seededBytes("sample", 500) },
  },
  fields: [],
};
