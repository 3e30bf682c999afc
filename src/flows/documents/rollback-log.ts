/**
 * `rollbacks.md` in a flow's folder: one line for each time that the way back was gone, oldest first. Written by `sluicegate rollback`.
 */
import { join } from "node:path";
import { GateError } from "../../problems/gate-error.ts";
import { readWrittenFile } from "../../setup/written-file.ts";
import { replaceFile } from "../replace-file.ts";

export const ROLLBACK_LOG = "rollbacks.md";

/** One try. */
export interface RollbackTry {
  /** Unix milliseconds; whole seconds are kept. */
  readonly atMs: number;
  readonly who: string;
  /** `null`: it was ended, by its deadline or by a signal. */
  readonly exitCode: number | null;
  readonly elapsedMs: number;
  /** Of the flow when it was tried; `null` where the flow's file could not be read whole. */
  readonly policyVersion: string | null;
  readonly command: string;
}

const HEAD = (flow: string): string => `# The way back of ${flow}, each time that it was gone

Written by \`sluicegate rollback ${flow}\`. Exit code 0: it worked. The output of each try stays in \`.sluicegate/rollbacks\` of whoever ran it.

| When (UTC) | Who | Exit code | Seconds | Policy version | Command |
|---|---|---|---|---|---|
`;

const ROW =
  /^\| (\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}) \| (.*?) \| (\d+|ended) \| ([\d.]+) \| ([0-9a-f]+|unknown) \| (.*) \|\s*$/;

/** All tries that the file tells of; lines that are no row are passed over. @param folder the flow's */
export async function readRollbackLog(folder: string): Promise<RollbackTry[]> {
  const written = await readWrittenFile(join(folder, ROLLBACK_LOG), "FLOW_INVALID");
  return written.ok ? written.text.split("\n").flatMap(readRow) : [];
}

function readRow(line: string): RollbackTry[] {
  const [, when, who, exitCode, seconds, version, command] = ROW.exec(line) ?? [];
  const atMs = Date.parse(`${(when ?? "").replace(" ", "T")}Z`);
  if (Number.isNaN(atMs)) return [];
  return [
    {
      atMs,
      who: who ?? "",
      exitCode: exitCode === "ended" ? null : Number(exitCode),
      elapsedMs: Math.round(Number(seconds) * 1000),
      policyVersion: version === "unknown" ? null : (version ?? null),
      command: (command ?? "").replace(/^`+ ?| ?`+$/g, ""),
    },
  ];
}

/**
 * Adds a line at the end; what a person wrote in the file stays.
 * @throws FLOW_INVALID where the file cannot be read or written
 */
export async function addRollbackTry(folder: string, flow: string, tried: RollbackTry): Promise<string> {
  const file = join(folder, ROLLBACK_LOG);
  const written = await readWrittenFile(file, "FLOW_INVALID");
  if (!written.ok && !written.isMissing)
    throw new GateError("FLOW_INVALID", {
      message: written.problems.map(({ message }) => `${file}: ${message}`).join("\n"),
    });
  const before = written.ok && written.text.trim() !== "" ? written.text : HEAD(flow);
  const separator = before.endsWith("\n") ? "" : "\n";
  try {
    await replaceFile(file, Buffer.from(`${before}${separator}${row(tried)}\n`));
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? "unknown error";
    throw new GateError("FLOW_INVALID", { message: `${file} cannot be written (${reason}).`, cause });
  }
  return file;
}

function row({ atMs, who, exitCode, elapsedMs, policyVersion, command }: RollbackTry): string {
  const when = new Date(atMs).toISOString().slice(0, 19).replace("T", " ");
  const cells = [
    when,
    inCell(who),
    String(exitCode ?? "ended"),
    (elapsedMs / 1000).toFixed(1),
    policyVersion ?? "unknown",
  ];
  return `| ${cells.join(" | ")} | \`${inCell(command)}\` |`;
}

/** One line, and no end of a cell in it. */
const inCell = (text: string): string => text.replace(/[\s|`<]+/g, " ").trim();
