/**
 * What is said of an API key, in the words of its list.
 */
import type { ApiKeyRecord } from "../records/records.ts";

/** Whether a key opens anything at `nowMs`. */
export function keyState(
  { revokedAtMs, expiresAtMs }: ApiKeyRecord,
  nowMs: number,
): "active" | "expired" | "revoked" {
  if (revokedAtMs !== null) return "revoked";
  return expiresAtMs !== null && expiresAtMs <= nowMs ? "expired" : "active";
}

export const sayFlows = ({ flows }: ApiKeyRecord): string => flows?.join(" ") ?? "all";

export const sayScopes = ({ scopes }: ApiKeyRecord): string =>
  scopes.length === 0 ? "none" : scopes.join(" ");
