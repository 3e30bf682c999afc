/**
 * Two logs as they were compared: what was read of each request, so that the suspicion can be looked into again when the logs themselves are gone.
 *
 * `a.ndjson`, `b.ndjson` the requests as they were read · `input.json` all else. Always holds: a changed line is noticed by the digest over both.
 */
import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { GateError } from "../../problems/gate-error.ts";
import type { JudgeLogsInput, LoggedRequest } from "../judge/judge-input.ts";

const INPUT_FILE = "input.json";
const [A_FILE, B_FILE] = ["a.ndjson", "b.ndjson"];

interface KeptLogsInput {
  readonly version: 1;
  readonly kind: "logs";
  readonly input: Omit<JudgeLogsInput, "a" | "b">;
}

/** SHA-256 (hex) over the lines of both. */
export function digestOfLogs(a: readonly LoggedRequest[], b: readonly LoggedRequest[]): string {
  return createHash("sha256").update(linesOf(a)).update("\0").update(linesOf(b)).digest("hex");
}

export async function writeKeptLogs(folder: string, { a, b, ...input }: JudgeLogsInput): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(join(folder, A_FILE), linesOf(a));
  await writeFile(join(folder, B_FILE), linesOf(b));
  const written: KeptLogsInput = { version: 1, kind: "logs", input };
  await writeFile(join(folder, INPUT_FILE), `${JSON.stringify(written, null, 2)}\n`);
}

/** @returns `null` where what is kept there is no comparison of logs. @throws COMPARE_EVIDENCE_INVALID */
export async function readKeptLogs(folder: string): Promise<JudgeLogsInput | null> {
  const written = await readFile(join(folder, INPUT_FILE), "utf8").then(parsed, () => null);
  if (written === null) return null;
  const [a, b] = [await readLines(join(folder, A_FILE)), await readLines(join(folder, B_FILE))];
  const [expected, found] = [written.input.evidenceSha256, digestOfLogs(a, b)];
  if (found === expected) return { ...written.input, a, b };
  throw new GateError("COMPARE_EVIDENCE_INVALID", {
    message: `The requests in ${folder} are not those that were compared.`,
    expected: `SHA-256 ${expected}`,
    seen: `SHA-256 ${found}`,
  });
}

function parsed(text: string): KeptLogsInput | null {
  try {
    const written = JSON.parse(text) as KeptLogsInput;
    return written.kind === "logs" && written.version === 1 ? written : null;
  } catch {
    return null;
  }
}

function linesOf(requests: readonly LoggedRequest[]): string {
  return requests.map((request) => `${JSON.stringify(request)}\n`).join("");
}

async function readLines(file: string): Promise<readonly LoggedRequest[]> {
  try {
    const lines = (await readFile(file, "utf8")).split("\n").filter((line) => line !== "");
    return lines.map((line) => JSON.parse(line) as LoggedRequest);
  } catch (cause) {
    throw new GateError("COMPARE_EVIDENCE_INVALID", {
      message: `${file} cannot be read as it was written.`,
      cause,
    });
  }
}
