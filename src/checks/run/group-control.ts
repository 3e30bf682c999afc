/**
 * The control upload of a group of checks: sent before the first group and after each, and once more where it fails.
 *
 * Always holds: it passes, or it has failed twice in a row; a target that says "not now" is waited for as long as the run's time allows.
 */
import type { Target } from "../check.ts";
import { judge } from "../judge.ts";
import { ACCEPTED } from "../judge-case.ts";
import { controlOf, type Evidence, look } from "../run-check.ts";
import type { Exchange } from "../send-probe.ts";
import { askedToWaitMs } from "./asked-to-wait.ts";
import { type CaseLog, type LoggedExchange, RunEnded, type RunWire } from "./run-wire.ts";

const AGAIN_MS = 500;

export type ControlOutcome =
  | { readonly isGood: true; readonly logged: LoggedExchange; readonly log: CaseLog }
  | {
      readonly isGood: false;
      /** What is wrong, in plain words. */
      readonly reasons: readonly string[];
      readonly exchange: Exchange | null;
      readonly error: unknown;
      readonly log: CaseLog;
    };

/** @param isOnce nothing more than one upload may be sent. @throws RunEnded */
export async function sendControl(
  target: Target,
  evidence: Evidence | null,
  wire: RunWire,
  isOnce = false,
): Promise<ControlOutcome> {
  const log: CaseLog = { exchanges: [], isOddOnPurpose: false };
  const first = await tryOnce(target, evidence, wire, log);
  if (first.isGood) return first;
  if (isOnce || !(await mayTryAgain(first.exchange, wire))) return first;
  return tryOnce(target, evidence, wire, log);
}

async function mayTryAgain(exchange: Exchange | null, wire: RunWire): Promise<boolean> {
  const ms = exchange === null ? null : askedToWaitMs(exchange);
  if (ms !== null) return wire.wait(ms, "the target asks to wait");
  return wire.requestsLeft > 0 && wire.wait(AGAIN_MS, "the control upload failed: once more");
}

async function tryOnce(
  target: Target,
  evidence: Evidence | null,
  wire: RunWire,
  log: CaseLog,
): Promise<ControlOutcome> {
  try {
    const looking = await controlOf(target);
    const outcome = await look(target, looking, evidence, (sending) => wire.send(sending, log));
    const reasons = judge(target, ACCEPTED, outcome);
    const logged = log.exchanges.at(-1);
    if (reasons.length === 0 && logged !== undefined) return { isGood: true, logged, log };
    return { isGood: false, reasons, exchange: outcome.exchange, error: null, log };
  } catch (error) {
    if (error instanceof RunEnded) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    return { isGood: false, reasons: [reason], exchange: null, error, log };
  }
}
