/**
 * Asks services how their jobs go, where a flow names the path (`watch.jobs`): every half minute, one question at a time.
 */
import { pointedAt } from "../../checks/define-scenario.ts";
import type { Flow } from "../../flows/flow.ts";
import { GateError } from "../../problems/gate-error.ts";
import type { Upstream } from "../../upstream/upstream.ts";
import type { JobState } from "./job-state.ts";

const EVERY_MS = 30_000;
const ANSWER_BYTES_MAX = 64 * 1024;
const ANSWER_MS_MAX = 5_000;
const NEWEST_CHARS_MAX = 200;

export interface PollJobsOptions {
  readonly flows: () => readonly Flow[];
  readonly upstreams: ReadonlyMap<string, Pick<Upstream, "request">>;
  readonly now: () => number;
}

export class PollJobs {
  readonly #options: PollJobsOptions;
  readonly #states = new Map<string, JobState>();
  readonly #stop = new AbortController();
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> | null = null;

  constructor(options: PollJobsOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer ??= setInterval(() => void this.look(), EVERY_MS).unref();
    void this.look();
  }

  /** What is known of flows in force that name a path; nothing of those that were not asked yet. */
  states(): readonly JobState[] {
    return this.#flows().flatMap(({ name }) => this.#states.get(name) ?? []);
  }

  /** Asks all of them. Never two looks at once; never throws. */
  look(): Promise<void> {
    this.#running ??= this.#askAll().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#stop.abort(new GateError("GATE_STOPPING"));
    await this.#running;
  }

  #flows(): readonly Flow[] {
    return this.#options.flows().filter(({ watch }) => watch.jobs !== null);
  }

  async #askAll(): Promise<void> {
    for (const flow of this.#flows()) {
      if (this.#stop.signal.aborted) return;
      this.#states.set(flow.name, await this.#ask(flow));
    }
  }

  async #ask(flow: Flow): Promise<JobState> {
    const told = this.#states.get(flow.name)?.told ?? null;
    try {
      return {
        flow: flow.name,
        told: readJobs(flow, await this.#answer(flow), this.#options.now()),
        trouble: null,
      };
    } catch (error) {
      return { flow: flow.name, told, trouble: sayTrouble(flow, error) };
    }
  }

  async #answer({ upstream, watch }: Flow): Promise<unknown> {
    const service = this.#options.upstreams.get(upstream);
    if (service === undefined) throw new JobsUnreadable(`there is no upstream "${upstream}"`);
    const { status, body } = await service.request(
      {
        method: "GET",
        target: watch.jobs?.path ?? "/",
        headers: ["Accept", "application/json", "User-Agent", "sluicegate-console"],
        body: null,
        bodyBytes: 0,
      },
      {
        bodyBytesMax: ANSWER_BYTES_MAX,
        signal: AbortSignal.any([this.#stop.signal, AbortSignal.timeout(ANSWER_MS_MAX)]),
      },
    );
    if (status !== 200) throw new JobsUnreadable(`it answered ${status}`);
    if (body === null) throw new JobsUnreadable("its answer was too long or broke off");
    try {
      return JSON.parse(body.toString("utf8"));
    } catch {
      throw new JobsUnreadable("its answer is no JSON");
    }
  }
}

/** What was told cannot be used; the message is a phrase. */
class JobsUnreadable extends Error {}

function readJobs({ watch: { jobs } }: Flow, answer: unknown, atMs: number): NonNullable<JobState["told"]> {
  if (jobs === null) throw new JobsUnreadable("it is not asked any more");
  const total = numberAt(answer, jobs.total);
  const failed = numberAt(answer, jobs.failed);
  const newest = jobs.newest === null ? null : pointedAt(answer, jobs.newest);
  return {
    atMs,
    total: Math.max(total, failed),
    failed,
    newest: typeof newest === "string" ? plain(newest) : null,
  };
}

function numberAt(answer: unknown, pointer: string): number {
  const value = pointedAt(answer, pointer);
  if (typeof value === "number" && Number.isFinite(value) && value >= 0) return Math.round(value);
  throw new JobsUnreadable(`there is no number at ${pointer}`);
}

/** What a service says stands in a sentence: one line, no controls, no full stop. */
function plain(text: string): string | null {
  const line = text
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, " ")
    .trim()
    .replace(/\.$/, "");
  const cut = line.length > NEWEST_CHARS_MAX ? `${line.slice(0, NEWEST_CHARS_MAX)}…` : line;
  return cut === "" ? null : cut;
}

function sayTrouble({ watch }: Flow, error: unknown): string {
  const what = `${watch.jobs?.path ?? ""} could not be read`;
  if (error instanceof JobsUnreadable) return `${what} (${error.message})`;
  if (error instanceof GateError) return `${what} (${error.publicMessage.replace(/\.$/, "")})`;
  const isLate = error instanceof Error && error.name === "TimeoutError";
  return `${what} (${isLate ? `no answer within ${ANSWER_MS_MAX / 1000} s` : "the connection broke off"})`;
}
