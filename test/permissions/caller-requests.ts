/**
 * Flows and requests as the checks of callers see them.
 */
import type { CallerKind, Flow } from "../../src/flows/flow.ts";
import { UNWRITTEN_MEASURE, UNWRITTEN_WATCH } from "../../src/flows/measure/unwritten.ts";
import type { CallerRequest } from "../../src/permissions/caller.ts";
import { GateError } from "../../src/problems/gate-error.ts";

/** A flow that asks for `caller`, and for what `require` says. */
export function flowFor(caller: CallerKind, require: Readonly<Record<string, readonly string[]>> = {}): Flow {
  return {
    name: "avatars",
    folder: "/flows/avatars",
    summary: "Pictures of users",
    owner: "accounts team",
    noticed: null,
    mode: "enforce",
    route: { method: "POST", path: "/avatars", protocols: ["multipart"] },
    files: new Map(),
    fields: new Map(),
    permissions: {
      caller,
      require: new Map(Object.entries(require)),
      askPath: null,
      origins: [],
      shares: [],
    },
    retry: { idempotencyKey: "off", keepMs: 86_400_000 },
    failure: {
      upstreamDown: "refuse",
      upstreamUnknown: "keep",
      upstreamError: "pass",
      retryForMs: 3_600_000,
      storageFull: "refuse",
    },
    deliver: "forward",
    upstream: "accounts",
    forwardCredentials: false,
    policyVersion: "0123456789abcdef",
    inspect: { malware: false, images: null, archives: null, documents: null },
    measure: UNWRITTEN_MEASURE,
    watch: UNWRITTEN_WATCH,
    verify: null,
    notes: { expect: null, rollback: null },
  };
}

/** A request with these headers: name, value, name, value … as on the wire. */
export function requestWith(rawHeaders: readonly string[], target = "/avatars"): CallerRequest {
  const headers: Record<string, string> = {};
  for (let index = 0; index < rawHeaders.length; index += 2)
    headers[(rawHeaders[index] ?? "").toLowerCase()] ??= rawHeaders[index + 1] ?? "";
  return {
    method: "POST",
    path: target.replace(/\?.*$/, ""),
    target,
    headers,
    rawHeaders,
    clientAddress: "192.0.2.7",
    contentLengthBytes: 5,
    requestId: "request-1",
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  };
}

export const bearer = (token: string): CallerRequest => requestWith(["Authorization", `Bearer ${token}`]);

/** Everything of an error that leaves the process, as one text: no credential may be in it. */
export function publicText(error: GateError): string {
  return JSON.stringify([error.message, error.expected, error.seen, error.details]);
}

/** The error of a refusal; fails where there is none. */
export async function refusalOf(attempt: () => unknown): Promise<GateError> {
  try {
    await attempt();
  } catch (error) {
    if (error instanceof GateError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}
