/**
 * `sluicegate uploads`: the newest uploads, a line each; read from the records while the gate runs, or without one.
 */
import type { UploadFilter, UploadRecord } from "../records/records.ts";
import { readSqliteRecords } from "../records/sqlite/read-sqlite-records.ts";
import { UPLOAD_STATES, type UploadState } from "../uploads/upload-state.ts";
import type { CommandIo } from "./io.ts";
import { readSettings, type SettingsArguments } from "./read-settings.ts";
import { sayTime } from "./say-time.ts";
import { alignColumns } from "./table.ts";
import { formatBytes, sayOutcome } from "./upload-words.ts";

export interface UploadsArguments extends SettingsArguments {
  readonly flow?: string;
  readonly state?: string;
  readonly limit?: string;
  readonly json?: boolean;
}

/** Exit codes: 0 listed (also when there are none), 2 could not read. */
export async function uploadsCommand(args: UploadsArguments, io: CommandIo): Promise<number> {
  const settings = await readSettings(args, io);
  const filter = readFilter(args, io);
  if (settings === null || filter === null) return 2;
  const records = await readSqliteRecords(settings.records.path);
  try {
    const uploads = await records.list(filter);
    if (args.json === true) io.out(JSON.stringify(uploads));
    else for (const line of table(uploads)) io.out(line);
    return 0;
  } finally {
    await records.close();
  }
}

function readFilter({ flow, state, limit = "20" }: UploadsArguments, io: CommandIo): UploadFilter | null {
  const count = Number(limit);
  if (!Number.isInteger(count) || count < 1 || count > 1_000_000) {
    io.err(`--limit takes a whole number from 1 to 1000000, not ${limit}`);
    return null;
  }
  if (state !== undefined && !isState(state)) {
    io.err(`--state takes one of ${UPLOAD_STATES.join(", ")}, not ${state}`);
    return null;
  }
  return { limit: count, ...(flow === undefined ? {} : { flow }), ...(state === undefined ? {} : { state }) };
}

const isState = (text: string): text is UploadState => UPLOAD_STATES.some((state) => state === text);

function table(uploads: readonly UploadRecord[]): string[] {
  if (uploads.length === 0) return ["No uploads recorded yet."];
  const rows = uploads.map((upload) => [
    sayTime(upload.startedAtMs),
    upload.id,
    upload.flow,
    formatBytes(upload.bytesReceived),
    upload.state,
    sayOutcome(upload),
  ]);
  const header = ["time (UTC)", "id", "flow", "bytes", "state", "what happened"];
  return alignColumns([header, ...rows]);
}
