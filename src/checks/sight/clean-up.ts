/**
 * Removes what a run has stored, as the flow says, and tells what is left.
 *
 * Always holds: only what an answer to this run has named, or what carries its mark, is removed; each once.
 */
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

/** Gone already, too: what was asked for is so. */
const isDone = (status: number): boolean =>
  (status >= 200 && status < 300) || status === 404 || status === 410;

export class CleanUp {
  readonly #ways: CleanUpWays;
  readonly #ids = new Set<string>();

  constructor(ways: CleanUpWays) {
    this.#ways = ways;
  }

  /** An upload of this run. */
  stored(id: string): void {
    this.#ids.add(id);
  }

  /** @returns ids of what is left */
  async run(): Promise<readonly string[]> {
    const { cleanup } = this.#ways;
    const ids = [...this.#ids];
    this.#ids.clear();
    if (cleanup === null) return ids;
    if (this.#isForAll()) return ids.length === 0 || (await this.#remove(null)) ? [] : ids;
    const left: string[] = [];
    for (const id of ids) if (!(await this.#remove(id))) left.push(id);
    return left;
  }

  #isForAll(): boolean {
    const { cleanup } = this.#ways;
    if (cleanup === null) return false;
    return !("command" in cleanup ? usesId(cleanup.command) : cleanup.path.includes("{id}"));
  }

  /** Whether it is gone. What fails is told as left, and does not keep the rest from being removed. */
  async #remove(id: string | null): Promise<boolean> {
    const { cleanup, client, filled } = this.#ways;
    if (cleanup === null) return false;
    try {
      if ("command" in cleanup) return await this.#command(cleanup.command, id);
      const answer = await client.ask(cleanup.method, pathOf(filled(cleanup.path), id ?? ""));
      return answer !== null && isDone(answer.status);
    } catch (error) {
      if (error instanceof GateError) return false;
      throw error;
    }
  }

  async #command(line: string, id: string | null): Promise<boolean> {
    const { place } = this.#ways;
    if (place === null) return false;
    const variables = { SLUICEGATE_CHECK_UPLOAD: id ?? "" };
    await runCommand(withId(line, id ?? ""), place, { what: "the clean-up", variables });
    return true;
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
