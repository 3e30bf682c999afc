/**
 * What a Sluicegate gate promises of each flow that it enforces, whatever the flow says.
 */
import type { Promises } from "./promise.ts";

/** What every answer of a gate tells, in each mode that is not off. */
export const GATE_TELLS = {
  id: { header: "Sluicegate-Upload" },
  requestIdHeader: "X-Request-Id",
} as const satisfies Promises;

export const GATE_PROMISES: Promises = {
  ...GATE_TELLS,
  state: { path: "/.sluicegate/uploads/{id}", sha256: "/files/0/sha256", size: "/files/0/sizeBytes" },
  digests: ["content-digest", "repr-digest", "content-md5"],
  trustedHeaders: [
    "sluicegate-principal",
    "sluicegate-upload",
    "sluicegate-delivery",
    "x-real-ip",
    "x-remote-user",
  ],
};
