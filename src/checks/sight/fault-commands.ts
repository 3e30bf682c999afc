/**
 * Faults that the flow's commands make, and undo.
 *
 * Always holds: a fault that was begun is undone, also where making it failed half-way, and where the process is told to end meanwhile.
 */
import type { FlowVerify } from "../../flows/flow.ts";
import type { Fault, FaultName } from "../hooks.ts";
import { type CommandPlace, runCommand, runCommandNow } from "./run-command.ts";

type FaultCommands = { readonly inject: string; readonly heal: string };

export interface OpenFaults {
  readonly size: number;
  readonly byName: Readonly<Partial<Record<FaultName, Fault>>>;
  /** Undoes what is still in force. */
  heal(): Promise<void>;
}

const DEADLINE_MS = 60_000;
const SIGNALS: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];

export function openFaults(commands: FlowVerify["faults"], place: CommandPlace | null): OpenFaults {
  const inForce = new FaultsInForce();
  const entries =
    place === null ? [] : [...commands].map(([name, each]) => [name, faultOf(name, each, place, inForce)]);
  return {
    size: entries.length,
    byName: Object.fromEntries(entries) as Partial<Record<FaultName, Fault>>,
    heal: () => inForce.healAll(),
  };
}

function faultOf(
  name: string,
  { inject, heal }: FaultCommands,
  place: CommandPlace,
  inForce: FaultsInForce,
): Fault {
  const variables = { SLUICEGATE_CHECK_FAULT: name };
  const options = (what: string) => ({
    what: `the fault ${name} (${what})`,
    variables,
    deadlineMs: DEADLINE_MS,
  });
  const fault: InForce = {
    heal: async () => void (await runCommand(heal, place, options("heal"))),
    healNow: () => runCommandNow(heal, place, options("heal")),
  };
  return {
    inject: async () => {
      inForce.add(fault);
      await runCommand(inject, place, options("inject"));
    },
    heal: async () => {
      await fault.heal();
      inForce.remove(fault);
    },
  };
}

interface InForce {
  readonly heal: () => Promise<void>;
  /** Before the process is gone. */
  readonly healNow: () => void;
}

/** Listens for the end of the process for as long as a fault is in force, and no longer. */
class FaultsInForce {
  readonly #faults = new Set<InForce>();
  readonly #onExit = (): void => this.#healNow();
  readonly #onSignal = (signal: NodeJS.Signals): void => {
    // Somebody else listens, too, and ends the run in order: faults are then undone on that way, or at the exit.
    if (process.listenerCount(signal) > 1) return;
    this.#healNow();
    process.kill(process.pid, signal);
  };

  add(fault: InForce): void {
    if (this.#faults.size === 0) this.#listen();
    this.#faults.add(fault);
  }

  remove(fault: InForce): void {
    if (this.#faults.delete(fault) && this.#faults.size === 0) this.#unlisten();
  }

  async healAll(): Promise<void> {
    for (const fault of [...this.#faults]) {
      await fault.heal();
      this.remove(fault);
    }
  }

  #healNow(): void {
    for (const fault of this.#faults) fault.healNow();
    this.#faults.clear();
    this.#unlisten();
  }

  #listen(): void {
    process.on("exit", this.#onExit);
    for (const signal of SIGNALS) process.on(signal, this.#onSignal);
  }

  #unlisten(): void {
    process.off("exit", this.#onExit);
    for (const signal of SIGNALS) process.off(signal, this.#onSignal);
  }
}
