/**
 * What a service's own OpenAPI document says of the route that is checked, where it publishes one.
 *
 * In: an origin. Out: the operation of the route, and paths at which what was stored may be read again. At most three GETs, nothing followed.
 */
import { type OpenApiDocument, partOf, readOpenApi } from "../../flows/openapi/openapi-document.ts";
import { findUploadOperations, type UploadOperation } from "../../flows/openapi/upload-operations.ts";
import { matchesTemplate, templateSegments } from "../../flows/route-template.ts";
import { GateError } from "../../problems/gate-error.ts";
import type { TlsTrust } from "../open-connection.ts";
import { type Asked, ask, bodyText } from "./ask.ts";

export interface OpenApiHints {
  /** Where the document was found. */
  readonly at: string;
  readonly operation: UploadOperation | null;
  /** Paths with one `{name}` that can be read with GET, and which of them DELETE takes, too. */
  readonly readable: readonly { readonly path: string; readonly isDeletable: boolean }[];
}

/** FastAPI, Django REST framework with drf-spectacular, and a common prefix. */
const PLACES = ["/openapi.json", "/api/openapi.json", "/api/schema/?format=json"];
const METHODS: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH"]);

/** @returns `null` where there is no document */
export async function findOpenApi(
  asked: Asked,
  route: { readonly path: string; readonly method: string | null },
  tls?: TlsTrust,
): Promise<OpenApiHints | null> {
  for (const at of PLACES) {
    const answer = await ask(asked, at, tls);
    if (answer === null) return null;
    const document = answer.status === 200 ? readDocument(bodyText(answer)) : null;
    if (document !== null) return hintsIn(document, at, route);
  }
  return null;
}

function readDocument(text: string): OpenApiDocument | null {
  try {
    return readOpenApi(text);
  } catch (error) {
    if (error instanceof GateError) return null;
    throw error;
  }
}

function hintsIn(
  document: OpenApiDocument,
  at: string,
  { path, method }: { readonly path: string; readonly method: string | null },
): OpenApiHints {
  const segments = (path.split("?")[0] ?? "").slice(1).split("/");
  const operations = findUploadOperations(document).filter(
    (each) =>
      METHODS.has(each.method) &&
      (method === null || each.method === method) &&
      matchesTemplate(templateSegments(each.path), segments),
  );
  const readable = Object.entries(partOf(document.root.paths)).flatMap(([template, item]) => {
    const methods = document.follow(item);
    const isOne = template.match(/\{[^}]+\}/g)?.length === 1;
    return isOne && "get" in methods
      ? [{ path: template.replace(/\{[^}]+\}/, "{id}"), isDeletable: "delete" in methods }]
      : [];
  });
  return { at, operation: operations[0] ?? null, readable };
}
