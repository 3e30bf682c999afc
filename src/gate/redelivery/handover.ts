/**
 * What is kept of a request so that its upload can be delivered once more without the client: recorded together with the release, so that a
 * gate killed at any moment after it can go on.
 *
 * Always holds: no credentials of the client are in it. A service that wants them on each request cannot be told again without a person.
 */
import type { Flow } from "../../flows/flow.ts";
import type { Handover } from "../../records/records.ts";
import { endToEndRequestHeaders, stripReservedQuery } from "../../upstream/headers.ts";
import type { RawHeaders } from "../../upstream/upstream.ts";
import type { RequestContext } from "../request-context.ts";

/** Headers whose name says that their value is a secret; `Idempotency-Key` is none, and the service needs it to know the upload again. */
const SECRET_NAME =
  /auth|cookie|token|secret|password|session|credential|signature|assertion|jwt|csrf|xsrf|api-?_?key/i;

/** A part as the body brought it: of a file, only which one it is. */
type HandedPart =
  | { readonly kind: "field"; readonly name: string; readonly value: string }
  | { readonly kind: "file"; readonly name: string; readonly file: { readonly index: number } };

/** The head of an upload's request as the service gets it. */
export interface DeliveryHead {
  readonly target: string;
  readonly headers: RawHeaders;
}

/** The request's head without what concerns its connection, its body or the gate itself. */
export function deliveryHead(request: RequestContext, flow: Flow): DeliveryHead {
  const headers = endToEndRequestHeaders(withoutConsumed(request), {
    forwardCredentials: flow.forwardCredentials,
    clientAddress: request.req.socket.remoteAddress ?? "unknown",
    clientIsTrustedProxy: request.isFromTrustedProxy,
    scheme: request.scheme,
    requestId: request.trace.requestId,
    traceparent: request.trace.traceparent,
    dropContent: true,
  });
  return { target: stripReservedQuery(request.target), headers };
}

/** Without what was meant for the gate alone, such as its own keys. */
function withoutConsumed({ req, consumedHeaders }: RequestContext): RawHeaders {
  if (consumedHeaders.size === 0) return req.rawHeaders;
  return without(req.rawHeaders, (name) => consumedHeaders.has(name.toLowerCase()));
}

/** What is kept for another try. */
export function makeHandover(
  { target, headers }: DeliveryHead,
  method: string,
  parts: readonly HandedPart[],
  idempotencyScope: string | null,
): Handover {
  return {
    method,
    target,
    headers: without(headers, (name) => SECRET_NAME.test(name)),
    idempotencyScope,
    parts: parts.map((part) =>
      part.kind === "field"
        ? { kind: "field", name: part.name, value: part.value }
        : { kind: "file", name: part.name, index: part.file.index },
    ),
  };
}

function without(headers: RawHeaders, isLeftOut: (name: string) => boolean): RawHeaders {
  const kept: string[] = [];
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] ?? "";
    if (!isLeftOut(name)) kept.push(name, headers[at + 1] ?? "");
  }
  return kept;
}
