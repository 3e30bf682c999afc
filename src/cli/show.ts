/**
 * `sluicegate show ID`: what happened to one upload, in words.
 */
import type { FileRecord, UploadRecord } from "../records/records.ts";
import { readSqliteRecords } from "../records/sqlite/read-sqlite-records.ts";
import { parseUploadId } from "../uploads/upload-id.ts";
import type { CommandIo } from "./io.ts";
import { readSettings, type SettingsArguments } from "./read-settings.ts";
import { formatBytes, sayFinding, sayOutcome } from "./upload-words.ts";

export interface ShowArguments extends SettingsArguments {
  readonly id: string;
  readonly json?: boolean;
}

/** Exit codes: 0 shown, 1 no such upload, 2 could not read. */
export async function showCommand(args: ShowArguments, io: CommandIo): Promise<number> {
  const settings = await readSettings(args, io);
  if (settings === null) return 2;
  const id = parseUploadId(args.id);
  if (id === null) {
    io.err(
      `${JSON.stringify(args.id)} is no upload id: expected 26 letters and digits, as \`sluicegate uploads\` prints them`,
    );
    return 1;
  }
  const records = await readSqliteRecords(settings.records.path);
  try {
    const upload = await records.get(id);
    if (upload === null) {
      io.err(`No upload ${id} is recorded here.`);
      return 1;
    }
    if (args.json === true) io.out(JSON.stringify(upload));
    else for (const line of describe(upload)) io.out(line);
    return 0;
  } finally {
    await records.close();
  }
}

function describe(upload: UploadRecord): string[] {
  return [
    `Upload ${upload.id}: ${upload.state}`,
    sayOutcome(upload),
    "",
    `Flow      ${upload.flow} (${upload.mode}, policy ${upload.policyVersion})`,
    `Request   ${upload.method} ${upload.path}, ${upload.protocol}, from ${upload.principal}, id ${upload.requestId}`,
    `Received  ${formatBytes(upload.bytesReceived)}`,
    ...upload.files.flatMap(describeFile),
    ...describeRefusal(upload),
    ...upload.deliveries.map(
      (one) =>
        `Delivery  ${one.kind}, try ${one.attempt}: ${one.status === null ? (one.error ?? "no answer recorded") : `the service answered ${one.status}`}${one.endedAtMs === null ? "" : ` after ${one.endedAtMs - one.startedAtMs} ms`}`,
    ),
    "",
    "History (UTC)",
    `  ${time(upload.startedAtMs)}  receiving`,
    ...upload.moves.map(
      (move) => `  ${time(move.atMs)}  ${move.to}${move.note === undefined ? "" : `: ${move.note}`}`,
    ),
  ];
}

function describeFile(file: FileRecord): string[] {
  const name = file.declaredName === null ? "without a name" : JSON.stringify(file.declaredName);
  return [
    `File      ${file.field}: ${name}, ${formatBytes(file.sizeBytes)}, ${file.verifiedType ?? "type not proven"}${file.declaredType === null ? "" : ` (declared ${file.declaredType})`}`,
    `          sha-256 ${file.sha256}`,
    ...file.findings.map((finding) => `          ${sayFinding(finding)}`),
  ];
}

function describeRefusal({ refusal }: UploadRecord): string[] {
  return refusal === null ? [] : [`Reason    ${refusal.message}`];
}

const time = (ms: number): string => new Date(ms).toISOString().slice(0, 23).replace("T", " ");
