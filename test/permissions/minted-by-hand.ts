/**
 * Tokens as a service mints them, and as somebody else would; flows and requests as far as callers look at them.
 */
import type { KeyObject } from "node:crypto";
import { CompactSign, type JWK, SignJWT } from "jose";
import type { Flow, FlowPermissions } from "../../src/flows/flow.ts";
import type { CallerRequest } from "../../src/permissions/caller.ts";
import { GateError } from "../../src/problems/gate-error.ts";
import type { GrantSettings } from "../../src/settings/settings.ts";

export const GATE = "https://uploads.example.com";
export const SECRET = "a secret that has at least thirty-two bytes";
export const NOW_MS = 1_800_000_000_000;
const NOW = NOW_MS / 1000;

export type Claims = Readonly<Record<string, unknown>>;

export function grantSettings(keys: Partial<GrantSettings["keys"]> = { secret: SECRET }): GrantSettings {
  return {
    keys: { secret: null, jwksFile: null, jwksUrl: null, ...keys },
    lifetimeMaxMs: 3_600_000,
    clockSkewMs: 30_000,
  };
}

/** Good claims of a grant; `undefined` takes one out. */
export function grantClaims(changes: Claims = {}): Claims {
  const times = { iat: NOW - 10, exp: NOW + 290 };
  return { aud: GATE, sub: "user-7", flow: "avatars", jti: "0123456789abcdef", ...times, ...changes };
}

export const GRANT_HEADER = { alg: "HS256", typ: "sluicegate-grant+jwt" } as const;

export function sign(
  claims: Claims | string,
  header: { readonly alg: string; readonly [name: string]: unknown } = GRANT_HEADER,
  key: KeyObject | JWK | Uint8Array = new TextEncoder().encode(SECRET),
): Promise<string> {
  if (typeof claims !== "string") return new SignJWT({ ...claims }).setProtectedHeader(header).sign(key);
  return new CompactSign(new TextEncoder().encode(claims)).setProtectedHeader(header).sign(key);
}

export function flowWith(permissions: Partial<FlowPermissions> = {}, name = "avatars"): Flow {
  const all = { caller: "grant", require: new Map(), askPath: null, origins: [], shares: [], ...permissions };
  const retry = { idempotencyKey: "off", keepMs: 86_400_000 };
  return { name, upstream: "service", permissions: all, retry } as unknown as Flow;
}

/** @param rawHeaders name, value, name, value … beside Host */
export function requestWith(
  rawHeaders: readonly string[],
  changes: Partial<CallerRequest> = {},
): CallerRequest {
  const raw = ["Host", "uploads.example.com", ...rawHeaders];
  const pairs = raw.flatMap((name, at) => (at % 2 === 0 ? [[name.toLowerCase(), raw[at + 1] ?? ""]] : []));
  return {
    method: "POST",
    path: "/api/avatars",
    target: "/api/avatars",
    headers: Object.fromEntries(pairs),
    rawHeaders: raw,
    clientAddress: "192.0.2.7",
    contentLengthBytes: null,
    requestId: "request-1",
    traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    ...changes,
  };
}

export const bearing = (token: string): CallerRequest => requestWith(["Authorization", `Bearer ${token}`]);

export const isCode =
  (code: string, message?: RegExp) =>
  (error: unknown): boolean => {
    if (!(error instanceof GateError)) throw error;
    if (error.code !== code || message?.test(error.publicMessage) === false)
      throw new Error(`${error.code}: ${error.publicMessage}`, { cause: error });
    return true;
  };
