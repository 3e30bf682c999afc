/**
 * An upload that a test sends piece by piece, on a connection of its own.
 */
import { once } from "node:events";
import { type ClientRequest, type IncomingMessage, type OutgoingHttpHeaders, request } from "node:http";
import type { Answered } from "./ask.ts";

/** Sends the head of a PUT; its body is still to be sent. */
export function beginPut(url: string, headers: OutgoingHttpHeaders): ClientRequest {
  const outgoing = request(url, { method: "PUT", headers, agent: false });
  outgoing.on("error", () => {});
  outgoing.flushHeaders();
  return outgoing;
}

/** Sends the head of a PUT and resolves when the gate has asked for the body: the upload is under way. */
export async function underWay(url: string, headers: OutgoingHttpHeaders): Promise<ClientRequest> {
  const outgoing = beginPut(url, { ...headers, expect: "100-continue" });
  await Promise.race([
    once(outgoing, "continue"),
    once(outgoing, "response").then(([answer]) => {
      throw new Error(`answered with ${(answer as IncomingMessage).statusCode} before the body`);
    }),
  ]);
  return outgoing;
}

/** The whole answer. */
export async function answerOf(outgoing: ClientRequest): Promise<Answered> {
  const [incoming] = (await once(outgoing, "response")) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return { status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(chunks) };
}
