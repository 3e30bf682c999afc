/**
 * A service whose uploads can be read back and removed, which tells of its jobs, and which does as it is told: take uploads, break off, fail.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

/** `break`: the connection closes once the whole upload is there, so that nobody knows whether it was taken. */
export type ServiceMood = "well" | "break" | "fail";

const JOBS = { total: 120, failed: 0, newest: null };

export class WatchedService {
  mood: ServiceMood = "well";
  /** What it has now, by id. */
  readonly stored = new Map<string, number>();
  /** Uploads taken since the start, also those that were removed since. */
  taken = 0;
  readonly #server: Server;

  constructor() {
    this.#server = createServer((req, res) => void this.#answer(req, res));
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

  async #answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    res.on("error", () => {});
    const { method, url = "" } = req;
    if (url === "/jobs") return void res.end(JSON.stringify(JOBS));
    if (method === "DELETE") return this.#remove(url, res);
    if (method !== "PUT") return void res.writeHead(404).end();
    let bytes = 0;
    for await (const chunk of req) bytes += (chunk as Buffer).length;
    this.#take(bytes, res);
  }

  #take(bytes: number, res: ServerResponse): void {
    if (this.mood === "break") return void res.destroy();
    if (this.mood === "fail") return void res.writeHead(500).end("no");
    this.taken += 1;
    const id = `u${this.taken}`;
    this.stored.set(id, bytes);
    const headers = {
      "content-type": "application/json",
      "server-timing": 'app;dur=12.5, db;dur=3;desc="3 calls"',
    };
    res.writeHead(201, headers).end(JSON.stringify({ id }));
  }

  #remove(url: string, res: ServerResponse): void {
    const id = url.slice("/stored/".length);
    res.writeHead(this.stored.delete(id) ? 204 : 404).end();
  }
}
