/**
 * A service that says what it got, byte for byte by digest and header by header, and gives answers that no ordinary one would: endless, silent,
 * broken off.
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

/** What the service says of a request, as JSON. */
export interface Counted {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: readonly string[];
  readonly sizeBytes: number;
  readonly sha256: string;
}

export class CountingService {
  /** Bodies of which the first bytes have come. */
  begun = 0;
  /** Requests whose whole body has come. */
  counted = 0;
  /** Requests of which a part came, and then no more. */
  brokenOff = 0;
  readonly #server: Server;
  #release: () => void = () => {};
  #released: Promise<void> = Promise.resolve();

  constructor() {
    this.hold();
    this.#server = createServer((req, res) => void this.#answer(req, res));
    this.#server.on("upgrade", (_req, socket) => {
      socket.on("error", () => {});
      socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
      socket.on("end", () => socket.end()).resume();
    });
  }

  async listen(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    return `http://127.0.0.1:${address.port}`;
  }

  /** Lets paths with `held` in them and `/events` go on. */
  release(): void {
    this.#release();
  }

  hold(): void {
    this.#released = new Promise((resolve) => {
      this.#release = resolve;
    });
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    res.on("error", () => {});
    const { url = "" } = req;
    if (url.startsWith("/download/")) return sendBytes(res, Number(url.slice("/download/".length)));
    if (url === "/broken") return breakOff(res);
    if (url === "/events") return this.#sendEvents(res);
    if (url.includes("held")) await this.#released;
    await this.#count(req, res);
  }

  async #count(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const hash = createHash("sha256");
    let sizeBytes = 0;
    try {
      for await (const chunk of req) {
        if (sizeBytes === 0) this.begun += 1;
        hash.update(chunk as Buffer);
        sizeBytes += (chunk as Buffer).length;
      }
    } catch {
      this.brokenOff += 1;
      return;
    }
    this.counted += 1;
    const { method = "", url: path = "", headers, headersDistinct } = req;
    const said = {
      method,
      path,
      headers,
      cookies: headersDistinct.cookie ?? [],
      sizeBytes,
      sha256: hash.digest("hex"),
    };
    res.writeHead(201, "Counted it", [
      ...["Content-Type", "application/json", "Set-Cookie", "a=1", "Set-Cookie", "b=2"],
      ...["Keep-Alive", "timeout=5", "Connection", "keep-alive, x-hop", "X-Hop", "1"],
    ]);
    res.end(JSON.stringify(said));
  }

  async #sendEvents(res: ServerResponse): Promise<void> {
    res.writeHead(200, { "content-type": "text/event-stream" });
    res.write("data: first\n\n");
    await this.#released;
    res.end("data: last\n\n");
  }
}

async function sendBytes(res: ServerResponse, sizeBytes: number): Promise<void> {
  res.writeHead(200, { "content-type": "application/octet-stream", "content-length": sizeBytes });
  const block = Buffer.alloc(64 * 1024, 7);
  for (let left = sizeBytes; left > 0 && !res.destroyed; left -= block.length) {
    if (!res.write(block.subarray(0, left))) await Promise.race([once(res, "drain"), once(res, "close")]);
  }
  res.end();
}

function breakOff(res: ServerResponse): void {
  res.writeHead(200, { "content-type": "text/plain", "content-length": 100_000 });
  res.write(Buffer.alloc(10_000), () => res.destroy());
}
