/**
 * The one place that knows the order of the stages: a request's head is read once, routed once, and goes one way.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Flow, RouteMatch } from "../flows/flow.ts";
import { answerPreflight, isPreflight } from "../permissions/cross-site.ts";
import { GateError, quoteSeen } from "../problems/gate-error.ts";
import { answerEmpty, answerProblem } from "./answers.ts";
import { upstreamOf } from "./deliver-upload.ts";
import { seeUpload } from "./discovery/see-upload.ts";
import { enforce } from "./enforce.ts";
import type { GateParts } from "./gate-parts.ts";
import { declaresBody, judgeFraming } from "./judge-request.ts";
import { nearMiss } from "./near-miss.ts";
import { observe } from "./observe.ts";
import { answerOwnPath, isOwnPath } from "./own-routes.ts";
import { passThrough, passThroughUpstream, passUpgrade } from "./pass-through.ts";
import { asGateError } from "./refusal.ts";
import { beginRequest, type RequestContext, type RequestHead, readRequest } from "./request-context.ts";
import { pathToTell, signalRequest } from "./signal-request.ts";

/** Another gate, or this one started again, takes over within this time. */
const STOPPING_RETRY_SECONDS = 5;

/** Handles one request to its end; never rejects. */
export async function handleRequest(
  gate: GateParts,
  req: IncomingMessage,
  res: ServerResponse,
  expectsContinue: boolean,
): Promise<void> {
  const head = beginRequest(req, res);
  const closed = new Promise<number>((resolve) => res.once("close", () => resolve(performance.now())));
  try {
    judgeFraming(req);
    refuseWhileStopping(gate);
    const request = readRequest(head, { expectsContinue, isTrustedProxy: gate.isTrustedProxy });
    await route(gate, request);
  } catch (error) {
    answerFailure(gate, head, asGateError(error));
  }
  // When the answer is out and the stages have said what came of it, whichever is later.
  logRequest(gate, head, await closed);
}

/** Handles a request to change the protocol of its connection; never rejects. */
export async function handleUpgrade(
  gate: GateParts,
  req: IncomingMessage,
  res: ServerResponse,
  socket: Duplex,
  head: Buffer,
): Promise<void> {
  const begun = beginRequest(req, res);
  try {
    judgeFraming(req);
    refuseWhileStopping(gate);
    const request = readRequest(begun, { expectsContinue: false, isTrustedProxy: gate.isTrustedProxy });
    const upstream = isOwnPath(request.path) ? null : passThroughUpstream(gate);
    if (upstream === null || gate.flows.match(req.method ?? "", request.path).kind === "flow")
      throw unknownRoute(request);
    begun.facts.outcome = "passed";
    await passUpgrade(request, upstream, socket, head);
    logRequest(gate, begun, performance.now());
  } catch (error) {
    answerFailure(gate, begun, asGateError(error));
  }
}

function refuseWhileStopping(gate: GateParts): void {
  if (gate.isStopping) throw new GateError("GATE_STOPPING", { retryAfterSeconds: STOPPING_RETRY_SECONDS });
}

async function route(gate: GateParts, request: RequestContext): Promise<void> {
  if (isOwnPath(request.path)) return answerOwnPath(gate, request);
  const match = gate.flows.match(request.req.method ?? "", request.path);
  if (match.kind === "flow") return routeFlow(gate, request, match.flow);
  if (isPreflight(request.req.method, request.req.headers) && answerFlowPreflight(gate, request)) return;
  const upstream = passThroughUpstream(gate);
  if (upstream === null || isOtherBody(gate, request, match)) throw unmatched(request, match);
  refuseNearMiss(gate, request);
  const seen = seeUpload(gate, request);
  try {
    await passThrough(gate, request, upstream, seen?.tap);
  } finally {
    seen?.conclude();
  }
}

/** Answers a browser's question whether a page may send to a flow; other questions are the service's to answer. */
function answerFlowPreflight(gate: GateParts, request: RequestContext): boolean {
  const { headers } = request.req;
  const asked = gate.flows.match(headers["access-control-request-method"] ?? "", request.path);
  if (asked.kind !== "flow" || asked.flow.mode !== "enforce") return false;
  request.facts.flow = asked.flow.name;
  request.answerHeaders.push(...answerPreflight(asked.flow, headers));
  answerEmpty(request, 204);
  return true;
}

async function routeFlow(gate: GateParts, request: RequestContext, flow: Flow): Promise<void> {
  request.facts.flow = flow.name;
  request.facts.mode = flow.mode;
  request.seen.flow = flow;
  if (flow.mode === "enforce") return enforce(gate, request, flow);
  if (flow.mode === "observe") return observe(gate, request, flow);
  return passThrough(gate, request, upstreamOf(gate, flow));
}

/**
 * A body sent to a flow's path by another method is the way around the flow, so it does not pass through; what carries none does (a GET
 * of the same resource, a DELETE).
 */
function isOtherBody(gate: GateParts, request: RequestContext, match: RouteMatch): boolean {
  if (match.kind !== "method-mismatch" || !declaresBody(request.req)) return false;
  return match.allowed.some((method) => {
    const other = gate.flows.match(method, request.path);
    return other.kind === "flow" && other.flow.mode === "enforce";
  });
}

function refuseNearMiss(gate: GateParts, request: RequestContext): void {
  const flow = declaresBody(request.req) ? nearMiss(gate.flows.flows, request.path) : null;
  if (flow === null || gate.flows.match(request.req.method ?? "", request.path).kind !== "none") return;
  throw new GateError("ROUTE_UNKNOWN", {
    message: "The path is nearly that of an upload route, and bodies are taken at its exact path only.",
    expected: flow.route.path,
    seen: quoteSeen(request.path),
  });
}

function unmatched(request: RequestContext, match: RouteMatch): GateError {
  if (match.kind !== "method-mismatch") return unknownRoute(request);
  return new GateError("METHOD_NOT_ALLOWED", {
    expected: match.allowed.join(" or "),
    seen: request.req.method ?? "",
    details: { allowed: match.allowed },
  });
}

const unknownRoute = (request: RequestContext): GateError =>
  new GateError("ROUTE_UNKNOWN", { seen: quoteSeen(request.path) });

function answerFailure(gate: GateParts, head: RequestHead, error: GateError): void {
  head.facts.outcome = error.status >= 500 ? "failed" : "refused";
  if (error.status >= 500)
    gate.log.error({ requestId: head.trace.requestId, code: error.code, err: error }, "request failed");
  answerProblem(head, error);
}

/** One line a request, its metrics and its signal. No headers, no bodies, no query: nothing secret can be in it. */
function logRequest(gate: GateParts, head: RequestHead, endedAt: number): void {
  const { facts, req, res, trace, timings } = head;
  const durationMs = endedAt - head.startedAt;
  const flow = facts.flow ?? "none";
  const mode = facts.mode ?? "none";
  gate.metrics.requests.inc({ flow, mode, outcome: facts.outcome, status: String(res.statusCode) });
  gate.metrics.requestSeconds.observe({ flow, mode }, durationMs / 1000);
  gate.log.info(
    {
      requestId: trace.requestId,
      traceId: trace.traceId,
      method: req.method,
      path: pathToTell(req.url ?? ""),
      status: res.statusCode,
      ...facts,
      durationMs: Math.round(durationMs * 10) / 10,
      timings: timings.toJSON(),
    },
    "request",
  );
  signalRequest(gate, head, durationMs);
}
