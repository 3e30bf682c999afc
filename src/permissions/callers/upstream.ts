/**
 * `caller: upstream`: the flow's own service is asked, with the client's headers and without the body, before a byte of the body is read; and once
 * more before the upload is released.
 *
 * Always holds: the question is a GET that changes nothing, can be told from every request of a client by its `Sluicegate-*` headers, which no
 * client can send, and can never be answered from a cache; only a 2xx that names a principal is a yes; what is anything else than a clear yes or
 * a clear no lets nothing through. Redirects are not followed: a login page is no yes.
 */
import type { Flow } from "../../flows/flow.ts";
import { GateError, type PublicDetails } from "../../problems/gate-error.ts";
import { endToEndRequestHeaders, stripReservedQuery } from "../../upstream/headers.ts";
import { headerValues } from "../../upstream/raw-headers.ts";
import type { RawHeaders, Upstream, UpstreamAnswer } from "../../upstream/upstream.ts";
import type { Admission, CallerCheck, CallerRequest, Narrowing } from "../caller.ts";
import { isNarrower } from "../read-narrowing.ts";
import { readYes, YES_BYTES_MAX } from "./upstream-yes.ts";

/** What is asked: may this upload begin, may it be released, who asks for the state of an upload. */
type Question = "upload" | "release" | "state";

interface Yes {
  readonly principal: string;
  readonly narrowing: Narrowing | null;
}

/**
 * Headers of the client's request that are not part of the question: conditions and ranges, which would make the answer another one; and the
 * idempotency key, for which a service may have stored the answer to another request.
 */
const NOT_ASKED: ReadonlySet<string> = new Set([
  "accept",
  "accept-encoding",
  "cache-control",
  "idempotency-key",
  "if-match",
  "if-modified-since",
  "if-none-match",
  "if-range",
  "if-unmodified-since",
  "pragma",
  "range",
]);

const CREDENTIAL_HEADERS: ReadonlySet<string> = new Set(["authorization", "cookie", "x-api-key"]);

/** A challenge that cannot break the answer that it becomes part of. @see RFC 9110 sections 5.5 and 11.6.1 */
const SAFE_CHALLENGE = /^[\x20-\x7e]{1,1000}$/;

const RETRY_AFTER_SECONDS = 5;
const RETRY_AFTER_SECONDS_MAX = 3_600;

/** Makes the check by question. @param upstreams by the names that flows use */
export function upstreamCaller(upstreams: ReadonlyMap<string, Upstream>): CallerCheck {
  return {
    async admit(flow: Flow, request: CallerRequest): Promise<Admission> {
      const yes = await ask(upstreams, flow, request, "upload");
      return { ...yes, grant: null, confirm: () => confirm(upstreams, flow, request, yes) };
    },
    identify: async (flow, request) => (await ask(upstreams, flow, request, "state")).principal,
  };
}

async function confirm(
  upstreams: ReadonlyMap<string, Upstream>,
  flow: Flow,
  request: CallerRequest,
  before: Yes,
): Promise<void> {
  const now = await ask(upstreams, flow, request, "release").catch((error: unknown) => {
    if (error instanceof GateError && error.status !== 503)
      throw new GateError("PERMISSION_REVOKED", { cause: error });
    throw error;
  });
  if (now.principal !== before.principal || isNarrower(now.narrowing, before.narrowing))
    throw new GateError("PERMISSION_REVOKED", {
      cause: new Error("the service named another principal, or allowed less, than when the upload began"),
    });
}

/** @throws CREDENTIALS_MISSING, CREDENTIALS_INVALID, PERMISSION_DENIED, PERMISSION_UNAVAILABLE */
async function ask(
  upstreams: ReadonlyMap<string, Upstream>,
  flow: Flow,
  request: CallerRequest,
  question: Question,
): Promise<Yes> {
  const upstream = upstreams.get(flow.upstream);
  const { askPath } = flow.permissions;
  if (upstream === undefined || askPath === null)
    throw unavailable(flow, new Error(`flow ${flow.name} does not say which service to ask, or where`));
  const headers = questionHeaders(flow, request, question);
  const asked = { method: "GET", target: askPath, headers, body: null, bodyBytes: 0 };
  const answer = await upstream.request(asked, { bodyBytesMax: YES_BYTES_MAX }).catch((error: unknown) => {
    throw isStopping(error) ? error : unavailable(flow, error);
  });
  return yesOf(flow, request, answer);
}

const isStopping = (error: unknown): boolean => error instanceof GateError && error.code === "GATE_STOPPING";

function yesOf(flow: Flow, request: CallerRequest, answer: UpstreamAnswer): Yes {
  const { status } = answer;
  if (status === 401) throw unauthenticated(request, answer);
  if (status === 403 || status === 404)
    throw new GateError("PERMISSION_DENIED", {
      message: "The service does not allow this upload.",
      cause: said(flow, `answered ${status}`),
    });
  if (status < 200 || status > 299)
    throw unavailable(flow, said(flow, `answered ${status}, which is neither yes nor no`), answer);
  const reading = readYes(answer);
  if (!reading.ok) throw unavailable(flow, said(flow, `gave a yes that is not understood: ${reading.why}`));
  return { principal: reading.principal, narrowing: reading.narrowing };
}

/** For the operator: where the service was asked, and what came. */
const said = (flow: Flow, what: string): Error =>
  new Error(
    `the service "${flow.upstream}", asked at ${flow.permissions.askPath} for flow ${flow.name}, ${what}`,
  );

/** The service's own challenge tells the client how to log in there. */
function unauthenticated(request: CallerRequest, { headers }: UpstreamAnswer): GateError {
  const challenge = headerValues(headers, "www-authenticate").join(", ");
  const details: PublicDetails = SAFE_CHALLENGE.test(challenge) ? { challenge } : {};
  const hasShown = request.rawHeaders.some(
    (name, at) => at % 2 === 0 && CREDENTIAL_HEADERS.has(name.toLowerCase()),
  );
  return new GateError(hasShown ? "CREDENTIALS_INVALID" : "CREDENTIALS_MISSING", { details });
}

function unavailable(flow: Flow, cause: unknown, answer?: UpstreamAnswer): GateError {
  const wanted = Number(headerValues(answer?.headers ?? [], "retry-after")[0] ?? Number.NaN);
  const isUsable = Number.isInteger(wanted) && wanted > 0 && wanted <= RETRY_AFTER_SECONDS_MAX;
  return new GateError("PERMISSION_UNAVAILABLE", {
    message: "The service could not be asked who may send.",
    details: { upstream: flow.upstream },
    retryAfterSeconds: isUsable ? wanted : RETRY_AFTER_SECONDS,
    cause,
  });
}

/** The client's headers without those of its body, and what the gate says of the request itself. */
function questionHeaders(flow: Flow, request: CallerRequest, question: Question): RawHeaders {
  const passed = endToEndRequestHeaders(request.rawHeaders, {
    forwardCredentials: true,
    clientAddress: request.clientAddress,
    // The address is that of the client itself already; what proxies said on the way is not repeated.
    clientIsTrustedProxy: false,
    scheme: request.scheme ?? "http",
    requestId: request.requestId,
    traceparent: request.traceparent,
    dropContent: true,
  });
  return [
    ...passed.filter((_, at) => !NOT_ASKED.has((passed[at - (at % 2)] ?? "").toLowerCase())),
    ...["Accept", "application/json", "Accept-Encoding", "identity", "Cache-Control", "no-cache, no-store"],
    ...["Sluicegate-Question", question, "Sluicegate-Flow", flow.name],
    ...(question === "state" ? [] : uploadHeaders(request)),
  ];
}

function uploadHeaders(request: CallerRequest): RawHeaders {
  const { method, path, target, contentLengthBytes } = request;
  const query = stripReservedQuery(target).split("?").slice(1).join("?");
  const contentType = request.headers["content-type"];
  return [
    ...["Sluicegate-Method", method, "Sluicegate-Path", path],
    ...(query === "" ? [] : ["Sluicegate-Query", query]),
    ...(contentLengthBytes === null ? [] : ["Sluicegate-Content-Length", String(contentLengthBytes)]),
    ...(contentType === undefined ? [] : ["Sluicegate-Content-Type", contentType]),
  ];
}
