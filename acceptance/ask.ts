/**
 * One HTTP request with its path and headers exactly as given, and the whole answer.
 */
import { type IncomingHttpHeaders, type IncomingMessage, type OutgoingHttpHeaders, request } from "node:http";

export interface Asked {
  readonly method?: string;
  readonly path: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: Uint8Array | string;
}

export interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export async function ask(origin: string, asked: Asked): Promise<Answered> {
  const incoming = await begin(origin, asked);
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return { status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(chunks) };
}

/** The answer's head; its body is still to be read. */
export function begin(
  origin: string,
  { method = "GET", path, headers = {}, body }: Asked,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(origin);
    // Node frames a body of its own accord for some methods only.
    const framing = body === undefined ? {} : { "content-length": Buffer.byteLength(body) };
    const outgoing = request({
      hostname,
      port,
      method,
      path,
      headers: { ...framing, ...headers },
      agent: false,
    });
    outgoing.on("error", reject);
    outgoing.on("response", resolve);
    outgoing.end(body);
  });
}

/** The code of a problem document. @throws where the answer is none */
export function problemCode({ headers, body }: Answered): string {
  if (headers["content-type"]?.startsWith("application/problem+json") !== true) {
    throw new Error(`no problem document: ${headers["content-type"]} ${body.toString().slice(0, 200)}`);
  }
  return (JSON.parse(body.toString()) as { code: string }).code;
}
