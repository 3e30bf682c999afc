/**
 * A target as one who sends meets it: with the header lines that say who they are.
 */
import { randomUUID } from "node:crypto";
import type { Target } from "./check.ts";
import type { CaseIdentity, Identity } from "./promise.ts";

/**
 * The target with a credential for the next request; `nobody` has none. Where a route would take two equal uploads for one, or wants a key
 * for each, the request gets a key that nobody has used.
 * @throws where the target has no such identity
 */
export async function targetAs(target: Target, who: CaseIdentity | Identity): Promise<Target> {
  const credential = [...(await linesOf(target, who)), ...freshKey(target)];
  return { ...target, credential };
}

async function linesOf(target: Target, who: CaseIdentity | Identity): Promise<readonly string[]> {
  if (who === "nobody") return [];
  const identity = typeof who === "string" ? target.identities?.[who] : who;
  if (identity === undefined && who === "main") return target.credential ?? [];
  if (identity === undefined || identity === null)
    throw new Error(`the target has no identity ${String(who)}`);
  return identity.lines();
}

function freshKey({ promises, freshKey: make = randomUUID }: Target): readonly string[] {
  const isOptional = promises?.idempotencyKey === undefined || promises.idempotencyKey === "optional";
  return isOptional ? [] : [keyLine(make())];
}

/** The header line of an idempotency key. */
export function keyLine(key: string): string {
  return `Idempotency-Key: "${key}"`;
}

/** The target with this key on its next request. */
export function withKey(target: Target, key: string): Target {
  const others = (target.credential ?? []).filter((line) => !/^idempotency-key:/i.test(line));
  return { ...target, credential: [...others, keyLine(key)] };
}

/** Applies where the route knows its callers. */
export function knowsCallers({ identities }: Target): true | string {
  return identities !== undefined || "anybody may send";
}

/** Applies where there is somebody of that kind. */
export function hasIdentity(who: CaseIdentity): (target: Target) => true | string {
  return (target) => {
    if (target.identities === undefined) return "anybody may send";
    if (who === "nobody") return true;
    return target.identities[who] !== null || `there is no identity of the kind "${who}"`;
  };
}
