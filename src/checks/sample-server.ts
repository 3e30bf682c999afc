/**
 * A small careful upload server for the unit tests of this folder, and the same with one fault: so that each check is seen to fail.
 *
 * In: raw bodies by PUT to `/octets/{name}`, of callers known by a bearer token. It keeps names, digests and bytes in memory. It is no
 * example of how to write one.
 */
import { createHash, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { LinkWish } from "./hooks.ts";
import { Refused, SampleStore, type ServerFault } from "./sample-store.ts";

export const FILE_BYTES_MAX = 100_000;
export const AT_ONCE = 10;
/** A body that stops for so long is given up. */
const IDLE_MS = 1000;
const TOKEN = /^Bearer the-secret-of-([a-z0-9-]+)-0123456789$/i;
const MAY_UPLOAD = /^(ann|bob|new-.*)$/;
const KNOWN = /^(ann|bob|reader|new-.*)$/;
const PLAIN_ID = /^[A-Za-z0-9._~-]{1,128}$/;

export class SampleServer {
  readonly server: Server = createServer({ requestTimeout: 0 }, (req, res) => void this.#answer(req, res));
  readonly store: SampleStore;
  readonly temporary = new Set<string>();
  readonly revoked = new Set<string>();
  logText = "";
  readonly #has: (fault: ServerFault) => boolean;
  #underWay = 0;

  constructor(fault: ServerFault | null) {
    this.#has = (each) => each === fault;
    this.store = new SampleStore(fault);
    // A client that waits for 100 gets its refusal in place of it.
    this.server.on("checkContinue", (req, res) => void this.#answer(req, res));
    this.server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
      const status = error.code === "HPE_HEADER_OVERFLOW" ? "431 Too Large" : "400 Bad Request";
      this.logText += `${JSON.stringify({ status, code: error.code })}\n`;
      if (socket.writable) socket.end(problemText(status, this.#has("answers in plain text")));
    });
  }

  get isReady(): boolean {
    return !this.store.isDiskFull || this.#has("is always ready");
  }

  linkTo({ uploadId, isExpired, isForeign }: LinkWish): string {
    return `/files/${uploadId}?token=${isExpired === true || isForeign === true ? "wrong" : this.#tokenOf(uploadId)}`;
  }

  #tokenOf(id: string): string {
    return createHash("sha256").update(`a secret ${id}`).digest("hex");
  }

  async #answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    req.on("error", () => {});
    res.on("error", () => {});
    const given = String(req.headers["x-request-id"] ?? "");
    const id = PLAIN_ID.test(given) || (this.#has("repeats any id") && given !== "") ? given : randomUUID();
    res.setHeader("X-Request-Id", Buffer.from(id, "latin1").toString("latin1"));
    try {
      await this.#route(req, res);
      this.#log(req, { id, status: res.statusCode });
    } catch (error) {
      this.#refuse(req, res, error instanceof Refused ? error : new Refused(500, "FAILED"), id);
    }
  }

  #log(req: IncomingMessage, event: Readonly<Record<string, unknown>>): void {
    const path = readable(req.url?.split("?")[0] ?? "");
    const secrets = this.#has("logs secrets") ? { headers: req.headers, url: req.url } : {};
    const line = JSON.stringify({ ...event, method: req.method, path, ...secrets });
    const agent = this.#has("logs as it comes")
      ? ` ${readable(req.url ?? "")} ${req.headers["user-agent"]}`
      : "";
    this.logText += `${line}${agent}\n`;
  }

  #refuse(req: IncomingMessage, res: ServerResponse, error: Refused, id: string): void {
    if (!this.#has("logs no refusals")) this.#log(req, { id, status: error.status, code: error.code });
    if (res.headersSent || res.destroyed) return void res.destroy();
    const problem = {
      type: "about:blank",
      title: error.code,
      status: error.status,
      detail: error.code,
      code: error.code,
    };
    const detail = this.#has("tells its stack") ? { ...problem, detail: error.stack } : problem;
    const isPlain = this.#has("answers in plain text");
    const body = Buffer.from(isPlain ? error.code : JSON.stringify({ ...detail, requestId: id }));
    const type = isPlain ? "text/plain" : "application/problem+json";
    res.writeHead(error.status, {
      ...error.headers,
      "Content-Type": type,
      "Content-Length": body.length,
      Connection: "close",
    });
    res.end(req.method === "HEAD" ? undefined : body);
    // What is still to come is read and thrown away, so that the answer is seen.
    req.resume();
  }

  async #route(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(req.url ?? "/", "http://server");
    if ((req.rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === "host").length ?? 0) > 1)
      throw new Refused(400, "MALFORMED");
    if (pathname.startsWith("/octets/"))
      return this.#upload(req, res, pathname.slice("/octets/".length), searchParams);
    if (pathname.startsWith("/state/")) return this.#state(req, res, pathname.slice("/state/".length));
    if (pathname.startsWith("/files/"))
      return this.#file(req, res, pathname.slice("/files/".length), searchParams);
    if (req.method === "OPTIONS") return this.#preflight(req, res);
    throw new Refused(404, "NOT_THERE");
  }

  #preflight(req: IncomingMessage, res: ServerResponse): void {
    if (!this.#has("takes any origin")) throw new Refused(403, "CROSS_SITE");
    res.writeHead(204, { "Access-Control-Allow-Origin": req.headers.origin ?? "*" }).end();
  }

  #caller(req: IncomingMessage, query: URLSearchParams): string {
    if (this.#has("nobody may send")) return "ann";
    const shown = req.headersDistinct.authorization ?? [];
    const inQuery = query.get("access_token");
    const text =
      this.#has("takes a token from the query") && inQuery !== null ? `Bearer ${inQuery}` : shown[0];
    const principal = TOKEN.exec(text ?? "")?.[1] ?? "";
    const raw = req.rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === "authorization");
    if (raw.length > 1 || !KNOWN.test(principal) || this.revoked.has(principal))
      throw new Refused(401, "NO_CREDENTIAL", { "WWW-Authenticate": "Bearer" });
    return principal;
  }

  #judgeOrigin({ headers }: IncomingMessage): void {
    if (this.#has("takes any origin")) return;
    const site = headers["sec-fetch-site"] ?? "same-origin";
    const isOwn = headers.origin === undefined || headers.origin === `http://${headers.host}`;
    if (!isOwn || site !== "same-origin") throw new Refused(403, "CROSS_SITE");
  }

  async #upload(
    req: IncomingMessage,
    res: ServerResponse,
    name: string,
    query: URLSearchParams,
  ): Promise<void> {
    if (req.method === "OPTIONS") return this.#preflight(req, res);
    if (req.method !== "PUT" || name === "" || name.includes("/"))
      throw new Refused(405, "METHOD", { Allow: "PUT" });
    const early = this.#has("reads the body first") ? await this.#readFirst(req, res) : null;
    this.#judgeOrigin(req);
    const principal = this.#caller(req, query);
    if (!MAY_UPLOAD.test(principal) && !this.#has("nobody may send")) throw new Refused(403, "NO_RIGHT");
    this.#judgeHead(req);
    if (this.#underWay >= AT_ONCE && !this.#has("takes any number at once"))
      throw new Refused(503, "BUSY", { "Retry-After": "1" });
    this.#underWay += 1;
    const partial = randomUUID();
    this.temporary.add(partial);
    let isWhole = false;
    try {
      if (req.headers.expect !== undefined && early === null) res.writeContinue();
      const bytes = early ?? (await this.#read(req));
      isWhole = true;
      if (!this.#has("asks for the right only once")) this.#caller(req, query);
      const stored = await this.store.take(req, { principal, name, bytes });
      const body = JSON.stringify({ id: stored.id });
      const location = { Location: `/state/${stored.id}`, "Upload-Id": stored.id };
      res
        .writeHead(201, { ...location, "Content-Type": "application/json", "Content-Length": body.length })
        .end(body);
    } finally {
      this.#underWay -= 1;
      if (isWhole || !this.#has("leaves temporary files")) this.temporary.delete(partial);
    }
  }

  #judgeHead({ headers }: IncomingMessage): void {
    if (headers["content-encoding"] !== undefined) throw new Refused(415, "CODING");
    if (/^multipart\//.test(headers["content-type"] ?? "")) throw new Refused(415, "TYPE");
    if (Number(headers["content-length"] ?? 0) > FILE_BYTES_MAX) throw new Refused(413, "TOO_LARGE");
  }

  #readFirst(req: IncomingMessage, res: ServerResponse): Promise<Buffer> {
    if (req.headers.expect !== undefined) res.writeContinue();
    return this.#read(req);
  }

  async #read(req: IncomingMessage): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let size = 0;
    req.setTimeout(IDLE_MS, () => req.destroy());
    try {
      for await (const chunk of req as AsyncIterable<Buffer>) {
        size += chunk.length;
        if (size > FILE_BYTES_MAX && !this.#has("reads the body first")) throw new Refused(413, "TOO_LARGE");
        chunks.push(chunk);
      }
    } catch (error) {
      throw error instanceof Refused ? error : new Refused(400, "ABORTED");
    }
    return Buffer.concat(chunks);
  }

  #state(req: IncomingMessage, res: ServerResponse, id: string): void {
    if (this.#has("lists uploads") && id === "") return void res.end([...this.store.files.keys()].join("\n"));
    const stored = this.store.files.get(id);
    const mayKnow = this.#has("shows everybody's state") || stored?.principal === this.#callerOrNone(req);
    if (stored === undefined || !mayKnow || !["GET", "HEAD"].includes(req.method ?? ""))
      throw new Refused(404, "NOT_THERE");
    const body = JSON.stringify({ id, sha256: stored.sha256, size: stored.bytes.length });
    res.writeHead(200, {
      "Content-Type": "application/json",
      "Cache-Control": "no-store",
      "Content-Length": body.length,
    });
    res.end(req.method === "HEAD" ? undefined : body);
  }

  #callerOrNone(req: IncomingMessage): string | null {
    try {
      return this.#caller(req, new URLSearchParams());
    } catch {
      return null;
    }
  }

  #file(req: IncomingMessage, res: ServerResponse, id: string, query: URLSearchParams): void {
    const stored = this.store.files.get(id);
    const isGood = query.getAll("token").join() === this.#tokenOf(id) || this.#has("takes any link");
    if (stored === undefined || !isGood || !["GET", "HEAD"].includes(req.method ?? ""))
      throw new Refused(403, "LINK");
    const named = this.#has("lets the URL name the file")
      ? (query.get("filename") ?? "file.bin")
      : "file.bin";
    const disposition = `${this.#has("opens files in the browser") ? "inline" : "attachment"}; filename="${named}"`;
    const ranges = String(req.headers.range ?? "").split(",").length;
    const copies = this.#has("sends every range") ? ranges : 1;
    const body = Buffer.concat(Array<Buffer>(copies).fill(stored.bytes));
    res.writeHead(200, { ...DOWNLOAD, "Content-Disposition": disposition, "Content-Length": body.length });
    res.end(req.method === "HEAD" ? undefined : body);
  }
}

/** Without percent-encoding, where that can be undone. */
function readable(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** The answer to a request that cannot be read. */
function problemText(status: string, isPlain: boolean): string {
  const code = `UNREADABLE_${status.slice(0, 3)}`;
  const problem = {
    type: "about:blank",
    title: code,
    status: Number(status.slice(0, 3)),
    detail: code,
    code,
  };
  const body = isPlain ? code : JSON.stringify(problem);
  const type = isPlain ? "text/plain" : "application/problem+json";
  return `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

const DOWNLOAD = {
  "Content-Type": "application/octet-stream",
  "X-Content-Type-Options": "nosniff",
  "Content-Security-Policy": "sandbox; default-src 'none'",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Cache-Control": "private, no-store",
};
