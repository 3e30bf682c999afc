/**
 * Sends one large body over a connection of its own, at the pace of the server, and reads the answer.
 *
 * A socket and not an HTTP client: the sender shares the machine with what it measures, and this is the cheapest way to send.
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { type Body, blocksOf, lengthOf } from "./bytes.ts";

const ANSWER_BYTES_MAX = 64 * 1024;
const ANSWER_MS_MAX = 180_000;

export interface Request {
  readonly port: number;
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: Body;
}

/** Sends the body; resolves with the seconds until the head of the answer was there. @throws where the answer is not a 2xx */
export async function sendBody(request: Request): Promise<number> {
  const socket = connect({ port: request.port, host: "127.0.0.1", noDelay: true });
  await once(socket, "connect");
  try {
    const startedAt = performance.now();
    const answer = readAnswer(socket);
    await Promise.race([writeAll(socket, request), answer]);
    const head = await answer;
    const seconds = (performance.now() - startedAt) / 1000;
    if (!/^HTTP\/1\.1 2\d\d /.test(head))
      throw new Error(`${request.method} ${request.path} was answered with ${head.slice(0, 600)}`);
    return seconds;
  } finally {
    socket.destroy();
  }
}

async function writeAll(socket: Socket, request: Request): Promise<void> {
  const { method, path, port, body, headers = {} } = request;
  const all = {
    Host: `127.0.0.1:${port}`,
    "Content-Type": body.contentType,
    "Content-Length": String(lengthOf(body)),
    Connection: "close",
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n`);
  for (const block of blocksOf(body)) {
    if (socket.destroyed) return;
    if (!socket.write(block)) await drained(socket);
  }
}

/** Resolves when more can be written, or when nobody reads any more. */
function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off("drain", done).off("close", done);
      resolve();
    };
    socket.on("drain", done).on("close", done);
  });
}

/** The answer's head and what came with it. An informational answer (100) is skipped. */
function readAnswer(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let seen = "";
    const timer = setTimeout(() => reject(new Error("no answer in time")), ANSWER_MS_MAX);
    const fail = (error: Error): void => {
      clearTimeout(timer);
      reject(error);
    };
    socket.on("data", (chunk) => {
      seen = (seen + chunk.toString("latin1"))
        .replace(/^HTTP\/1\.1 1\d\d[\s\S]*?\r\n\r\n/, "")
        .slice(0, ANSWER_BYTES_MAX);
      if (!seen.includes("\r\n\r\n")) return;
      clearTimeout(timer);
      resolve(seen);
    });
    socket.once("error", fail);
    socket.once("close", () => fail(new Error(`the connection closed before an answer: ${seen}`)));
  });
}
