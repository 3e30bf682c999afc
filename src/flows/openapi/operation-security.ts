/**
 * How an operation of an OpenAPI document says that its callers show who they are.
 */
import { type OpenApiDocument, type Part, partOf } from "./openapi-document.ts";

/** A bearer token; something else (a key, a cookie, a password); or nothing that the document says. */
export type DraftSecurity = "bearer" | "other" | null;

const BEARER_TYPES: ReadonlySet<unknown> = new Set(["oauth2", "openIdConnect"]);

/** What the operation asks for, or the whole document where the operation does not say. @see OpenAPI 3.1 sections 4.8.10.1 and 4.8.27 */
export function securityOf(document: OpenApiDocument, operation: Part): DraftSecurity {
  const requirements = operation.security ?? document.root.security;
  if (!Array.isArray(requirements)) return null;
  const names = requirements.flatMap((requirement) => Object.keys(partOf(requirement)));
  if (names.length === 0) return null;
  const schemes = partOf(partOf(document.root.components).securitySchemes);
  return names.some((name) => isBearer(document.follow(schemes[name]))) ? "bearer" : "other";
}

function isBearer({ type, scheme }: Part): boolean {
  return BEARER_TYPES.has(type) || (type === "http" && String(scheme).toLowerCase() === "bearer");
}
