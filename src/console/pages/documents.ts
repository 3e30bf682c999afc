/**
 * Change records and drill reports as the page shows them: rows whose links are the page's own, and one document whole.
 */
import type { DocumentKind, FlowDocumentRow } from "../../flows/documents/document-row.ts";
import { readDocument } from "../../flows/documents/read-documents.ts";
import type { Flow } from "../../flows/flow.ts";
import type { DocumentPage, DocumentRow } from "../console-api.ts";

/** The same row; its link is where the page shows it. */
export function documentRow({ name: flow }: Pick<Flow, "name">, row: FlowDocumentRow): DocumentRow {
  return { ...row, link: `/flows/${flow}/${row.kind}s/${row.name}` };
}

/** @returns `null` where there is no such document */
export async function readDocumentPage(flow: Flow, kind: string, name: string): Promise<DocumentPage | null> {
  if (!isKind(kind)) return null;
  const found = await readDocument(flow, kind, name);
  return found === null ? null : { row: documentRow(flow, found.row), markdown: found.markdown };
}

const isKind = (kind: string): kind is DocumentKind => kind === "change" || kind === "drill";
