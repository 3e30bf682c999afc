/**
 * Asks the target what it has stored: small requests of our own, beside the probes.
 *
 * Always holds: nothing is asked of another origin, whatever a redirect or an answer says; everything has a deadline; of a body at most so many bytes
 * are read, and fewer are kept. What does not work is `null`, because it says nothing about what is stored.
 */
import { createHash } from "node:crypto";
import { Agent, type Dispatcher } from "undici";
import { GateError } from "../../problems/gate-error.ts";
import type { TlsTrust } from "../open-connection.ts";

/** One answer. `bytes` is the beginning of the body, `sizeBytes` and `sha256` are of all of it; `isWhole` unless it was too large or encoded. */
export interface SightAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Buffer;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly isWhole: boolean;
}

export interface ClientOptions {
  readonly origin: string;
  /** Header lines of every request, then those that say who asks. */
  readonly headers: readonly string[];
  readonly credential: () => Promise<readonly string[]>;
  /** A larger body is not read to its end. */
  readonly readBytesMax: number;
  readonly tls: TlsTrust;
}

const KEPT_BYTES_MAX = 4 * 1024 * 1024;
const CONNECT_MS_MAX = 5000;
const DEADLINE_MS = 20_000;
const REDIRECTS_MAX = 3;

export class SightClient {
  readonly #options: ClientOptions;
  /** A connection for each request: one that is kept would be a dead one after a fault. */
  readonly #agent: Agent;

  constructor(options: ClientOptions) {
    this.#options = options;
    const { ca, isUnverified = false } = options.tls;
    const trust = { rejectUnauthorized: !isUnverified, ...(ca === undefined ? {} : { ca }) };
    this.#agent = new Agent({ pipelining: 0, connect: { timeout: CONNECT_MS_MAX, ...trust } });
  }

  /** @param target path with query, or an address of the same origin. @throws only what the credential's source throws */
  get(target: string): Promise<SightAnswer | null> {
    return this.ask("GET", target);
  }

  async ask(method: string, target: string): Promise<SightAnswer | null> {
    let url = this.#resolve(target, this.#options.origin);
    for (let redirects = 0; url !== null && redirects <= REDIRECTS_MAX; redirects += 1) {
      const answer = await this.#once(method, url);
      const location = answer?.headers.location;
      if (answer === null || method !== "GET" || location === undefined || !isRedirect(answer.status))
        return answer;
      url = this.#resolve(location, url.href);
    }
    return null;
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  /** `null` where it leads elsewhere. */
  #resolve(target: string, base: string): URL | null {
    const url = URL.canParse(target, base) ? new URL(target, base) : null;
    return url?.origin === new URL(this.#options.origin).origin ? url : null;
  }

  async #once(method: string, url: URL): Promise<SightAnswer | null> {
    const lines = [...this.#options.headers, ...(await this.#options.credential())];
    try {
      const answer = await this.#agent.request({
        origin: url.origin,
        path: url.pathname + url.search,
        method: method as Dispatcher.HttpMethod,
        headers: headersOf(lines),
        headersTimeout: DEADLINE_MS,
        bodyTimeout: DEADLINE_MS,
        signal: AbortSignal.timeout(DEADLINE_MS),
      });
      return await readAnswer(answer, this.#options.readBytesMax);
    } catch (error) {
      if (error instanceof GateError) throw error;
      return null;
    }
  }
}

const isRedirect = (status: number): boolean => [301, 302, 303, 307, 308].includes(status);

/** What describes the body of an upload belongs to no request without one. */
const OF_A_BODY = /^(content-|transfer-encoding|accept-encoding|host|connection|expect|idempotency-key)/i;

function headersOf(lines: readonly string[]): string[] {
  const pairs = lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()] as const;
  });
  return [...pairs.filter(([name]) => !OF_A_BODY.test(name)), ["Accept-Encoding", "identity"]].flat();
}

async function readAnswer(
  { statusCode, headers, body }: Dispatcher.ResponseData,
  readBytesMax: number,
): Promise<SightAnswer> {
  const hash = createHash("sha256");
  const kept: Buffer[] = [];
  let sizeBytes = 0;
  let isWhole = (headers["content-encoding"] ?? "identity") === "identity";
  for await (const chunk of body as AsyncIterable<Buffer>) {
    if (sizeBytes < KEPT_BYTES_MAX) kept.push(chunk.subarray(0, KEPT_BYTES_MAX - sizeBytes));
    sizeBytes += chunk.length;
    hash.update(chunk);
    if (sizeBytes > readBytesMax) {
      isWhole = false;
      break;
    }
  }
  const named = Object.entries(headers).map(([name, value]) => [name, String(value ?? "")]);
  return {
    status: statusCode,
    headers: Object.fromEntries(named) as Record<string, string>,
    bytes: Buffer.concat(kept),
    sizeBytes,
    sha256: hash.digest("hex"),
    isWhole,
  };
}
