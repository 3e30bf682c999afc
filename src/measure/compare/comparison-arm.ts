/**
 * The two things that are compared, each made ready before its segments: a URL of its own, or one host that a command switches.
 *
 * Always holds: a switch is told done only when the target answers again; a command gets the arm's name and nothing that was not checked.
 */

import type { TlsTrust } from "../../checks/open-connection.ts";
import { KeptSecrets } from "../../checks/sight/kept-secrets.ts";
import { runCommand } from "../../checks/sight/run-command.ts";
import { ask } from "../../checks/targets/ask.ts";
import { GateError } from "../../problems/gate-error.ts";

export type ArmName = "a" | "b";

/** One of the two. */
export interface ComparisonArm {
  readonly name: ArmName;
  readonly label: string;
  /** `http://host:port`. */
  readonly origin: string;
  /** Makes this arm the one that answers at `origin`; nothing to do where each has its own URL. @throws COMPARE_SWITCH_FAILED */
  readonly prepare: (signal: AbortSignal) => Promise<void>;
}

export interface ComparisonArms {
  readonly a: ComparisonArm;
  readonly b: ComparisonArm;
}

/** Two URLs, both up. */
export function armsOfUrls(a: string, b: string): ComparisonArms {
  const prepare = async (): Promise<void> => {};
  return {
    a: { name: "a", label: a, origin: a, prepare },
    b: { name: "b", label: b, origin: b, prepare },
  };
}

export interface SwitchInput {
  /** A line for the shell, in which `{arm}` stands for the arm's word. */
  readonly command: string;
  /** Folder in which it runs. */
  readonly folder: string;
  readonly origin: string;
  readonly words: Readonly<Record<ArmName, string>>;
  /** Path that tells when the target is ready: its answer is below 500. */
  readonly readyPath: string;
  readonly tls?: TlsTrust;
  /** For tests. */
  readonly readyWithinMs?: number;
}

const SWITCH_DEADLINE_MS = 300_000;
const READY_WITHIN_MS = 120_000;
const READY_LOOK_MS = 100;

/** What may stand for `{arm}`: nothing that a shell would take for more than a word. */
export const ARM_WORD = /^[A-Za-z0-9][A-Za-z0-9._/:@+-]{0,127}$/;

/** One host, switched from one arm to the other by a command; it is not run where the arm is there already. */
export function armsOfSwitch(input: SwitchInput): ComparisonArms {
  let current: ArmName | null = null;
  const armOf = (name: ArmName): ComparisonArm => ({
    name,
    label: input.words[name],
    origin: input.origin,
    prepare: async (signal) => {
      if (current === name) return;
      current = null;
      await switchTo(name, input, signal);
      current = name;
    },
  });
  return { a: armOf("a"), b: armOf("b") };
}

/** The line that makes an arm the one that answers. */
export function switchLine(
  { command, words }: Pick<SwitchInput, "command" | "words">,
  name: ArmName,
): string {
  return command.replaceAll("{arm}", words[name]);
}

async function switchTo(name: ArmName, input: SwitchInput, signal: AbortSignal): Promise<void> {
  const variables = { SLUICEGATE_ARM: input.words[name], SLUICEGATE_TARGET: input.origin };
  const place = { folder: input.folder, variables, secrets: new KeptSecrets() };
  await runCommand(switchLine(input, name), place, { what: "--switch", deadlineMs: SWITCH_DEADLINE_MS });
  await untilReady(input, signal);
}

async function untilReady(input: SwitchInput, signal: AbortSignal): Promise<void> {
  const { origin, readyPath, tls, readyWithinMs = READY_WITHIN_MS } = input;
  const until = performance.now() + readyWithinMs;
  while (!signal.aborted) {
    const answer = await ask({ origin, headers: [] }, readyPath, tls);
    if (answer !== null && answer.status < 500) return;
    if (performance.now() > until) throw notReady(input, answer?.status ?? null);
    await new Promise((resolve) => setTimeout(resolve, READY_LOOK_MS));
  }
}

function notReady(
  { origin, readyPath, readyWithinMs = READY_WITHIN_MS }: SwitchInput,
  status: number | null,
) {
  const seen = status === null ? "no answer" : `an answer with status ${status}`;
  return new GateError("COMPARE_SWITCH_FAILED", {
    message: `The command of --switch has ended, and the target is not ready ${Math.round(readyWithinMs / 1000)} s later.`,
    expected: `an answer below 500 at ${origin}${readyPath}`,
    seen,
  });
}
