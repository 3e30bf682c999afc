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
  /** Where an id can be looked at, for a person. */
  readonly addressOf: (id: string) => string;
}

const TOLD_MAX = 20;
/** Gone already, too: what was asked for is so. */
const isDone = (status: number): boolean =>
  (status >= 200 && status < 300) || status === 404 || status === 410;

export class CleanUp {
  readonly #ways: CleanUpWays;
  readonly #ids = new Set<string>();
  readonly #names = new Set<string>();

  constructor(ways: CleanUpWays) {
    this.#ways = ways;
  }

  /** An upload of this run. */
  stored(id: string): void {
    this.#ids.add(id);
  }

  /** Something of this run that has no id. */
  storedNamed(name: string): void {
    this.#names.add(name);
  }

  /** @returns names or addresses of what is left; at most so many, and how many more there are */
  async run(): Promise<readonly string[]> {
    const left = this.#isForAll() ? await this.#removeAll() : await this.#removeEach();
    this.#ids.clear();
    this.#names.clear();
    const more = left.length - TOLD_MAX;
    return more > 0 ? [...left.slice(0, TOLD_MAX), `and ${more} more`] : left;
  }

  #isForAll(): boolean {
    const { cleanup } = this.#ways;
    if (cleanup === null) return false;
    return !("command" in cleanup ? usesId(cleanup.command) : cleanup.path.includes("{id}"));
  }

  #all(): readonly string[] {
    return [...[...this.#ids].map((id) => this.#ways.addressOf(id)), ...this.#names];
  }

  async #removeAll(): Promise<readonly string[]> {
    if (this.#ids.size + this.#names.size === 0) return [];
    return (await this.#remove(null)) ? [] : this.#all();
  }

  async #removeEach(): Promise<readonly string[]> {
    if (this.#ways.cleanup === null) return this.#all();
    const left: string[] = [];
    for (const id of this.#ids) if (!(await this.#remove(id))) left.push(this.#ways.addressOf(id));
    return [...left, ...this.#names];
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
