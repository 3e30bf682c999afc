/**
 * The senders of a soak: honest ones that retry until they have an answer, hostile ones, ones that go away, and ones that are slow.
 *
 * Each sender goes on until it is told to stop, through restarts of the gate. It writes down what it saw; nothing here judges.
 */
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { Agent, type ClientRequest, type OutgoingHttpHeaders, request } from "node:http";
import { connect } from "node:net";

/** What all senders share. `origin` changes with each restart of the gate. */
export interface Traffic {
  readonly origin: () => string;
  readonly isStopping: () => boolean;
  readonly random: (below: number) => number;
  readonly apiKey: string;
  readonly seen: Seen;
}

/** What came of all that was sent. */
export interface Seen {
  readonly honest: HonestUpload[];
  /** Answers to hostile requests by what was sent: status → how often. `0`: closed without an answer. */
  readonly hostile: Map<string, Map<number, number>>;
  aborted: number;
  cutOff: number;
  /** Slow ones that were still there after twenty seconds. */
  tolerated: number;
  retries: number;
}

/** One upload that an honest sender wants to be there once. */
export interface HonestUpload {
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly delivery: "forward" | "receipt";
  /** Of the last answer; `null` where none came before the end. */
  status: number | null;
  code: string | null;
  uploadId: string | null;
}

interface Answer {
  readonly status: number;
  readonly code: string | null;
  readonly uploadId: string | null;
}

const SIZES = [200, 9_000, 70_000, 600_000];
const DISTINCT_BYTES_MIN = 16;
const NO_ANSWER: Answer = { status: 0, code: null, uploadId: null };

/** Sends uploads one after another, each again with the same key and bytes until its fate is known. */
export async function sendHonestly(traffic: Traffic): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  while (!traffic.isStopping()) {
    // Uploads are told apart by their content: two of a single byte are often the same.
    const bytes = randomBytes(DISTINCT_BYTES_MIN + traffic.random(SIZES[traffic.random(SIZES.length)] ?? 1));
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const delivery = traffic.random(2) === 0 ? "forward" : "receipt";
    const upload: HonestUpload = {
      sha256,
      sizeBytes: bytes.length,
      delivery,
      status: null,
      code: null,
      uploadId: null,
    };
    traffic.seen.honest.push(upload);
    await sendUntilKnown(traffic, agent, upload, bytes);
    await pause(20 + traffic.random(120));
  }
  agent.destroy();
}

async function sendUntilKnown(
  traffic: Traffic,
  agent: Agent,
  upload: HonestUpload,
  bytes: Buffer,
): Promise<void> {
  const { delivery, sha256 } = upload;
  const path = delivery === "forward" ? `/raw/${sha256}` : `/receipts/${sha256}`;
  const headers = {
    "content-length": bytes.length,
    authorization: `Bearer ${traffic.apiKey}`,
    ...(delivery === "forward" ? { "idempotency-key": `"${randomUUID()}"` } : {}),
  };
  for (;;) {
    const answer = await put(traffic, agent, { path, headers, bytes });
    upload.status = answer.status;
    upload.code = answer.code;
    upload.uploadId = answer.uploadId ?? upload.uploadId;
    if (answer.status === 201 || answer.code === "IDEMPOTENCY_UNDECIDED") return;
    // Only an answer that says so, or none, is tried again; anything else is for the judge to see.
    if (answer.status !== 0 && ![409, 429, 503].includes(answer.status)) return;
    traffic.seen.retries += 1;
    await pause(100);
  }
}

interface Put {
  readonly path: string;
  readonly headers: OutgoingHttpHeaders;
  readonly bytes: Buffer;
}

function put(traffic: Traffic, agent: Agent | false, { path, headers, bytes }: Put): Promise<Answer> {
  return new Promise((resolve) => {
    const outgoing = request(`${traffic.origin()}${path}`, { method: "PUT", agent, headers });
    readAnswer(outgoing, resolve);
    outgoing.end(bytes);
  });
}

function readAnswer(outgoing: ClientRequest, resolve: (answer: Answer) => void): void {
  outgoing.on("error", () => resolve(NO_ANSWER));
  outgoing.on("response", (incoming) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("error", () => resolve(NO_ANSWER));
    incoming.on("close", () => resolve(NO_ANSWER));
    incoming.on("end", () => {
      const uploadId = incoming.headers["sluicegate-upload"];
      resolve({
        status: incoming.statusCode ?? 0,
        code: codeOf(Buffer.concat(chunks)),
        uploadId: typeof uploadId === "string" ? uploadId : null,
      });
    });
  });
}

function codeOf(body: Buffer): string | null {
  try {
    const { code } = JSON.parse(body.toString()) as { code?: unknown };
    return typeof code === "string" ? code : null;
  } catch {
    return null;
  }
}

const keyOf = (traffic: Traffic) => ({ authorization: `Bearer ${traffic.apiKey}` });

/** Requests that must be refused, each by name. */
const ATTACKS: Readonly<Record<string, (traffic: Traffic) => Promise<Answer>>> = {
  "no credentials": (traffic) =>
    put(traffic, false, { path: "/raw/none", headers: {}, bytes: randomBytes(5000) }),
  "a key that is not known": (traffic) =>
    put(traffic, false, {
      path: "/raw/bad",
      headers: { authorization: `Bearer sgk_${"a".repeat(12)}_${"A".repeat(43)}`, "idempotency-key": "k" },
      bytes: randomBytes(5000),
    }),
  "too large, with a length": (traffic) =>
    put(traffic, false, {
      path: "/receipts/large",
      headers: { ...keyOf(traffic), "content-length": 3 * 1024 * 1024 },
      bytes: randomBytes(3 * 1024 * 1024),
    }),
  "too large, chunked": (traffic) =>
    put(traffic, false, {
      path: "/receipts/large",
      headers: { ...keyOf(traffic), "transfer-encoding": "chunked" },
      bytes: randomBytes(2 * 1024 * 1024),
    }),
  "a key for other content": async (traffic) => {
    const headers = { ...keyOf(traffic), "idempotency-key": randomUUID() };
    const first = await put(traffic, false, { path: "/raw/reused", headers, bytes: randomBytes(300) });
    // Without a first upload there is nothing to be confused with.
    if (first.status !== 201) return { ...NO_ANSWER };
    return put(traffic, false, { path: "/raw/reused", headers, bytes: randomBytes(300) });
  },
  "a page of another site": (traffic) =>
    put(traffic, false, {
      path: "/receipts/page",
      headers: { ...keyOf(traffic), origin: "https://evil.example", cookie: "session=1" },
      bytes: randomBytes(800),
    }),
  "two lengths": (traffic) =>
    raw(
      traffic,
      "PUT /receipts/x HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ),
  "bytes that are no HTTP": (traffic) =>
    raw(traffic, `\x16\x03\x01${randomBytes(64).toString("latin1")}\r\n\r\n`),
};

/** Sends one hostile request after another. */
export async function sendHostile(traffic: Traffic): Promise<void> {
  const names = Object.keys(ATTACKS);
  while (!traffic.isStopping()) {
    const name = names[traffic.random(names.length)] ?? "";
    const { status } = (await ATTACKS[name]?.(traffic)) ?? NO_ANSWER;
    const statuses = traffic.seen.hostile.get(name) ?? new Map<number, number>();
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    traffic.seen.hostile.set(name, statuses);
    await pause(traffic.random(150));
  }
}

/** Begins uploads and goes away in the middle. */
export async function goAway(traffic: Traffic): Promise<void> {
  while (!traffic.isStopping()) {
    const bytes = randomBytes(1 + traffic.random(500_000));
    const headers = { ...keyOf(traffic), "content-length": bytes.length };
    const outgoing = request(`${traffic.origin()}/receipts/away`, { method: "PUT", agent: false, headers });
    outgoing.on("error", () => {});
    outgoing.on("response", (incoming) => incoming.resume());
    outgoing.write(bytes.subarray(0, traffic.random(bytes.length)));
    await pause(traffic.random(60));
    outgoing.destroy();
    traffic.seen.aborted += 1;
    await pause(traffic.random(100));
  }
}

/** Sends a byte at a time until it is cut off. */
export async function sendSlowly(traffic: Traffic): Promise<void> {
  while (!traffic.isStopping()) {
    const { hostname, port } = new URL(traffic.origin());
    const startedAt = performance.now();
    const socket = connect(Number(port), hostname);
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    socket.on("error", () => {});
    socket.resume();
    const head = ["PUT /receipts/slow HTTP/1.1", "Host: x", `Authorization: ${keyOf(traffic).authorization}`];
    socket.write([...head, "Content-Length: 100000", "", ""].join("\r\n"));
    const drip = setInterval(() => socket.write("x"), 200);
    await Promise.race([closed, pause(20_000)]);
    clearInterval(drip);
    // While the gate is away there is nobody to cut off.
    if (performance.now() - startedAt < 1000) await pause(200);
    else if (socket.destroyed) traffic.seen.cutOff += 1;
    else traffic.seen.tolerated += 1;
    socket.destroy();
  }
}

function raw(traffic: Traffic, text: string): Promise<Answer> {
  return new Promise((resolve) => {
    const { hostname, port } = new URL(traffic.origin());
    const socket = connect(Number(port), hostname);
    let answer = "";
    socket.setTimeout(5000, () => socket.destroy());
    socket.on("data", (bytes) => {
      answer += bytes.toString("latin1");
    });
    socket.on("error", () => {});
    socket.on("close", () =>
      resolve({ ...NO_ANSWER, status: Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0) }),
    );
    socket.write(Buffer.from(text, "latin1"));
  });
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
