/**
 * What the small services promise of their upload routes, in the words of the catalogue.
 */
import type { Target } from "../src/checks/check.ts";
import { pngFile } from "../src/checks/payloads/image-files.ts";
import type { Promises } from "../src/checks/promise.ts";
import type { CheckedService } from "./checked-service.ts";

const PROMISES: Promises = {
  id: { pointer: "/id" },
  state: { path: "/pictures/{id}", sha256: "/sha256", size: "/size" },
  idempotencyKey: "optional",
  digests: ["content-digest", "repr-digest", "content-md5"],
  requestIdHeader: "X-Request-Id",
  atOnceMax: 20,
};

/** The route of a service, or of the gate in front of it. */
export function targetOf(
  service: CheckedService,
  seed: string,
  path = "/pictures",
  promised: Promises = {},
): Target {
  return {
    origin: service.origin,
    method: "POST",
    path,
    protocol: "multipart",
    file: {
      field: "picture",
      types: ["image/png", "image/jpeg", "image/gif"],
      sizeBytesMax: 256 * 1024,
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
    acceptedStatuses: [201],
    headers: [],
    identities: service.identities,
    promises: { ...PROMISES, behindOrigin: service.origin, ...promised },
    idleMs: null,
    seed,
  };
}
