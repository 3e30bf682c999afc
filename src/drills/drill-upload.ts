/**
 * The uploads of a drill: real ones of the flow, each with a name and, where its type has room for it, bytes of its own; sent over connections of their
 * own, and told apart by the id that the gate gives them.
 *
 * Always holds: every file's name begins with the drill's mark, so that it is known for what it is wherever it ends up.
 */
import { extname } from "node:path";
import { headerOf } from "../checks/answer-reader.ts";
import type { Probe, ProbeStep, SampleFile, Target } from "../checks/check.ts";
import { jsonOf } from "../checks/define-scenario.ts";
import { joined, latin1 } from "../checks/payloads/bytes.ts";
import { controlContent } from "../checks/payloads/form.ts";
import { controlOfSize } from "../checks/payloads/sized-file.ts";
import { uploadRequest } from "../checks/payloads/upload.ts";
import { headBytes, pieces, type UploadRequest } from "../checks/payloads/upload-request.ts";
import { type Exchange, sendProbe } from "../checks/send-probe.ts";
import { targetAs } from "../checks/target-as.ts";
import { uniqueFile } from "../checks/targets/unique-file.ts";

/** An upload that is ready to be sent, also more than once: a retry is the same request. */
export interface PreparedUpload {
  readonly name: string;
  readonly request: UploadRequest;
}

/** What a client was answered. */
export interface SentUpload {
  readonly name: string;
  /** `null` where no answer came. */
  readonly status: number | null;
  /** Of the gate's problem, or `null`. */
  readonly code: string | null;
  /** The gate's word on whether a retry is worth it: `later`, `safe`, `never`; `null` where it says nothing. */
  readonly retry: string | null;
  readonly retryAfterSeconds: number | null;
  readonly isKept: boolean;
  readonly location: string | null;
  /** `null` where the gate told none: it had not begun to take the upload. */
  readonly uploadId: string | null;
  /** As the gate's problem tells it, and its records have it; `null` where it tells none. */
  readonly requestId: string | null;
  readonly elapsedMs: number;
}

const DEADLINE_MS = 15_000;

export class DrillSender {
  readonly #target: Target;
  readonly #mark: string;
  readonly #signal: AbortSignal;
  readonly #answers: Record<string, number> = {};
  #count = 0;

  /** @param target the drill's gate; `identities` where there is somebody to send as */
  constructor(target: Target, mark: string, signal: AbortSignal) {
    this.#target = target;
    this.#mark = mark;
    this.#signal = signal;
  }

  /** How many clients got which answer, by words. */
  get answers(): Readonly<Record<string, number>> {
    return this.#answers;
  }

  /** The next upload. @param sizeBytes its file has at least so many, where such a file can be made; see `fileOfSize` */
  async prepare(sizeBytes = 0, who: "main" | "other" = "main"): Promise<PreparedUpload> {
    this.#count += 1;
    const target = await targetAs(this.#target, who);
    const { control } = target.file;
    const name = `${this.#mark}-${this.#count}${extname(control.name)}`;
    const file = { ...marked(fileOfSize(target, sizeBytes) ?? control, target, name), name };
    return { name, request: uploadRequest(target, controlContent(target, file)) };
  }

  async send(upload: PreparedUpload): Promise<SentUpload> {
    return this.sendSteps(upload, () => pieces(upload.request.body));
  }

  async sendNew(sizeBytes = 0): Promise<SentUpload> {
    return this.send(await this.prepare(sizeBytes));
  }

  /** Sends half, waits for `until`, then sends the rest. */
  async sendHalves(upload: PreparedUpload, until: () => Promise<unknown>): Promise<SentUpload> {
    const { body } = upload.request;
    const half = Math.floor(body.length / 2);
    return this.sendSteps(upload, () => [body.subarray(0, half), { until }, body.subarray(half)]);
  }

  async sendSteps({ name, request }: PreparedUpload, body: () => Iterable<ProbeStep>): Promise<SentUpload> {
    const steps = function* (): Iterable<ProbeStep> {
      yield headBytes(request);
      yield* body();
    };
    const probe: Probe = { content: request.content, steps };
    const limits = { deadlineMs: DEADLINE_MS, lingerMs: 0, signal: this.#signal };
    const exchange = await sendProbe(this.#target.origin, probe, limits).catch(() => null);
    this.#signal.throwIfAborted();
    const sent = readSent(name, exchange);
    const word = sayAnswer(sent);
    this.#answers[word] = (this.#answers[word] ?? 0) + 1;
    return sent;
  }
}

function readSent(name: string, exchange: Exchange | null): SentUpload {
  const answer = exchange?.answers[0];
  const body = exchange === null ? null : jsonOf(exchange);
  const said = typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
  const text = (value: unknown): string | null => (typeof value === "string" ? value : null);
  const header = (of: string): string | null => (answer === undefined ? null : headerOf(answer, of));
  const isProblem = header("content-type")?.startsWith("application/problem+json") ?? false;
  const retryAfter = header("retry-after");
  return {
    name,
    status: answer?.status ?? null,
    code: isProblem ? text(said.code) : null,
    retry: isProblem ? text(said.retry) : null,
    retryAfterSeconds: retryAfter === null ? null : Number(retryAfter),
    isKept: said.isKept === true,
    location: header("location"),
    uploadId: header("sluicegate-upload"),
    requestId: isProblem ? text(said.requestId) : null,
    elapsedMs: exchange?.elapsedMs ?? 0,
  };
}

/** An answer in a phrase: `201`, `502 UPSTREAM_UNREACHABLE`, `no answer`. */
export function sayAnswer({ status, code }: Pick<SentUpload, "status" | "code">): string {
  if (status === null) return "no answer";
  return code === null ? String(status) : `${status} ${code}`;
}

/** A file that the route takes with at least so many bytes; `null` where none can be made. */
export function fileOfSize(target: Target, sizeBytes: number): SampleFile | null {
  const { control, sizeBytesMax } = target.file;
  if (control.bytes.length >= sizeBytes) return control;
  return sizeBytes > sizeBytesMax ? null : controlOfSize(target, sizeBytes);
}

/** With the name among its bytes, where there is a place for it that changes nothing else. */
function marked(file: SampleFile, { file: { types, sizeBytesMax } }: Target, name: string): SampleFile {
  const salted =
    types === "any" ? { ...file, bytes: joined(file.bytes, latin1(name)) } : uniqueFile(file, name);
  return salted.bytes.length <= sizeBytesMax ? salted : file;
}
