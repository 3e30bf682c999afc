/**
 * Sends one upload over HTTP/1.1 and tells when each of its parts happened.
 *
 * Always holds: it never rejects, whatever the target does; it ends within its time; of an answer's body at most 1 MiB is kept. It sends once: what was
 * broken off is a failure and not a reason to send it again.
 */
import { Agent, type ClientRequest, type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps, Agent as TlsAgent } from "node:https";
import type { Socket } from "node:net";
import type { Answer } from "../../checks/answer-reader.ts";
import type { TlsTrust } from "../../checks/open-connection.ts";
import type { Payload } from "./make-payload.ts";

/** Milliseconds on the clock that was given; `null` where it did not come to that. */
export interface SentUpload {
  readonly firstByteSentMs: number | null;
  /** When the last byte was handed to the operating system. */
  readonly lastByteSentMs: number | null;
  /** When the answer's head was there. */
  readonly firstByteBackMs: number | null;
  readonly endedMs: number;
  /** `null` where none came, or not all of it. */
  readonly answer: Answer | null;
  /** The status also of an answer that broke off. */
  readonly status: number | null;
  /** Why there is no answer, in words. */
  readonly trouble: string | null;
  readonly isTimeout: boolean;
}

export interface UploadRequest {
  readonly origin: string;
  readonly method: string;
  readonly payload: Payload;
  /** Beside those of the payload, in wire order. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly timeoutMs: number;
}

/** Connections that are open at once; a target that needs more of them has fallen behind. */
export const CONNECTIONS_MAX = 256;
/** An idle connection is closed before a usual server closes it, which would break an upload off. */
const IDLE_MS_MAX = 4000;
const ANSWER_BYTES_MAX = 1024 * 1024;

/** Keeps connections between requests. One for each load; close it at the end. */
export class UploadSender {
  readonly #agents: { readonly http: Agent; readonly https: TlsAgent };
  readonly #now: () => number;
  readonly #underWay = new Map<ClientRequest, (why: string) => void>();

  constructor(tls: TlsTrust, now: () => number) {
    const kept = { keepAlive: true, maxSockets: CONNECTIONS_MAX, timeout: IDLE_MS_MAX };
    const { ca, isUnverified = false } = tls;
    const trust = { rejectUnauthorized: !isUnverified, ...(ca === undefined ? {} : { ca }) };
    this.#agents = { http: new Agent(kept), https: new TlsAgent({ ...kept, ...trust }) };
    this.#now = now;
  }

  get underWay(): number {
    return this.#underWay.size;
  }

  send(upload: UploadRequest): Promise<SentUpload> {
    const { promise, resolve } = Promise.withResolvers<SentUpload>();
    const request = this.#open(upload);
    const times = new Times(this.#now);
    const finish = (ended: Pick<SentUpload, "answer" | "status" | "trouble" | "isTimeout">): void => {
      if (!this.#underWay.delete(request)) return;
      clearTimeout(late);
      resolve({ ...times.all(), endedMs: this.#now(), ...ended });
    };
    let status: number | null = null;
    const fail = (trouble: string, isTimeout = false): void => {
      finish({ answer: null, status, trouble, isTimeout });
      request.destroy();
    };
    const late = setTimeout(
      () => fail(`no answer within ${upload.timeoutMs / 1000} s`, true),
      upload.timeoutMs,
    );
    this.#underWay.set(request, fail);
    // An upload has its whole time from its first byte on, and as long to get a connection.
    request.on("socket", (socket) => times.onSocket(socket, () => late.refresh()));
    request.on("finish", () => times.wasSent());
    request.on("error", (error: NodeJS.ErrnoException) => fail(troubleOf(error)));
    request.on("response", (response) => {
      times.isAnswered();
      status = response.statusCode ?? null;
      readAnswer(response, {
        onWhole: (answer) => finish({ answer, status, trouble: null, isTimeout: false }),
        onBroken: () => fail("the answer broke off"),
      });
    });
    write(request, upload.payload.body);
    return promise;
  }

  /** Ends every request that is under way: they resolve with this trouble. */
  giveUp(why: string): void {
    for (const fail of [...this.#underWay.values()]) fail(why);
  }

  close(): void {
    this.giveUp("the load was ended");
    this.#agents.http.destroy();
    this.#agents.https.destroy();
  }

  #open({ origin, method, payload, headers }: UploadRequest): ClientRequest {
    const url = new URL(payload.path, origin);
    const lines = [
      ["Host", url.host],
      ...headers,
      ...payload.headers,
      ["Content-Length", String(payload.bodyBytes)],
    ].flat();
    return url.protocol === "https:"
      ? requestHttps(url, { method, headers: lines, agent: this.#agents.https })
      : requestHttp(url, { method, headers: lines, agent: this.#agents.http });
  }
}

class Times {
  readonly #now: () => number;
  #firstByteSentMs: number | null = null;
  #lastByteSentMs: number | null = null;
  #firstByteBackMs: number | null = null;

  constructor(now: () => number) {
    this.#now = now;
  }

  all(): Pick<SentUpload, "firstByteSentMs" | "lastByteSentMs" | "firstByteBackMs"> {
    return {
      firstByteSentMs: this.#firstByteSentMs,
      lastByteSentMs: this.#lastByteSentMs,
      firstByteBackMs: this.#firstByteBackMs,
    };
  }

  /** What waits for the connection goes out when it is there; on one that was kept, now. */
  onSocket(socket: Socket, onBegun: () => void): void {
    const began = (): void => {
      onBegun();
      this.#firstByteSentMs ??= this.#now();
    };
    if (!socket.connecting) began();
    else socket.once("encrypted" in socket ? "secureConnect" : "connect", began);
  }

  wasSent(): void {
    this.#lastByteSentMs ??= this.#now();
  }

  isAnswered(): void {
    this.#firstByteBackMs ??= this.#now();
  }
}

function write(request: ClientRequest, pieces: readonly Uint8Array[]): void {
  request.cork();
  for (const piece of pieces) if (piece.length > 0) request.write(piece);
  request.uncork();
  request.end();
}

interface AnswerEnds {
  readonly onWhole: (answer: Answer) => void;
  readonly onBroken: () => void;
}

function readAnswer(response: IncomingMessage, { onWhole, onBroken }: AnswerEnds): void {
  const kept: Buffer[] = [];
  let keptBytes = 0;
  response.on("data", (chunk: Buffer) => {
    const taken = chunk.subarray(0, ANSWER_BYTES_MAX - keptBytes);
    keptBytes += taken.length;
    if (taken.length > 0) kept.push(taken);
  });
  response.on("end", () => onWhole(answerOf(response, Buffer.concat(kept))));
  response.on("error", onBroken);
  response.on("close", () => {
    if (!response.complete) onBroken();
  });
}

function answerOf(response: IncomingMessage, body: Uint8Array): Answer {
  const { rawHeaders, statusCode = 0 } = response;
  const headers = rawHeaders.flatMap((name, place): (readonly [string, string])[] =>
    place % 2 === 0 ? [[name.toLowerCase(), rawHeaders[place + 1] ?? ""]] : [],
  );
  return { status: statusCode, headers, body };
}

const TROUBLES: Readonly<Record<string, string>> = {
  ECONNREFUSED: "the connection was refused",
  ECONNRESET: "the connection was broken off without an answer",
  EPIPE: "the connection was broken off without an answer",
  ETIMEDOUT: "no connection could be made in time",
  ENOTFOUND: "there is no machine of that name",
};

function troubleOf(error: NodeJS.ErrnoException): string {
  return TROUBLES[error.code ?? ""] ?? `the connection failed (${error.code ?? error.message})`;
}
