/**
 * A route and a plan for the tests of a load: small, and the same each time.
 */
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { pngFile } from "../../checks/payloads/image-files.ts";
import type { LoadPlan } from "../measurement.ts";
import type { LoadRoute } from "./load-route.ts";

export function sampleRoute(changed: Partial<LoadRoute> = {}): LoadRoute {
  const file = { ...pngFile("sea.png"), field: "picture", sizeBytesMax: 1_000_000 };
  return {
    method: "POST",
    path: "/pictures",
    protocol: "multipart",
    samples: [{ files: [file], digest: "0123456789abcdef" }],
    fields: [["caption", "Sea"]],
    headers: ["X-Tenant: test"],
    acceptedStatuses: [201],
    expectation: { folder: "/nowhere", notes: { expect: { status: 201 }, rollback: null } },
    caches: [],
    hasShares: false,
    requestIdHeader: "x-request-id",
    idPlace: { pointer: "/id" },
    digestPointer: null,
    mark: "flowcheck-run",
    tls: {},
    ...changed,
  };
}

export function samplePlan(changed: Partial<LoadPlan> = {}): LoadPlan {
  return {
    ratePerSecond: 200,
    requests: 40,
    warmUpRequests: 4,
    seed: 7,
    phase: "cold",
    repeatShare: 0.1,
    timeoutMs: 5000,
    requestsMax: 1000,
    sentBytesMax: 1e9,
    elapsedMsMax: 20_000,
    ...changed,
  };
}

/** A server on a port of its own. @returns its origin, and the server to be closed */
export async function listening(answer: RequestListener): Promise<{ origin: string; server: Server }> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}
