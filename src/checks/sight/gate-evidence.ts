/**
 * What got through a gate of one's own, by its records.
 *
 * Always holds: only uploads of this run count; where one that got through may be ours or somebody else's, it is `null`. An upload that the service
 * behind has refused is `null` too: whether the service kept it, the gate does not know.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Flow } from "../../flows/flow.ts";
import { isErrorCode } from "../../problems/error-code.ts";
import type { UploadRecord } from "../../records/records.ts";
import type { RecordsView } from "../../records/sqlite/read-sqlite-records.ts";
import { parseUploadId } from "../../uploads/upload-id.ts";
import { headerOf } from "../answer-reader.ts";
import type { ReceivedUpload, Target } from "../check.ts";
import { answerOf, jsonOf } from "../define-scenario.ts";
import { isAccepted } from "../judge.ts";
import type { Evidence } from "../run-check.ts";
import type { Exchange } from "../send-probe.ts";

export interface GateEvidenceInput {
  readonly flow: Flow;
  readonly target: Target;
  readonly records: RecordsView;
  /** Whether a principal is one of the run's own. */
  readonly isOwn: (principal: string) => boolean;
  /** What no flow takes goes to the service as it is: then the gate knows nothing of it. */
  readonly passesThrough: boolean;
}

const SETTLED_MS_MAX = 3000;
const POLL_MS = 30;
const LISTED_MAX = 1000;
/** Marks of the files of a run. */
const MARK = "flowcheck";

/** States from which an upload goes on by itself. */
const PASSING: ReadonlySet<string> = new Set(["receiving", "received", "inspecting", "accepted", "released"]);
const THROUGH: ReadonlySet<string> = new Set(["delivered", "observed"]);

export class GateEvidence implements Evidence {
  readonly #input: GateEvidenceInput;
  readonly #openedAtMs = Date.now();
  #sinceMs = Date.now();
  /** Ids of uploads and requests that answers to this run have named. */
  readonly #seen = new Set<string>();
  /** Whom the credentials turned out to be that were given. */
  readonly #principals = new Set<string>();

  constructor(input: GateEvidenceInput) {
    this.#input = input;
  }

  async clear(): Promise<void> {
    this.#sinceMs = Date.now();
  }

  saw(exchange: Exchange): void {
    for (const answer of exchange.answers)
      for (const name of ["sluicegate-upload", "x-request-id"]) {
        const id = headerOf(answer, name);
        if (id !== null) this.#seen.add(id);
      }
  }

  async received(exchange?: Exchange): Promise<readonly ReceivedUpload[] | null> {
    const since = this.#sinceMs;
    if (exchange !== undefined) this.saw(exchange);
    const named = exchange === undefined ? null : await this.#named(exchange);
    if (named !== null && this.#input.flow.permissions.caller !== "public")
      this.#principals.add(named.principal);
    if (named !== null && named.startedAtMs < since) return null;
    const isTaken = exchange !== undefined && isAccepted(this.#input.target, exchange);
    if (isTaken && named === null) return null;
    if (exchange !== undefined && named === null && !this.#isOfGate(exchange)) return null;
    return this.#through(await this.#settled(since));
  }

  /** Uploads of this run that were let through. Ids, newest first. */
  async left(): Promise<readonly string[]> {
    const all = await this.#since(this.#openedAtMs);
    return all.filter((record) => this.#whose(record) === "ours" && isThrough(record)).map(({ id }) => id);
  }

  /** Storage keys of uploads of others since the run began. */
  async keysOfOthers(): Promise<ReadonlySet<string>> {
    const all = await this.#since(this.#openedAtMs);
    const others = all.filter((record) => this.#whose(record) === "others");
    return new Set(others.flatMap(({ files }) => files.map(({ key }) => key)));
  }

  async #named(exchange: Exchange): Promise<UploadRecord | null> {
    const id = parseUploadId(headerOf(answerOf(exchange) ?? { headers: [] }, "sluicegate-upload") ?? "");
    return id === null ? null : this.#input.records.get(id);
  }

  /** Whether what was not recorded surely never got to the service: the gate has refused it itself, or passes nothing through. */
  #isOfGate(exchange: Exchange): boolean {
    if (!this.#input.passesThrough) return true;
    const problem = jsonOf(exchange);
    const code = typeof problem === "object" && problem !== null && "code" in problem ? problem.code : null;
    return typeof code === "string" && isErrorCode(code);
  }

  #through(records: readonly UploadRecord[]): readonly ReceivedUpload[] | null {
    const through = records.filter((record) => this.#whose(record) !== "others" && isThrough(record));
    if (through.some((record) => this.#whose(record) === "unclear" || isRefusedBehind(record))) return null;
    return through.map(receivedOf);
  }

  /** Everything since then once nothing of ours is on its way any more, oldest first. */
  async #settled(sinceMs: number): Promise<readonly UploadRecord[]> {
    const givesUpAt = performance.now() + SETTLED_MS_MAX;
    for (;;) {
      const records = await this.#since(sinceMs);
      const isOnItsWay = records.some(
        (record) => PASSING.has(record.state) && this.#whose(record) === "ours",
      );
      if (!isOnItsWay || performance.now() > givesUpAt) return records.toReversed();
      await sleep(POLL_MS);
    }
  }

  async #since(sinceMs: number): Promise<readonly UploadRecord[]> {
    const records = await this.#input.records.list({ flow: this.#input.flow.name, limit: LISTED_MAX });
    return records.filter(({ startedAtMs }) => startedAtMs >= sinceMs);
  }

  #whose({ id, requestId, principal, files }: UploadRecord): "ours" | "others" | "unclear" {
    if (this.#input.isOwn(principal) || this.#principals.has(principal)) return "ours";
    if (this.#seen.has(id) || this.#seen.has(requestId)) return "ours";
    if (files.some(({ declaredName }) => declaredName?.includes(MARK) === true)) return "ours";
    const isKnown = this.#input.target.identities !== undefined || this.#principals.size > 0;
    return isKnown ? "others" : "unclear";
  }
}

const isThrough = ({ state }: UploadRecord): boolean => THROUGH.has(state);

function isRefusedBehind({ deliveries }: UploadRecord): boolean {
  const status = deliveries.at(-1)?.status ?? null;
  return status !== null && status >= 400;
}

/** The name that was declared is not told: the service gets a clean one. */
function receivedOf({ method, path, files }: UploadRecord): ReceivedUpload {
  return {
    method,
    path,
    headers: null,
    fields: null,
    files: files.map(({ field, verifiedType, sizeBytes, sha256 }) => ({
      field,
      name: null,
      mediaType: verifiedType,
      sizeBytes,
      sha256,
    })),
  };
}
