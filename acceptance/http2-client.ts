/**
 * Node's own HTTP/2 client, one request at a time or several on one connection, with the reset code of each stream told.
 */
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders,
} from "node:http2";

export interface Http2Asked {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
}

export interface Http2Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Of the RST_STREAM, 0 where there was none. */
  readonly resetCode: number;
}

/** Opens a connection that trusts one certificate. */
export function openHttp2Client(origin: string, ca: string): ClientHttp2Session {
  const session = connect(origin, { ca, servername: "localhost" });
  session.on("error", () => {});
  return session;
}

/** Begins a request and leaves its body to the caller. */
export function beginHttp2(
  session: ClientHttp2Session,
  { method = "GET", path, headers = {} }: Http2Asked,
): ClientHttp2Stream {
  const stream = session.request({ ":method": method, ":path": path, ...headers }, { endStream: false });
  stream.on("error", () => {});
  return stream;
}

/** The whole answer of a stream. @throws where it was reset before an answer came */
export function answerOf(stream: ClientHttp2Stream): Promise<Http2Answered> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let head: IncomingHttpHeaders | null = null;
    stream.on("response", (headers) => {
      head = headers;
    });
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.once("close", () => {
      const resetCode = stream.rstCode ?? 0;
      if (head === null) reject(new Error(`reset with code ${resetCode} before an answer`));
      else
        resolve({ status: Number(head[":status"]), headers: head, body: Buffer.concat(chunks), resetCode });
    });
  });
}

/** One request with its whole answer. */
export function askHttp2(session: ClientHttp2Session, asked: Http2Asked): Promise<Http2Answered> {
  const stream = beginHttp2(session, asked);
  const answer = answerOf(stream);
  stream.end(asked.body);
  return answer;
}
