/**
 * The documents of a flow's folder for somebody who reads: change records and reports of drills, newest first, and each of them whole.
 *
 * Always holds: a name that was asked for opens a file of the two folders or nothing. Names have a form without dots and slashes, and only regular
 * files that are listed are read.
 */
import { join } from "node:path";
import { readWrittenFile } from "../../setup/written-file.ts";
import type { Flow } from "../flow.ts";
import { CHANGE_FILE_PATTERN, CHANGES_FOLDER, type ChangeReading, parseChange } from "./change-file.ts";
import type { ChangeOutcome } from "./change-schema.ts";
import { type DocumentKind, documentLink, type FlowDocument, type FlowDocumentRow } from "./document-row.ts";
import { DRILL_FILE_PATTERN, DRILLS_FOLDER, type DrillFile, listDrills } from "./drill-file.ts";
import { listChanges } from "./list-changes.ts";
import { listFolder } from "./list-folder.ts";

type Place = Pick<Flow, "name" | "folder">;

const FOLDERS: Readonly<Record<DocumentKind, { readonly folder: string; readonly form: RegExp }>> = {
  change: { folder: CHANGES_FOLDER, form: CHANGE_FILE_PATTERN },
  drill: { folder: DRILLS_FOLDER, form: DRILL_FILE_PATTERN },
};

/** Both lists, newest first. A document that cannot be read is listed, too, and says so. */
export async function readDocuments({ name, folder }: Place): Promise<{
  readonly changes: readonly FlowDocumentRow[];
  readonly drills: readonly FlowDocumentRow[];
}> {
  const [changes, drills] = await Promise.all([listChanges(folder, name), listDrills(folder)]);
  return {
    changes: changes.map((reading) => changeRow(name, reading)).reverse(),
    drills: drills.map((drill) => drillRow(name, drill)).reverse(),
  };
}

/** One document whole. @param name as in its row. @returns `null` where there is no such document, whatever else the name would open */
export async function readDocument(
  { name: flow, folder }: Place,
  kind: DocumentKind,
  name: string,
): Promise<FlowDocument | null> {
  const { folder: inside, form } = FOLDERS[kind];
  const fileName = `${name}.md`;
  if (!(await listFolder(join(folder, inside), form)).includes(fileName)) return null;
  const file = join(folder, inside, fileName);
  const written = await readWrittenFile(file, "CHANGE_INVALID");
  if (!written.ok) return null;
  const row =
    kind === "change"
      ? changeRow(flow, parseChange(written.text, file, flow))
      : (await listDrills(folder))
          .filter((drill) => drill.name === name)
          .map((drill) => drillRow(flow, drill))[0];
  return row === undefined ? null : { row, markdown: written.text };
}

const OUTCOME_CONDITIONS: Readonly<Record<ChangeOutcome, FlowDocumentRow["condition"]>> = {
  success: "good",
  same: "good",
  worse: "bad",
  inconclusive: "attention",
  refused: "attention",
  invalid: "attention",
  suspected: "attention",
  unmeasured: "attention",
};

function changeRow(flow: string, reading: ChangeReading): FlowDocumentRow {
  if (!reading.ok) {
    const { name } = reading;
    return {
      ...rowOf(flow, "change", name),
      title: name,
      condition: "unknown",
      word: "unreadable",
      atMs: null,
    };
  }
  const { matter, name } = reading.change;
  const { title, status, outcome, opened, closed } = matter;
  const isOpen = status === "open" || outcome === undefined;
  return {
    ...rowOf(flow, "change", name),
    title,
    condition: isOpen ? "unknown" : OUTCOME_CONDITIONS[outcome],
    word: isOpen ? "open" : outcome,
    atMs: Date.parse(closed ?? opened),
  };
}

const VERDICT_CONDITIONS = { kept: "good", broken: "bad", inconclusive: "attention" } as const;

function drillRow(flow: string, { name, day, kind, report }: DrillFile): FlowDocumentRow {
  const dayMs = Date.parse(day);
  return {
    ...rowOf(flow, "drill", name),
    title: report?.sentence ?? kind,
    condition: report === null ? "unknown" : VERDICT_CONDITIONS[report.verdict],
    word: report?.verdict ?? "unreadable",
    atMs: report?.startedAtMs ?? (Number.isNaN(dayMs) ? null : dayMs),
  };
}

function rowOf(flow: string, kind: DocumentKind, name: string) {
  return { kind, name, link: documentLink(flow, kind, name) };
}
