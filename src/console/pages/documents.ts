/**
 * One change record or drill report, whole, as the page shows it.
 */
import type { DocumentKind } from "../../flows/documents/document-row.ts";
import { readDocument } from "../../flows/documents/read-documents.ts";
import type { Flow } from "../../flows/flow.ts";
import type { DocumentPage } from "../console-api.ts";

/** @returns `null` where there is no such document */
export async function readDocumentPage(flow: Flow, kind: string, name: string): Promise<DocumentPage | null> {
  if (!isKind(kind)) return null;
  return readDocument(flow, kind, name);
}

const isKind = (kind: string): kind is DocumentKind => kind === "change" || kind === "drill";
