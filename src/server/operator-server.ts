/**
 * The operator's port: health, metrics, and what can be asked of a gate while it runs: to read the flows again, and to look for deliveries that
 * are due.
 *
 * Reading is open to whoever reaches the port (loopback by default); changing needs the operator's token.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { GateParts } from "../gate/gate-parts.ts";
import { lookAtDeliveries } from "../gate/redelivery/behind-answers.ts";
import { asGateError } from "../gate/refusal.ts";
import { GateError } from "../problems/gate-error.ts";
import { toProblem } from "../problems/problem.ts";
import { isSameToken } from "../settings/operator-access.ts";
import { readTraceContext } from "../signals/trace-context.ts";
import type { PublicCertificate } from "./public-certificate.ts";
import { readReadiness } from "./readiness.ts";
import type { ReloadResult } from "./reload.ts";

export interface OperatorOptions {
  readonly token: string;
  readonly reload: () => Promise<ReloadResult>;
  readonly certificate: PublicCertificate | null;
}

type Handler = (req: IncomingMessage, res: ServerResponse) => Promise<void>;

/** Makes the server; the caller listens. */
export function makeOperatorServer(gate: GateParts, options: OperatorOptions): Server {
  const routes: Readonly<Record<string, Handler>> = {
    "GET /health": async (_req, res) => sendJson(res, 200, { ok: true }),
    "GET /health/live": async (_req, res) => sendJson(res, 200, { ok: true }),
    "GET /health/ready": async (_req, res) => {
      const readiness = await readReadiness(gate, options.certificate);
      sendJson(res, readiness.ok ? 200 : 503, readiness);
    },
    "GET /metrics": async (_req, res) => sendMetrics(gate, res),
    "GET /api/flows": async (_req, res) => sendJson(res, 200, { flows: gate.flows.flows.map(flowSummary) }),
    "POST /api/reload": async (req, res) => {
      requireToken(req, options.token);
      const result = await options.reload();
      sendJson(res, result.ok ? 200 : 422, result);
    },
    "POST /api/deliveries/wake": async (req, res) => {
      requireToken(req, options.token);
      lookAtDeliveries(gate);
      sendJson(res, 200, { ok: true });
    },
  };
  return createServer((req, res) => void answer(routes, req, res));
}

async function answer(
  routes: Readonly<Record<string, Handler>>,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const path = (req.url ?? "/").split("?", 1)[0];
  const method = req.method === "HEAD" ? "GET" : (req.method ?? "");
  try {
    const handler = routes[`${method} ${path}`];
    if (handler === undefined)
      throw new GateError("ROUTE_UNKNOWN", { expected: Object.keys(routes).join(", ") });
    await handler(req, res);
  } catch (error) {
    const gateError = asGateError(error);
    const { requestId } = readTraceContext(undefined, undefined);
    sendJson(res, gateError.status, toProblem(gateError, requestId), "application/problem+json");
  }
}

function requireToken(req: IncomingMessage, token: string): void {
  const given = /^Bearer (\S+)$/.exec(req.headers.authorization ?? "")?.[1];
  if (given === undefined || !isSameToken(given, token)) throw new GateError("OPERATOR_TOKEN_INVALID");
}

const flowSummary = ({
  name,
  mode,
  route,
  owner,
  policyVersion,
}: GateParts["flows"]["flows"][number]): unknown => ({
  name,
  mode,
  method: route.method,
  path: route.path,
  owner,
  policyVersion,
});

async function sendMetrics(gate: GateParts, res: ServerResponse): Promise<void> {
  if (!gate.settings.signals.metrics)
    throw new GateError("ROUTE_UNKNOWN", { message: "Metrics are switched off (signals.metrics)." });
  const { contentType, text } = await gate.metrics.expose();
  res.writeHead(200, { "content-type": contentType }).end(text);
}

function sendJson(
  res: ServerResponse,
  status: number,
  value: unknown,
  contentType = "application/json",
): void {
  const headers = {
    "content-type": contentType,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  };
  res.writeHead(status, headers).end(`${JSON.stringify(value)}\n`);
}
