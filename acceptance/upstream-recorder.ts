/**
 * An upstream that keeps every byte of the requests it gets: for what a parsing service cannot tell, such as the boundary.
 */
import { once } from "node:events";
import { createServer, type Server } from "node:http";

export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  /** Name, value, name, value …, as on the wire. */
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
}

export class UpstreamRecorder {
  readonly requests: RecordedRequest[] = [];
  readonly #server: Server;

  constructor() {
    this.#server = createServer(async (req, res) => {
      const chunks: Buffer[] = [];
      try {
        for await (const chunk of req) chunks.push(chunk as Buffer);
      } catch {
        return;
      }
      const { method = "", url = "", rawHeaders } = req;
      this.requests.push({ method, path: url, rawHeaders, body: Buffer.concat(chunks) });
      res.writeHead(201, { "content-type": "text/plain" }).end("kept");
    });
  }

  async listen(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    return `http://127.0.0.1:${address.port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}
