/**
 * A small upload service for the tests of this folder: raw bodies at `/files/{name}`, stored in memory, listed, fetched and deleted again.
 */
import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface KeptFile {
  readonly id: string;
  readonly name: string;
  readonly bytes: Buffer;
}

/** What a test changes of it. */
export interface ServiceHabits {
  /** Bodies from this size on are refused. */
  refusedFromBytes: number;
  /** It stores what it refuses. */
  storesRefused: boolean;
  /** It says 201 and stores nothing. */
  losesAll: boolean;
  /** Its answer names nothing. */
  saysNothing: boolean;
  /** Equal bytes are stored once. */
  storesOnce: boolean;
  /** What its list says. */
  list: (files: readonly KeptFile[]) => { readonly type: string; readonly text: string };
}

export class FileService {
  readonly files: KeptFile[] = [];
  readonly requests: string[] = [];
  readonly credentials: (string | undefined)[] = [];
  readonly habits: ServiceHabits = {
    refusedFromBytes: 1000,
    storesRefused: false,
    losesAll: false,
    saysNothing: false,
    storesOnce: false,
    list: (files) => ({
      type: "application/json",
      text: JSON.stringify({ total: files.length, items: files.map(({ id, name }) => ({ id, name })) }),
    }),
  };
  readonly #keys = new Map<string, KeptFile>();
  readonly #server = createServer((req, res) => void this.#answer(req, res));

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  static async start(): Promise<FileService> {
    const service = new FileService();
    service.#server.listen(0, "127.0.0.1");
    await once(service.#server, "listening");
    return service;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  /** As somebody else's upload would. */
  store(name: string, bytes: Buffer): KeptFile {
    const known = this.habits.storesOnce ? this.files.find((file) => file.bytes.equals(bytes)) : undefined;
    const file = known ?? { id: randomUUID(), name, bytes };
    if (known === undefined) this.files.push(file);
    return file;
  }

  async #answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const { method = "", url = "" } = req;
    this.requests.push(`${method} ${url}`);
    this.credentials.push(req.headers.authorization);
    const [, route = "", last = ""] = url.split("?")[0]?.split("/") ?? [];
    const file = this.files.find(({ id }) => id === last);
    if (method === "PUT") return this.#take(req, decodeURIComponent(last), res);
    if (route === "list") {
      const { type, text } = this.habits.list(this.files);
      return void res.writeHead(200, { "Content-Type": type }).end(text);
    }
    if (route === "elsewhere") return void res.writeHead(302, { Location: "http://127.0.0.1:1/x" }).end();
    if (file === undefined) return void res.writeHead(404).end("nothing");
    if (method === "DELETE") {
      this.files.splice(this.files.indexOf(file), 1);
      return void res.writeHead(204).end();
    }
    if (route === "state") {
      const sha256 = createHash("sha256").update(file.bytes).digest("hex");
      const state = { file: { sha256, size: file.bytes.length } };
      return void res.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(state));
    }
    const disposition = `attachment; filename="${file.name}"`;
    res.writeHead(200, { "Content-Type": "application/octet-stream", "Content-Disposition": disposition });
    res.end(file.bytes);
  }

  async #take(req: IncomingMessage, name: string, res: ServerResponse): Promise<void> {
    const bytes = await bodyOf(req);
    const key = String(req.headers["idempotency-key"] ?? randomUUID());
    const isRefused = bytes.length >= this.habits.refusedFromBytes;
    const isStored = isRefused ? this.habits.storesRefused : !this.habits.losesAll;
    const file = isStored ? (this.#keys.get(key) ?? this.store(name, bytes)) : null;
    if (file !== null) this.#keys.set(key, file);
    if (isRefused) return void res.writeHead(413).end("too large");
    if (this.habits.saysNothing) return void res.writeHead(201).end("thanks");
    const id = file?.id ?? randomUUID();
    res.writeHead(201, { Location: `/files/${id}`, "Content-Type": "application/json" });
    res.end(JSON.stringify({ id }));
  }
}

async function bodyOf(req: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
