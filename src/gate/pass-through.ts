/**
 * Requests that no flow judges: passed on untouched but for the reserved names, streaming both ways.
 */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { endToEndRequestHeaders, stripReservedQuery } from "../upstream/headers.ts";
import type { RawHeaders, RelayOptions, Upstream } from "../upstream/upstream.ts";
import { noteReport, seenHeaders } from "./answer-headers.ts";
import { BodyPace } from "./body-pace.ts";
import type { GateParts } from "./gate-parts.ts";
import { declaresBody } from "./judge-request.ts";
import type { RequestContext } from "./request-context.ts";

/** What the observer of a passing body wants to see of it. */
export type RelayTap = Required<Pick<RelayOptions, "tap" | "tapEnd">>;

/**
 * Relays one request and its answer.
 * @throws UPSTREAM_UNREACHABLE, UPSTREAM_TIMEOUT, UPSTREAM_ANSWER_INVALID, REQUEST_TIMEOUT, GATE_STOPPING while the client has no answer yet
 */
export async function passThrough(
  gate: GateParts,
  request: RequestContext,
  upstream: Upstream,
  tap?: RelayTap,
): Promise<void> {
  const watch = watchBody(gate, request, tap);
  const relayed = request.timings.measure("app", () =>
    upstream.relay(request.req, request.res, {
      ...watch.tap,
      requestHeaders: relayHeaders(request),
      target: stripReservedQuery(request.target),
      headers: (answer) => seenHeaders(gate, request, answer),
      signal: watch.signal,
    }),
  );
  const report = await relayed.finally(watch.end);
  noteReport(request, report);
  request.facts.outcome = report.status >= 500 ? "failed" : "passed";
  gate.metrics.upstreamSeconds.observe({ upstream: upstream.name }, report.waitMs / 1000);
}

interface BodyWatch {
  readonly tap: Partial<RelayTap>;
  readonly signal: AbortSignal;
  readonly end: () => void;
}

/** Ends a request whose body brings nothing for the idle time; how fast it must come is for the service to say. */
function watchBody(gate: GateParts, request: RequestContext, tap: RelayTap | undefined): BodyWatch {
  const { req } = request;
  if (!declaresBody(req)) return { tap: tap ?? {}, signal: gate.breakOff, end: () => {} };
  const ending = new AbortController();
  const onBreakOff = (): void => ending.abort(gate.breakOff.reason);
  let bytes = 0;
  const pace = new BodyPace({
    idleMs: gate.settings.limits.idleMs,
    bytesPerSecondMin: 0,
    look: () => ({ bytes, isOurTurn: req.readableFlowing !== true }),
    onTooSlow: (error) => ending.abort(error),
  });
  gate.breakOff.addEventListener("abort", onBreakOff);
  return {
    signal: ending.signal,
    tap: {
      tap: (chunk) => {
        bytes += chunk.length;
        request.facts.bytesIn = bytes;
        tap?.tap(chunk);
      },
      tapEnd: (complete) => {
        pace.stop();
        tap?.tapEnd(complete);
      },
    },
    end: () => {
      pace.stop();
      gate.breakOff.removeEventListener("abort", onBreakOff);
    },
  };
}

/** Passes a protocol upgrade on. @throws as `passThrough` */
export function passUpgrade(
  request: RequestContext,
  upstream: Upstream,
  socket: Duplex,
  head: Buffer,
): Promise<void> {
  return upstream.upgrade(request.req, socket, head, {
    target: stripReservedQuery(request.target),
    requestHeaders: relayHeaders(request),
  });
}

/** The upstream that takes what no flow matches: the one with `pass-through: true`. */
export function passThroughUpstream(gate: GateParts): Upstream | null {
  const named = [...gate.settings.upstreams.values()].find((upstream) => upstream.passThrough);
  return named === undefined ? null : (gate.upstreams.get(named.name) ?? null);
}

function relayHeaders(request: RequestContext): RawHeaders {
  return endToEndRequestHeaders(request.req.rawHeaders, {
    forwardCredentials: true,
    clientAddress: remoteAddress(request.req),
    clientIsTrustedProxy: request.isFromTrustedProxy,
    scheme: request.scheme,
    requestId: request.trace.requestId,
    traceparent: request.trace.traceparent,
    dropContent: false,
  });
}

const remoteAddress = (req: IncomingMessage): string => req.socket.remoteAddress ?? "unknown";
