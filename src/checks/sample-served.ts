/**
 * Servers on loopback for the unit tests of this folder: each answers as the test says, and ends with it.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createPlain, type Socket } from "node:net";
import type { TestContext } from "node:test";

/** A request, whole. */
export interface Got {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

/** @returns the origin. `answer` is called once for each whole request. */
export async function served(
  context: TestContext,
  answer: (got: Got, res: ServerResponse) => void,
): Promise<string> {
  const server = createServer(async (req, res) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    answer(
      { method: req.method ?? "", path: req.url ?? "", headers: req.headers, body: Buffer.concat(chunks) },
      res,
    );
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A server that speaks whatever `talk` says. @returns its port */
export async function spoken(context: TestContext, talk: (socket: Socket) => void): Promise<number> {
  const open = new Set<Socket>();
  const server = createPlain((socket) => {
    open.add(socket);
    socket.on("error", () => {}).on("close", () => open.delete(socket));
    talk(socket);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  context.after(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** Answers with JSON. */
export function json(
  res: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  res.writeHead(status, { "Content-Type": "application/json", ...headers });
  res.end(JSON.stringify(body));
}
