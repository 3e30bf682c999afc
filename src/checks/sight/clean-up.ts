/**
 * Removes what a run has stored, as the flow says, and tells what is left.
 *
 * Always holds: only what an answer to this run has named, or what carries its mark, is removed; each once.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { FlowVerify } from "../../flows/flow.ts";
import { GateError } from "../../problems/gate-error.ts";
import { pathOf } from "../define-scenario.ts";
import { type CommandPlace, runCommand } from "./run-command.ts";
import type { SightClient } from "./sight-client.ts";

export interface CleanUpWays {
  readonly client: SightClient;
  readonly cleanup: FlowVerify["cleanup"];
  readonly place: CommandPlace | null;
  readonly filled: (template: string) => string;
}

/** What became of one removal. `absent`: the target says that there is nothing. */
type Removal = "removed" | "absent" | "failed";

const TRIES = 3;
const WAIT_MS_DEFAULT = 1000;
const WAIT_MS_MAX = 5000;

export class CleanUp {
  readonly #ways: CleanUpWays;
  readonly #ids = new Set<string>();
  #unnamed = 0;

  constructor(ways: CleanUpWays) {
    this.#ways = ways;
  }

  /** An upload of this run; `null` where its answer names nothing by which it could be found again. */
  stored(id: string | null): void {
    if (id === null) this.#unnamed += 1;
    else this.#ids.add(id);
  }

  /** @returns ids of what is left, and how many uploads are left that have none */
  async run(): Promise<{ readonly ids: readonly string[]; readonly unnamed: number }> {
    const ids = [...this.#ids];
    const unnamed = this.#unnamed;
    this.#ids.clear();
    this.#unnamed = 0;
    if (ids.length + unnamed === 0 || this.#ways.cleanup === null) return { ids, unnamed };
    if (!this.#isForAll()) return { ids: await this.#removeEach(ids), unnamed };
    return (await this.#remove(null)) === "removed" ? { ids: [], unnamed: 0 } : { ids, unnamed };
  }

  #isForAll(): boolean {
    const { cleanup } = this.#ways;
    if (cleanup === null) return false;
    return !("command" in cleanup ? usesId(cleanup.command) : cleanup.path.includes("{id}"));
  }

  async #removeEach(ids: readonly string[]): Promise<readonly string[]> {
    const removals = new Map<string, Removal>();
    for (const id of ids) removals.set(id, await this.#remove(id));
    // Where nothing at all could be removed, "not found" may be said of the path and not of the upload.
    const hasWorked = [...removals.values()].includes("removed");
    return ids.filter((id) => removals.get(id) === "failed" || (removals.get(id) === "absent" && !hasWorked));
  }

  /** What fails is told as left, and does not keep the rest from being removed. */
  async #remove(id: string | null): Promise<Removal> {
    const { cleanup, filled } = this.#ways;
    try {
      if (cleanup === null) return "failed";
      if ("command" in cleanup) return await this.#command(cleanup.command, id);
      return await this.#ask(cleanup.method, pathOf(filled(cleanup.path), id ?? ""));
    } catch (error) {
      if (error instanceof GateError) return "failed";
      throw error;
    }
  }

  /** A target that asks to wait for a moment is waited for. */
  async #ask(method: string, path: string): Promise<Removal> {
    for (let tries = 1; ; tries += 1) {
      const answer = await this.#ways.client.ask(method, path);
      const status = answer?.status ?? 0;
      if (status >= 200 && status < 300) return "removed";
      if (status === 404 || status === 410) return "absent";
      const waitMs = (Number(answer?.headers["retry-after"]) || 0) * 1000 || WAIT_MS_DEFAULT;
      if ((status !== 429 && status !== 503) || tries === TRIES || waitMs > WAIT_MS_MAX) return "failed";
      await sleep(waitMs);
    }
  }

  async #command(line: string, id: string | null): Promise<Removal> {
    const { place } = this.#ways;
    if (place === null) return "failed";
    const variables = { SLUICEGATE_CHECK_UPLOAD: id ?? "" };
    await runCommand(withId(line, id ?? ""), place, { what: "the clean-up", variables });
    return "removed";
  }
}

const usesId = (line: string): boolean => line.includes("{id}") || line.includes("SLUICEGATE_CHECK_UPLOAD");

/** What the target says is put into a line for the shell only where no shell could take it for anything but a word. */
const PLAIN_ID = /^[A-Za-z0-9_][A-Za-z0-9_.:@+-]{0,199}$/;

/** The line with the id in it. @throws CHECK_COMMAND_FAILED */
export function withId(line: string, id: string): string {
  if (!line.includes("{id}")) return line;
  if (!PLAIN_ID.test(id))
    throw new GateError("CHECK_COMMAND_FAILED", {
      message: `The id ${JSON.stringify(id.slice(0, 80))} cannot be put into a command: take it from $SLUICEGATE_CHECK_UPLOAD instead of {id}.`,
    });
  return line.replaceAll("{id}", id);
}
