/**
 * Where a key counts: in one flow, for one principal. What it is looked up by is this hash of all three, and not the key.
 */
import { hashOfValues } from "./hash-of-values.ts";

/** Whose key it is. */
export interface KeyOwner {
  readonly flow: string;
  readonly principal: string;
}

/** The scope of a key that the client sent. SHA-256, lower-case hex; no two different owners or keys have the same. */
export function sentKeyScope({ flow, principal }: KeyOwner, key: string): string {
  return hashOfValues("sent key", [flow, principal, key]);
}

/**
 * The scope of an upload without a key, where the flow derives one: the content is the key. The fingerprint has method and target in it. Never the
 * scope of a key that was sent, also where a client sends a fingerprint as its key.
 */
export function derivedKeyScope({ flow, principal }: KeyOwner, fingerprint: string): string {
  return hashOfValues("derived key", [flow, principal, fingerprint]);
}
