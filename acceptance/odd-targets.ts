/**
 * Servers that somebody may point a check at by mistake, or that are in trouble: each is odd in one way.
 */
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, createServer as createTcpServer, type Server as TcpServer } from "node:net";
import type { TestCertificate } from "./tls-files.ts";

export interface OddTarget {
  readonly origin: string;
  /** Uploads and questions so far. */
  readonly requests: () => number;
  stop(): void;
}

type Answer = (body: Buffer, number: number) => OddAnswer;

export interface OddAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export const JSON_TYPE = { "content-type": "application/json" };

/** Reads each request to its end, and answers as it is told; by TLS with a certificate. */
export async function answering(answer: Answer, certificate?: TestCertificate): Promise<OddTarget> {
  let requests = 0;
  const listener: RequestListener = async (request, response) => {
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
      requests += 1;
      const { status, headers = {}, body = "" } = answer(Buffer.concat(chunks), requests);
      response.writeHead(status, headers).end(body);
    } catch {
      // The client has gone away.
    }
  };
  const server: Server =
    certificate === undefined
      ? createServer(listener)
      : (createTlsServer(
          { cert: certificate.pem, key: await keyOf(certificate) },
          listener,
        ) as unknown as Server);
  const origin = await listen(server, certificate === undefined ? "http" : "https");
  return {
    origin,
    requests: () => requests,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function keyOf({ key }: TestCertificate): Promise<Buffer> {
  return readFile(key);
}

/** Speaks something that is not HTTP. */
export async function speakingSsh(): Promise<OddTarget> {
  const server = createTcpServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", () => socket.end("SSH-2.0-OpenSSH_9.9\r\n"));
  });
  return { origin: await listen(server, "http"), requests: () => 0, stop: () => server.close() };
}

async function listen(server: TcpServer | Server, scheme: string): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
