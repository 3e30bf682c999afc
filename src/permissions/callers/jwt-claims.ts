/**
 * What the claims of a proven token allow: who it is for, and what it may.
 */
import type { JWTPayload } from "jose";
import type { Flow } from "../../flows/flow.ts";
import { isPrincipalName, PRINCIPAL_EXPECTED } from "../principal-name.ts";
import { credentialsInvalid, permissionDenied } from "./credentials.ts";

/** Claims that list scopes: RFC 8693 section 4.2, and the name that some providers give it. */
const SCOPE_CLAIMS: readonly string[] = ["scope", "scp"];

/** Whom a token names. @throws CREDENTIALS_INVALID where the claim is missing, no text, or no fit name */
export function principalOf(flow: Flow, claims: JWTPayload, claim: string): string {
  const principal = claims[claim];
  if (isPrincipalName(principal)) return principal;
  throw credentialsInvalid(flow, "The token does not name who sends.", {
    expected: `the claim ${claim}: ${PRINCIPAL_EXPECTED}`,
    seen: principal === undefined ? "no such claim" : "another value",
  });
}

/** @throws PERMISSION_DENIED where a claim lacks a value that the flow requires */
export function refuseMissingClaims(flow: Flow, claims: JWTPayload): void {
  for (const [claim, required] of flow.permissions.require) {
    const values = valuesOf(claims[claim]);
    const missing = required.filter((value) => !values.includes(value));
    if (missing.length === 0) continue;
    throw permissionDenied(
      flow,
      "The token lacks a right that the flow asks for.",
      SCOPE_CLAIMS.includes(claim) ? required : [],
      {
        expected: `the claim ${claim} with ${required.join(" ")}`,
        seen: `a token without ${missing.join(" ")}`,
      },
    );
  }
}

/** A text is a list with spaces between, as `scope` is; an array is a list of its members. */
function valuesOf(claim: unknown): readonly unknown[] {
  if (typeof claim === "string") return claim.split(" ");
  return Array.isArray(claim) ? claim : [];
}
