/**
 * Promised routes to show a check by, and for the unit tests of this folder: a form with pictures and texts, a raw body of any bytes, and a form of
 * known callers that promises all that can be promised.
 */
import type { Target } from "./check.ts";
import { pngFile } from "./payloads/image-files.ts";
import { seededBytes } from "./payloads/seeded-bytes.ts";
import type { Identities, Identity } from "./promise.ts";

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

/** Somebody with a secret of their own, as the sample server knows them. */
export const sampleIdentity = (name: string): Identity => ({
  name,
  lines: async () => [`Authorization: Bearer the-secret-of-${name}-0123456789`],
});

/** One of each kind that a check may send as. */
export const SAMPLE_IDENTITIES: Identities = {
  header: "Authorization",
  main: sampleIdentity("ann"),
  other: sampleIdentity("bob"),
  readOnly: sampleIdentity("reader"),
  expired: sampleIdentity("old"),
  forged: sampleIdentity("eve"),
};

export const KNOWN_CALLERS: Target = {
  ...PICTURES,
  path: "/known",
  credential: ["Authorization: Bearer the-secret-of-ann-0123456789"],
  identities: SAMPLE_IDENTITIES,
  promises: {
    id: { header: "Location" },
    state: { path: "/state/{id}", sha256: "/sha256", size: "/size" },
    idempotencyKey: "optional",
    digests: ["content-digest", "repr-digest", "content-md5"],
    rate: { requestsMax: 5, everyMs: 60_000 },
    quota: { filesMax: 5, bytesMax: 100_000 },
    atOnceMax: 10,
    pageOrigin: "https://page.example",
    trustedHeaders: ["x-user"],
    requestIdHeader: "X-Request-Id",
    behindOrigin: "http://127.0.0.1:9",
  },
};
