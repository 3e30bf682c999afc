/**
 * What the sample server has stored, once for each key and within the quota, and what is said of it; careful, or with one fault.
 */
import { createHash, randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { ReceivedUpload } from "./check.ts";

/** What can be wrong with it; one at a time. */
export type ServerFault =
  | "nobody may send"
  | "reads the body first"
  | "takes a token from the query"
  | "shows everybody's state"
  | "lists uploads"
  | "counts its ids"
  | "takes any origin"
  | "asks for the right only once"
  | "passes forged headers"
  | "compares the quota before and counts after"
  | "ignores the key"
  | "looks at the key alone"
  | "looks the key up before and stores it after"
  | "leaves temporary files"
  | "ignores the digest"
  | "answers in plain text"
  | "tells its stack"
  | "opens files in the browser"
  | "lets the URL name the file"
  | "sends every range"
  | "takes any link"
  | "repeats any id"
  | "logs as it comes"
  | "logs secrets"
  | "logs no refusals"
  | "is always ready"
  | "takes any number at once"
  | "says 201 when it could not store";

export interface Stored {
  readonly id: string;
  readonly principal: string;
  readonly name: string;
  readonly bytes: Buffer;
  readonly sha256: string;
}

interface Keyed {
  readonly sha256: string;
  readonly answer: Promise<Stored>;
}

/** A refusal, with its status and code. */
export class Refused extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: string, headers: Readonly<Record<string, string>> = {}) {
    super(code);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

export const QUOTA_FILES = 5;

export class SampleStore {
  readonly received: ReceivedUpload[] = [];
  readonly files = new Map<string, Stored>();
  /** Set while a fault of the disk is in force. */
  isDiskFull = false;
  readonly #has: (fault: ServerFault) => boolean;
  readonly #keys = new Map<string, Keyed>();
  readonly #taken = new Map<string, number>();
  #count = 0;

  constructor(fault: ServerFault | null) {
    this.#has = (each) => each === fault;
  }

  /** Judges a whole body, and stores it once for each key. */
  async take(
    req: IncomingMessage,
    { principal, name, bytes }: Pick<Stored, "principal" | "name" | "bytes">,
  ): Promise<Stored> {
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    this.#judgeDigest(req, bytes);
    const key = req.headers["idempotency-key"];
    if (key === undefined || this.#has("ignores the key"))
      return this.#store(req, { principal, name, bytes, sha256 });
    const own = `${principal} ${String(key)}`;
    if (this.#has("looks the key up before and stores it after") && !this.#keys.has(own))
      await new Promise((resolve) => setTimeout(resolve, 20));
    else if (this.#keys.has(own)) return this.#replay(this.#keys.get(own), sha256);
    const answer = this.#store(req, { principal, name, bytes, sha256 });
    this.#keys.set(own, { sha256, answer });
    return answer;
  }

  async #replay(first: Keyed | undefined, sha256: string): Promise<Stored> {
    if (first === undefined || (first.sha256 !== sha256 && !this.#has("looks at the key alone")))
      throw new Refused(422, "KEY_REUSED");
    return first.answer;
  }

  #judgeDigest({ headers }: IncomingMessage, bytes: Buffer): void {
    if (this.#has("ignores the digest")) return;
    for (const [, bits, said] of String(headers["content-digest"] ?? "").matchAll(
      /\bsha-(256|512)=:([^:]*):/g,
    )) {
      if (createHash(`sha${bits}`).update(bytes).digest("base64") !== said) throw new Refused(400, "DIGEST");
    }
  }

  async #store(req: IncomingMessage, file: Omit<Stored, "id">): Promise<Stored> {
    const { principal } = file;
    const taken = this.#taken.get(principal) ?? 0;
    const isCounted = principal.startsWith("new-");
    if (isCounted && taken >= QUOTA_FILES) throw new Refused(429, "QUOTA", { "Retry-After": "60" });
    if (isCounted && this.#has("compares the quota before and counts after"))
      await new Promise((resolve) => setTimeout(resolve, 20));
    this.#taken.set(principal, (isCounted ? (this.#taken.get(principal) ?? 0) : 0) + 1);
    this.#count += 1;
    const id = this.#has("counts its ids") ? `upload-${100_000 + this.#count}` : randomUUID();
    const stored = { ...file, id };
    if (this.isDiskFull) {
      if (this.#has("says 201 when it could not store")) return stored;
      throw new Refused(507, "FULL");
    }
    this.files.set(id, stored);
    this.received.push(asReceived(req, stored, this.#has("passes forged headers")));
    return stored;
  }
}

const TRUSTED = /^(x-user|x-forwarded-.*|forwarded)$/;

/** What a service behind would get of it. */
function asReceived(
  req: IncomingMessage,
  { name, bytes, sha256 }: Stored,
  isForged: boolean,
): ReceivedUpload {
  const pairs = Object.entries(req.headers).map(([header, value]) => [header, String(value)] as const);
  return {
    method: req.method ?? "",
    path: req.url ?? "",
    headers: pairs.filter(([header]) => isForged || !TRUSTED.test(header.replaceAll("_", "-"))),
    fields: [],
    files: [
      {
        field: "body",
        name,
        mediaType: req.headers["content-type"] ?? null,
        sizeBytes: bytes.length,
        sha256,
      },
    ],
  };
}
