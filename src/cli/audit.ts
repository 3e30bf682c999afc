/**
 * `sluicegate audit verify` and `sluicegate audit list`: the gate's decisions, read while it runs, or without one.
 */
import { type ChainHead, type ChainVerdict, verifyChain } from "../records/audit-chain.ts";
import type { AuditRecord } from "../records/records.ts";
import { type RecordsView, readSqliteRecords } from "../records/sqlite/read-sqlite-records.ts";
import { parseUploadId } from "../uploads/upload-id.ts";
import type { CommandIo } from "./io.ts";
import { printableJson, printableWord } from "./printable.ts";
import { readSettings, type SettingsArguments } from "./read-settings.ts";
import { sayTime } from "./say-time.ts";
import { alignColumns } from "./table.ts";

export interface AuditVerifyArguments extends SettingsArguments {
  /** `SEQ:HASH`, a head that was noted earlier. */
  readonly expect?: string;
  readonly json?: boolean;
}

export interface AuditListArguments extends SettingsArguments {
  readonly flow?: string;
  readonly upload?: string;
  readonly principal?: string;
  readonly limit?: string;
  readonly json?: boolean;
}

const PAGE_ENTRIES = 1000;

/** Exit codes: 0 whole, 1 broken, 2 could not tell. */
export async function auditVerifyCommand(args: AuditVerifyArguments, io: CommandIo): Promise<number> {
  const noted = args.expect === undefined ? null : parseHead(args.expect);
  if (args.expect !== undefined && noted === null) {
    io.err(`--expect takes NUMBER:HASH as \`audit verify\` prints them, not ${printableJson(args.expect)}`);
    return 2;
  }
  const settings = await readSettings(args, io);
  if (settings === null) return 2;
  const view = readSqliteRecords(settings.records.path);
  try {
    const verdict = await verifyChain(allEntries(view), noted);
    if (args.json === true) io.out(printableJson({ whole: verdict.broken === null, ...verdict }));
    else for (const line of sayVerdict(verdict, noted)) io.out(line);
    return verdict.broken === null ? 0 : 1;
  } finally {
    await view.close();
  }
}

/** Exit codes: 0 listed (also when there are none), 2 could not read. */
export async function auditListCommand(args: AuditListArguments, io: CommandIo): Promise<number> {
  const settings = await readSettings(args, io);
  const filter = readFilter(args, io);
  if (settings === null || filter === null) return 2;
  const view = readSqliteRecords(settings.records.path);
  try {
    const entries = await view.newestAudit(filter);
    if (args.json === true) io.out(printableJson(entries));
    else for (const line of sayEntries(entries, args)) io.out(line);
    return 0;
  } finally {
    await view.close();
  }
}

/** Page by page, so that no long read holds back the gate's checkpoints. What is appended meanwhile is read too. */
async function* allEntries(view: RecordsView): AsyncGenerator<AuditRecord> {
  for (let afterSeq = 0; ; ) {
    const page = await view.auditTrail({ afterSeq, limit: PAGE_ENTRIES });
    yield* page;
    const last = page.at(-1);
    if (last === undefined) return;
    afterSeq = last.seq;
  }
}

function parseHead(text: string): ChainHead | null {
  const match = /^(0|[1-9]\d{0,14}):([0-9a-f]{64})$/.exec(text);
  return match === null ? null : { seq: Number(match[1]), hash: match[2] ?? "" };
}

function sayVerdict({ head, broken }: ChainVerdict, noted: ChainHead | null): string[] {
  const entries = head.seq === 1 ? "1 entry" : `${head.seq.toLocaleString("en-US")} entries`;
  const headText = `${head.seq}:${head.hash}`;
  if (broken !== null)
    return [
      `BROKEN at entry ${broken.seq}. ${broken.message}`,
      `Whole before it: ${entries}; head ${headText}`,
    ];
  const asNoted = noted === null ? "" : `, entry ${noted.seq} as noted`;
  return [`${entries}, whole${asNoted}; head ${headText}`];
}

function readFilter(
  { flow, upload, principal, limit = "20" }: AuditListArguments,
  io: CommandIo,
): Parameters<RecordsView["newestAudit"]>[0] | null {
  const count = Number(limit);
  if (!Number.isInteger(count) || count < 1 || count > 10_000) {
    io.err(`--limit takes a whole number from 1 to 10000, not ${printableJson(limit)}`);
    return null;
  }
  const uploadId = upload === undefined ? undefined : parseUploadId(upload);
  if (uploadId === null) {
    io.err(`--upload takes an upload id as \`sluicegate uploads\` prints them, not ${printableJson(upload)}`);
    return null;
  }
  return {
    limit: count,
    ...(flow === undefined ? {} : { flow }),
    ...(uploadId === undefined ? {} : { uploadId }),
    ...(principal === undefined ? {} : { principal }),
  };
}

function sayEntries(
  entries: readonly AuditRecord[],
  { flow, upload, principal }: AuditListArguments,
): string[] {
  const isFiltered = [flow, upload, principal].some((one) => one !== undefined);
  if (entries.length === 0) return [isFiltered ? "No audit entry fits." : "No audit entries yet."];
  const header = ["entry", "time (UTC)", "event", "rule", "flow", "principal", "upload", "details"];
  return alignColumns([header, ...entries.map(cells)]);
}

function cells(entry: AuditRecord): string[] {
  const { seq, atMs, event, rule, flow, principal, uploadId } = entry;
  return [
    String(seq),
    sayTime(atMs),
    printableWord(event),
    ...[rule, flow, principal, uploadId].map((text) => (text === null ? "-" : printableWord(text))),
    Object.entries(entry.detail).map(sayMember).join(" "),
  ];
}

function sayMember([name, value]: [string, unknown]): string {
  return `${printableWord(name)}=${typeof value === "string" ? printableWord(value) : printableJson(value)}`;
}
