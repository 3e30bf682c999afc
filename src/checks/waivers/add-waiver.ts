/**
 * Writes a waiver into waivers.yaml of a flow's folder. Comments and other waivers stay; one for the same check is replaced.
 */
import { join } from "node:path";
import { Document, isMap, isSeq, parseDocument, type YAMLSeq } from "yaml";
import { replaceFile } from "../../flows/replace-file.ts";
import { readDay } from "../../flows/written-day.ts";
import { GateError } from "../../problems/gate-error.ts";
import { formatSetupProblem } from "../../problems/setup-problem.ts";
import { readWrittenFile } from "../../setup/written-file.ts";
import type { WaiverNote } from "../run/check-run.ts";
import { readWaivers, WAIVERS_FILE } from "./read-waivers.ts";
import { checkSentence, daysSentence, type KnownChecks, waiverSchema } from "./waiver.ts";

export interface NewWaiver extends WaiverNote {
  readonly check: string;
}

export interface AddedWaiver {
  readonly file: string;
  /** What stood there for the same check. */
  readonly before: WaiverNote | null;
}

const HEAD = ` Checks of this flow that may fail for a while, and who has answered for that. Each runs out by itself, after at most 180 days.
 Written by: sluicegate waive ID --flow FLOW --until DATE --reason TEXT --owner WHO`;

/**
 * Adds it.
 * @param folder the flow's
 * @param today  as `2026-11-22`, in UTC
 * @param checks ids of the catalogue
 * @throws WAIVERS_INVALID: no such check, a day that is none, over or too far ahead, no reason or owner, a file with problems or that cannot be written
 */
export async function addWaiver(
  folder: string,
  waiver: NewWaiver,
  today: string,
  checks: KnownChecks,
): Promise<AddedWaiver> {
  const entry = { ...waiver, added: today };
  refuseWrong(entry, today, checks);
  const file = join(folder, WAIVERS_FILE);
  const { problems, all } = await readWaivers(folder, today);
  if (problems.length > 0) throw invalid(problems.map(formatSetupProblem).join("\n"));
  const before = all.find(({ check }) => check === waiver.check) ?? null;
  await write(file, await withEntry(file, entry));
  return {
    file,
    before: before === null ? null : { until: before.until, reason: before.reason, owner: before.owner },
  };
}

type Entry = NewWaiver & { readonly added: string };

function refuseWrong(entry: Entry, today: string, checks: KnownChecks): void {
  const parsed = waiverSchema.safeParse(entry);
  if (!parsed.success) {
    throw invalid(parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("\n"));
  }
  const unknown = checkSentence(entry.check, checks);
  if (unknown !== null) throw invalid(`check: ${unknown}`);
  const isOver = readDay(entry.until).ok && entry.until < today;
  const days = isOver
    ? { key: "until", sentence: `this day is over: today is ${today}.` }
    : daysSentence(entry, today);
  if (days !== null) throw invalid(`${days.key}: ${days.sentence}`);
}

/** The file's text with the entry in it. */
async function withEntry(file: string, entry: Entry): Promise<string> {
  const written = await readWrittenFile(file, "WAIVERS_INVALID");
  const document = parseDocument(written.ok ? written.text : "", { version: "1.2", schema: "core" });
  const list = listIn(document);
  const { check, until, reason, owner, added } = entry;
  const node = document.createNode({ check, until, reason, owner, added });
  const old = list.items.findIndex((item) => isMap(item) && item.get("check") === check);
  const replaced = old === -1 ? undefined : list.items[old];
  if (isMap(replaced)) {
    for (const [key, value] of Object.entries({ until, reason, owner, added })) replaced.set(key, value);
  } else list.items.push(node);
  return document.toString({ lineWidth: 0 });
}

function listIn(document: ReturnType<typeof parseDocument>): YAMLSeq<unknown> {
  if (isSeq(document.contents)) return document.contents;
  const list = new Document([]).contents as unknown as YAMLSeq<unknown>;
  list.flow = false;
  document.contents = list as never;
  document.commentBefore ??= HEAD;
  return list;
}

async function write(file: string, text: string): Promise<void> {
  try {
    await replaceFile(file, Buffer.from(text));
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? "unknown error";
    throw new GateError("WAIVERS_INVALID", { message: `${file} cannot be written (${reason}).`, cause });
  }
}

function invalid(message: string): GateError {
  return new GateError("WAIVERS_INVALID", { message });
}
