/**
 * The console's page with an operator's port behind it that says what a test wants: the page and its headers are the real ones, the figures come from
 * `fixtures/console/`.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json as readJson } from "node:stream/consumers";
import type { Session } from "../contract/console-api.ts";
import { type Situation, type SituationName, situation } from "../fixtures/console/console-situations.ts";
import { readPageAssets } from "../src/console/page-assets.ts";
import { sendPage } from "../src/console/send-page.ts";

export const TOKEN = "correct-token";
const RANGES_MS: Readonly<Record<string, number>> = {
  "1h": 3_600_000,
  "6h": 21_600_000,
  "24h": 86_400_000,
  "7d": 604_800_000,
  "30d": 2_592_000_000,
};

export interface FixtureServer {
  readonly origin: string;
  /** What was asked to be changed: path, body, and the header against forged requests. */
  readonly changes: { path: string; body: unknown; csrf: string }[];
  /** What is said from now on; told to open pages. */
  show(name: SituationName): void;
  /** Whoever asks from now on has this session. */
  session(mayRead: boolean, mayChange: boolean): void;
  /** Breaks all streams and lets every request to the API fail, until `connect`. */
  disconnect(): void;
  connect(): void;
  stop(): Promise<void>;
}

export async function startFixtureServer(nowMs: () => number = Date.now): Promise<FixtureServer> {
  const assets = await readPageAssets();
  const changes: FixtureServer["changes"] = [];
  const streams = new Set<ServerResponse>();
  let shown: SituationName = "up";
  let access = { mayRead: true, mayChange: false };
  let isConnected = true;

  const now = (): Situation => situation(shown, nowMs());
  const session = (): Session => ({
    ...access,
    csrf: access.mayChange ? "csrf-token" : null,
    howToGetToken: "sluicegate console prints it, on the machine where the gate runs.",
  });

  const api = async (req: IncomingMessage, res: ServerResponse, url: URL): Promise<void> => {
    const [, , , area = "", ...rest] = url.pathname.split("/").map(decodeURIComponent);
    if (area === "session") return await answerSession(req, res);
    if (!access.mayRead) return sendProblem(res, 401, "Reading needs a session.");
    if (req.method === "POST") return await takeChange(req, res, url);
    if (area === "events") return openStream(res);
    const found = readings[area]?.(rest, url);
    if (found === undefined || found === null) sendProblem(res, 404, "Nothing of this name is known.");
    else sendJson(res, 200, found);
  };

  const readings: Readonly<Record<string, (rest: string[], url: URL) => unknown>> = {
    front: () => now().front,
    held: () => ({ uploads: now().held }),
    flows: ([name = ""], url) =>
      now().flow(name, RANGES_MS[url.searchParams.get("range") ?? "1h"] ?? 3_600_000),
    requests: ([id]) => now().requests.find(({ row }) => row.requestId === id),
    documents: ([, , name]) => now().documents.find(({ row }) => row.name === name),
  };

  const answerSession = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    if (req.method === "DELETE") access = { ...access, mayChange: false };
    if (req.method === "POST") {
      const { token } = (await readJson(req)) as { token: string };
      if (token !== TOKEN) return sendProblem(res, 403, "The token is not the operator's.");
      access = { mayRead: true, mayChange: true };
    }
    sendJson(res, 200, session());
  };

  const takeChange = async (req: IncomingMessage, res: ServerResponse, url: URL): Promise<void> => {
    const csrf = String(req.headers["x-sluicegate-csrf"]);
    changes.push({ path: url.pathname, body: await readJson(req), csrf });
    if (csrf !== "csrf-token") return sendProblem(res, 403, "The request did not come from the page.");
    const sentence = url.pathname.includes("/held/") ? "It was handed on." : "22 of 22 promises kept.";
    sendJson(res, 200, { ok: true, sentence });
  };

  const openStream = (res: ServerResponse): void => {
    res.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    streams.add(res);
    res.once("close", () => streams.delete(res));
    res.write(`event: front\ndata: ${JSON.stringify(now().front)}\n\n`);
  };

  const server = createServer((req, res) => {
    const url = new URL(req.url ?? "/", "http://127.0.0.1");
    if (!url.pathname.startsWith("/api/")) {
      if (!sendPage(assets, req, res)) sendProblem(res, 404, "Nothing is here.");
    } else if (!isConnected) res.destroy();
    else void api(req, res, url);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    changes,
    show: (name) => {
      shown = name;
      for (const stream of streams) stream.write(`event: front\ndata: ${JSON.stringify(now().front)}\n\n`);
    },
    session: (mayRead, mayChange) => {
      access = { mayRead, mayChange };
    },
    disconnect: () => {
      isConnected = false;
      for (const stream of streams) stream.destroy();
    },
    connect: () => {
      isConnected = true;
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function sendJson(res: ServerResponse, status: number, value: unknown): void {
  res
    .writeHead(status, { "content-type": "application/json", "cache-control": "no-store" })
    .end(JSON.stringify(value));
}

function sendProblem(res: ServerResponse, status: number, detail: string): void {
  const problem = { type: "about:blank", title: detail, status, detail, code: "TEST" };
  res.writeHead(status, { "content-type": "application/problem+json" }).end(JSON.stringify(problem));
}
