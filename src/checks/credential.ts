/**
 * The credential of a target, taken apart: which header, which scheme, and the secret itself; and ways to put it together wrongly.
 */
import type { Target } from "./check.ts";
import { knowsCallers } from "./target-as.ts";

/** `Authorization: Bearer secret`, `X-API-Key: secret` or `Cookie: name=secret`. */
export interface Credential {
  readonly header: string;
  /** What stands before the secret: `Bearer `, `session=`, or nothing. */
  readonly before: string;
  readonly secret: string;
}

/** The credential of the next request. @throws where it has none */
export function credentialOf(target: Target): Credential {
  const line = (target.credential ?? []).find((each) => !/^idempotency-key:/i.test(each)) ?? "";
  const match = /^([^:]+): (Bearer |[^=;\s]+=(?=.))?(.*)$/i.exec(line);
  if (match === null) throw new Error("the request has no credential that could be changed");
  const [, header = "", before = "", secret = ""] = match;
  const isWhole = header.toLowerCase() === "x-api-key";
  return isWhole ? { header, before: "", secret: before + secret } : { header, before, secret };
}

export function lineOf({ header, before, secret }: Credential): string {
  return `${header}: ${before}${secret}`;
}

/** The target with these lines in place of its credential; a key for retries stays. */
export function withCredential(target: Target, ...lines: readonly string[]): Target {
  const keys = (target.credential ?? []).filter((line) => /^idempotency-key:/i.test(line));
  return { ...target, credential: [...lines, ...keys] };
}

/** The secret with one character changed, where each one counts: the last ones of a base64 text may hold padding bits. */
export function oneCharacterChanged(secret: string): string {
  const at = Math.max(0, secret.length - 10);
  const other = secret[at] === "A" ? "B" : "A";
  return secret.slice(0, at) + other + secret.slice(at + 1);
}

/** Applies where main's credential stands in one of these headers, lower-case. The route's identities say their header. */
export function credentialIn(...headers: readonly string[]): (target: Target) => true | string {
  return (target) => {
    const known = knowsCallers(target);
    if (known !== true) return known;
    const header = target.identities?.header.toLowerCase() ?? "";
    return headers.includes(header) || `the credential is in ${header}`;
  };
}
