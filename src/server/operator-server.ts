/**
 * The operator's port: health, metrics, the console, and what can be asked of a gate while it runs: to read the flows again, and to look for deliveries
 * that are due.
 *
 * Health, metrics and the list of flows are open to whoever reaches the port (loopback by default), as monitoring reads them; changing needs the operator's
 * token. The console has rules of its own (`console/http/console-access.ts`).
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Console } from "../console/console.ts";
import type { GateParts } from "../gate/gate-parts.ts";
import { lookAtDeliveries } from "../gate/redelivery/behind-answers.ts";
import { asGateError } from "../gate/refusal.ts";
import { GateError } from "../problems/gate-error.ts";
import { toProblem } from "../problems/problem.ts";
import { isSameToken } from "../settings/operator-access.ts";
import type { Log } from "../signals/log.ts";
import { readTraceContext } from "../signals/trace-context.ts";
import type { PublicCertificate } from "./public-certificate.ts";
import { readReadiness } from "./readiness.ts";
import type { ReloadResult } from "./reload.ts";

export interface OperatorOptions {
  readonly token: string;
  readonly reload: () => Promise<ReloadResult>;
  readonly certificate: PublicCertificate | null;
  readonly console: Console;
  readonly log: Pick<Log, "error">;
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
  return createServer(
    { requestTimeout: REQUEST_MS_MAX },
    (req, res) => void answer(routes, options, req, res),
  );
}

/** For a whole request to come; what is asked for may take longer. */
const REQUEST_MS_MAX = 30_000;

async function answer(
  routes: Readonly<Record<string, Handler>>,
  { console, log }: OperatorOptions,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const path = (req.url ?? "/").split("?", 1)[0];
  const method = req.method === "HEAD" ? "GET" : (req.method ?? "");
  try {
    const name = `${method} ${path}`;
    const handler = Object.hasOwn(routes, name) ? routes[name] : undefined;
    if (handler !== undefined) await handler(req, res);
    else if (!(await console.handle(req, res)))
      throw new GateError("ROUTE_UNKNOWN", { expected: Object.keys(routes).join(", ") });
  } catch (error) {
    const gateError = asGateError(error);
    const { requestId } = readTraceContext(undefined, undefined);
    if (gateError.code === "GATE_FAILED")
      log.error({ err: error, requestId, path }, "the operator's port failed");
    sendProblem(res, gateError, requestId);
  }
}

/** What has begun to be answered cannot be answered otherwise any more. */
function sendProblem(res: ServerResponse, error: GateError, requestId: string): void {
  if (res.headersSent) {
    res.destroy();
    return;
  }
  if (error.retryAfterSeconds !== null) res.setHeader("retry-after", error.retryAfterSeconds);
  sendJson(res, error.status, toProblem(error, requestId), "application/problem+json");
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
