/**
 * One request on its way through the gate: who, where to, when, under which ids; and what its log line will say.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Flow, FlowMode } from "../flows/flow.ts";
import { Timings } from "../signals/server-timing.ts";
import { readTraceContext, type TraceContext } from "../signals/trace-context.ts";
import { canonicalTarget } from "../upstream/canonical-target.ts";
import type { RawHeaders } from "../upstream/upstream.ts";
import { clientAddress } from "./client-address.ts";

/** How a request ended, for metrics and log: `refused` is the gate's promise kept, `failed` is not. */
export type Outcome = "accepted" | "refused" | "failed" | "aborted" | "passed" | "answered";

/** What the log line of a request says beyond method, path and status. Set by the stages as they know it. */
export interface RequestFacts {
  flow: string | null;
  mode: FlowMode | null;
  principal: string | null;
  outcome: Outcome;
  code: string | null;
  uploadId: string | null;
  bytesIn: number;
  upstreamStatus: number | null;
  /** The service's own `Server-Timing` and `Cache-Status`, as it sent them. */
  serverTiming: string | null;
  cacheStatus: string | null;
}

/** What only a request's signal says (`signal-request.ts`), beside its facts. Set by the stages as they know it. */
export interface SeenOfRequest {
  flow: Flow | null;
  /** Headers of the service's answer, as it sent them. */
  answer: RawHeaders | null;
  /** From the last byte sent to the service to the first byte of its answer. */
  waitMs: number | null;
  answerBytes: number | null;
  /** Verified media type of the first file. */
  fileType: string | null;
  /** In `observe`: resolves, and never rejects, with the code that it would have been refused with. */
  observed: Promise<string | null> | null;
}

export interface RequestContext {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly trace: TraceContext;
  readonly startedAtMs: number;
  readonly startedAt: number;
  /** Canonical path without query. */
  readonly path: string;
  /** Canonical path with query, as it goes to the service. */
  readonly target: string;
  /** Of the client itself, behind trusted proxies; else of the connection. */
  readonly clientAddress: string;
  readonly isFromTrustedProxy: boolean;
  /** Of the connection to the gate; a trusted proxy in front may have been reached by another. */
  readonly scheme: "http" | "https";
  /** Whether the client waits for `100 Continue` before it sends the body. */
  readonly expectsContinue: boolean;
  readonly timings: Timings;
  readonly facts: RequestFacts;
  readonly seen: SeenOfRequest;
  /** Headers that every answer to this request carries, whoever writes it: CORS, RateLimit. Added by the stages. */
  readonly answerHeaders: (readonly [name: string, value: string])[];
  /** Lower-case names of headers that hold credentials for the gate itself: they do not go on to the service. */
  readonly consumedHeaders: Set<string>;
}

/** What is known of a request before its target is read: enough to refuse it properly. */
export type RequestHead = Pick<
  RequestContext,
  | "req"
  | "res"
  | "trace"
  | "startedAtMs"
  | "startedAt"
  | "timings"
  | "facts"
  | "seen"
  | "answerHeaders"
  | "consumedHeaders"
>;

/** Begins a request; never throws. */
export function beginRequest(req: IncomingMessage, res: ServerResponse): RequestHead {
  const header = (name: string): string | undefined => {
    const value = req.headers[name];
    return typeof value === "string" ? value : undefined;
  };
  return {
    req,
    res,
    trace: readTraceContext(header("x-request-id"), header("traceparent")),
    startedAtMs: Date.now(),
    startedAt: performance.now(),
    timings: new Timings(),
    answerHeaders: [],
    consumedHeaders: new Set(),
    facts: {
      flow: null,
      mode: null,
      principal: null,
      outcome: "answered",
      code: null,
      uploadId: null,
      bytesIn: 0,
      upstreamStatus: null,
      serverTiming: null,
      cacheStatus: null,
    },
    seen: { flow: null, answer: null, waitMs: null, answerBytes: null, fileType: null, observed: null },
  };
}

/**
 * Reads the rest of a request's head.
 * @throws REQUEST_TARGET_INVALID
 */
export function readRequest(
  head: RequestHead,
  options: { expectsContinue: boolean; isTrustedProxy: (address: string) => boolean },
): RequestContext {
  const { path, target } = canonicalTarget(head.req.url ?? "/");
  const { headers, socket } = head.req;
  const peer = socket.remoteAddress ?? "unknown";
  const hops = { xForwardedFor: joined(headers["x-forwarded-for"]), forwarded: joined(headers.forwarded) };
  return {
    ...head,
    path,
    target,
    scheme: "encrypted" in socket && socket.encrypted === true ? "https" : "http",
    isFromTrustedProxy: options.isTrustedProxy(peer),
    clientAddress: clientAddress(peer, hops, options.isTrustedProxy),
    expectsContinue: options.expectsContinue,
  };
}

const joined = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value.join(",") : value;
