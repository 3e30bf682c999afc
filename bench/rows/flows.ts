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
