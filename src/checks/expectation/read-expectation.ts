/**
 * What a flow expects of the answer to an accepted upload: the recorded answer, and the JSON Schema that `expect.body` names.
 */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Flow } from "../../flows/flow.ts";
import { GateError } from "../../problems/gate-error.ts";
import { formatSetupProblem } from "../../problems/setup-problem.ts";
import { readWrittenFile } from "../../setup/written-file.ts";
import type { ExpectedAnswer } from "../run/run-request.ts";
import { type CheckedSchema, readSchema } from "./json-schema.ts";
import {
  ANSWER_FILE,
  type ComparedAnswer,
  differences,
  jsonBody,
  type RecordedAnswer,
  readRecorded,
} from "./recorded-answer.ts";

/** Path of the flow's JSON Schema relative to its folder, or `null`. */
export function schemaPathOf(flow: Pick<Flow, "notes">): string | null {
  const { body } = flow.notes.expect ?? {};
  return typeof body === "string" ? body : null;
}

/**
 * Reads the expectation of a flow.
 * @returns `null` where nothing was recorded and `expect.body` names nothing
 * @throws RECORDED_ANSWER_INVALID where a file cannot be read, or has a keyword of JSON Schema that is not known here
 */
export async function readExpectation(flow: Pick<Flow, "folder" | "notes">): Promise<ExpectedAnswer | null> {
  const recorded = await readRecordedAnswer(flow.folder);
  const path = schemaPathOf(flow);
  const schema = path === null ? null : await readSchemaFile(join(flow.folder, path));
  if (recorded === null && (schema === null || path === null)) return null;
  const recordedAt = recorded?.recordedAt ?? (await changedAt(join(flow.folder, path ?? "")));
  return {
    recordedAt,
    compare: (answer) => [
      ...(recorded === null ? [] : differences(recorded, answer)),
      ...(schema === null ? [] : bodyComplaints(schema, answer)),
    ],
  };
}

/** What of the body does not fit. */
export function bodyComplaints(schema: CheckedSchema, answer: ComparedAnswer): string[] {
  const value = jsonBody(answer);
  if (value === undefined) return ["the body is not JSON, and the flow names a JSON Schema for it"];
  return schema.complaintsAbout(value).map((complaint) => `in the body: ${complaint.replace(/\.$/, "")}`);
}

/** @returns `null` where nothing was recorded */
export async function readRecordedAnswer(folder: string): Promise<RecordedAnswer | null> {
  const file = join(folder, ANSWER_FILE);
  const written = await readWrittenFile(file, "RECORDED_ANSWER_INVALID");
  if (!written.ok) {
    if (written.isMissing) return null;
    throw invalid(written.problems.map(formatSetupProblem).join("\n"));
  }
  const recorded = readRecorded(written.text);
  if (recorded === null)
    throw invalid(`${file} is not what sluicegate record writes; remove it and record again.`);
  return recorded;
}

/** @throws RECORDED_ANSWER_INVALID with every keyword that is not known */
export async function readSchemaFile(file: string): Promise<CheckedSchema> {
  const written = await readWrittenFile(file, "RECORDED_ANSWER_INVALID");
  if (!written.ok) throw invalid(written.problems.map(formatSetupProblem).join("\n"));
  let value: unknown;
  try {
    value = JSON.parse(written.text);
  } catch (cause) {
    throw invalid(`${file} is not JSON.`, cause);
  }
  const reading = readSchema(value);
  if (!reading.ok) throw invalid(reading.problems.map((problem) => `${file}: ${problem}`).join("\n"));
  return reading.schema;
}

/** A schema that a person wrote is as old as its file. */
async function changedAt(file: string): Promise<string> {
  return (await stat(file)).mtime.toISOString();
}

function invalid(message: string, cause?: unknown): GateError {
  return new GateError("RECORDED_ANSWER_INVALID", { message, ...(cause === undefined ? {} : { cause }) });
}
