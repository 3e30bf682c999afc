/**
 * The flows that the rows use.
 */
import type { BenchFlow } from "../servers/gate.ts";

/** Raw `PUT /raw/{name}` of any bytes. */
export function rawFlow(name: string, path: string, deliver: BenchFlow["deliver"]): BenchFlow {
  return { name, method: "PUT", path, protocol: "raw", deliver, mode: "enforce", types: "any" };
}

/** A form with one file of any bytes. */
export function formFlow(name: string, path: string, deliver: BenchFlow["deliver"]): BenchFlow {
  return { name, method: "POST", path, protocol: "multipart", deliver, mode: "enforce", types: "any" };
}

/** A form with one image, verified by its structure. */
export function imageFlow(
  name: string,
  path: string,
  delivery: Pick<BenchFlow, "deliver" | "mode">,
): BenchFlow {
  return { name, method: "POST", path, protocol: "multipart", types: "[image/png]", ...delivery };
}

/**
 * The same flow for callers with a key, with three shares, each of another subject and none ever used up, and an Idempotency-Key that every
 * request must have.
 */
export function withEverythingOn(flow: BenchFlow): BenchFlow {
  const shares = [
    "rate: 1000000/s",
    "concurrent: { uploads: 1000, per: address }",
    "quota: { bytes: 1000 TiB, files: 1000000000, per: flow, every: 24h }",
  ];
  return {
    ...flow,
    permissions: `{ caller: api-key, ${shares.join(", ")} }`,
    lines: "retry: { idempotency-key: required, keep: 24h }",
  };
}
