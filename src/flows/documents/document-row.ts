/**
 * A document of a flow's folder as a page lists it: change records and reports of drills. The console's `DocumentRow` has the same shape.
 */

export type DocumentKind = "change" | "drill";

export interface FlowDocumentRow {
  readonly kind: DocumentKind;
  /** The file's name without `.md`. */
  readonly name: string;
  readonly title: string;
  readonly condition: "good" | "attention" | "bad" | "unknown" | "stale";
  /** How it stands, in one or two words. */
  readonly word: string;
  /** When it was closed or opened, or the drill was run: Unix milliseconds; `null` where the file does not tell. */
  readonly atMs: number | null;
  /** Path of the console's page. */
  readonly link: string;
}

/** The row with the Markdown as it lies in the folder, front matter included. */
export interface FlowDocument {
  readonly row: FlowDocumentRow;
  readonly markdown: string;
}

export function documentLink(flow: string, kind: DocumentKind, name: string): string {
  return `/flows/${flow}/${kind}s/${name}`;
}
