/**
 * Records what a route answers to an accepted upload: `expected/created.answer.json` and a JSON Schema of the body, in the flow's folder.
 *
 * Always holds: at least two real answers that agree in status and kind; secrets are taken out before anything is written; a schema that is there and still
 * fits is left as it is, since somebody may have made it stricter. flow.yaml is changed only where that was asked for.
 */
import { access } from "node:fs/promises";
import { join } from "node:path";
import type { Flow } from "../../flows/flow.ts";
import { replaceFile } from "../../flows/replace-file.ts";
import { writeExpectedBody } from "../../flows/write-expected-body.ts";
import { GateError } from "../../problems/gate-error.ts";
import { inferSchema, volatilePointers } from "./infer-schema.ts";
import { bodyComplaints, readRecordedAnswer, readSchemaFile, schemaPathOf } from "./read-expectation.ts";
import {
  ANSWER_FILE,
  bodyKindOf,
  type ComparedAnswer,
  differences,
  headersThatMatter,
  jsonBody,
  RECORDED_FORM,
  type RecordedAnswer,
  textBody,
} from "./recorded-answer.ts";

const SCHEMA_FILE = "expected/created.schema.json";
const EXAMPLE_CHARS_MAX = 64 * 1024;

export interface AnswersToRecord {
  readonly flow: Flow;
  /** To control uploads that were accepted, each sent anew; at least two. */
  readonly answers: readonly ComparedAnswer[];
  /** Texts that were sent: names of files, values of fields. They are never constants of the schema. */
  readonly sent: readonly string[];
  /** Texts that must not be in what is written. */
  readonly secrets: readonly string[];
  readonly now: Date;
  /** Whether `expect.body` is written into flow.yaml where it is not there. */
  readonly writesFlow: boolean;
}

export interface RecordedFiles {
  /** Absolute paths of what was written. */
  readonly written: readonly string[];
  /** What is not as it was recorded before, in plain words; empty where nothing had been recorded. */
  readonly changes: readonly string[];
  /** The line that flow.yaml still needs, such as `expect: { body: expected/created.schema.json }`, or `null`. */
  readonly lineToWrite: string | null;
}

/**
 * Writes the files.
 * @throws RECORDED_ANSWER_INVALID where there are fewer than two answers, they differ in status or kind, JSON is announced and is none, a schema
 *         that is there has unknown keywords, or a file cannot be written; FLOW_INVALID where flow.yaml cannot be changed
 */
export async function recordAnswers(request: AnswersToRecord): Promise<RecordedFiles> {
  const { flow, answers, writesFlow } = request;
  const recorded = makeRecorded(request);
  const before = await readRecordedAnswer(flow.folder);
  const changes = before === null ? [] : answers.flatMap((answer) => differences(before, answer));
  const written = [await write(join(flow.folder, ANSWER_FILE), recorded)];
  if (recorded.bodyKind !== "json") return { written, changes: [...new Set(changes)], lineToWrite: null };
  const named = schemaPathOf(flow);
  const schemaFile = join(flow.folder, named ?? SCHEMA_FILE);
  const complaints = await misfits(schemaFile, answers);
  if (complaints === null || complaints.length > 0)
    written.push(await write(schemaFile, schemaOf(request, flow.name)));
  const all = [...new Set([...changes, ...(complaints ?? [])])];
  if (named !== null) return { written, changes: all, lineToWrite: null };
  if (!writesFlow) return { written, changes: all, lineToWrite: `expect: { body: ${SCHEMA_FILE} }` };
  const flowFile = join(flow.folder, "flow.yaml");
  await writeExpectedBody(flowFile, SCHEMA_FILE);
  return { written: [...written, flowFile], changes: all, lineToWrite: null };
}

function makeRecorded({ answers, now, secrets }: AnswersToRecord): RecordedAnswer {
  const [first] = answers;
  if (first === undefined || answers.length < 2)
    throw invalid(
      "At least two answers are needed, so that what differs each time can be told from what does not.",
    );
  const kind = bodyKindOf(first);
  for (const answer of answers) {
    if (answer.status !== first.status)
      throw invalid(
        `The same upload was answered with ${first.status} and with ${answer.status}; nothing was recorded.`,
      );
    if (bodyKindOf(answer) !== kind)
      throw invalid("The same upload was answered with bodies of two kinds; nothing was recorded.");
    if (kind === "json" && jsonBody(answer) === undefined)
      throw invalid("The answer says that it is JSON and is none; nothing was recorded.");
  }
  const bodies = kind === "json" ? answers.map(jsonBody) : [];
  return {
    schema: RECORDED_FORM,
    recordedAt: now.toISOString(),
    status: first.status,
    headers: mapTexts(headersThatMatter(answers), secrets) as Record<string, string | null>,
    bodyKind: kind,
    volatile: kind === "json" ? volatilePointers(bodies) : [],
    example: exampleOf(answers, first, kind, secrets),
  };
}

function exampleOf(
  answers: readonly ComparedAnswer[],
  first: ComparedAnswer,
  kind: RecordedAnswer["bodyKind"],
  secrets: readonly string[],
): unknown {
  const text = textBody(first);
  if (kind === "empty" || text.length > EXAMPLE_CHARS_MAX) return null;
  if (kind === "json") return mapTexts(jsonBody(first), secrets);
  const isSame = answers.every((answer) => textBody(answer) === text);
  // A text with a secret in it could never be compared again.
  return isSame && !secrets.some((secret) => secret !== "" && text.includes(secret)) ? text : null;
}

/** The same value with `***` for each secret in its texts. */
function mapTexts(value: unknown, secrets: readonly string[]): unknown {
  if (typeof value === "string")
    return secrets.reduce((text, secret) => (secret === "" ? text : text.replaceAll(secret, "***")), value);
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, secrets));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, mapTexts(member, secrets)]));
}

/** What of the answers a schema that is there does not fit; `null` where there is none. */
async function misfits(file: string, answers: readonly ComparedAnswer[]): Promise<readonly string[] | null> {
  const isThere = await access(file).then(
    () => true,
    () => false,
  );
  if (!isThere) return null;
  const schema = await readSchemaFile(file);
  return answers.flatMap((answer) => bodyComplaints(schema, answer));
}

function schemaOf(
  { answers, sent, secrets }: AnswersToRecord,
  flow: string,
): Readonly<Record<string, unknown>> {
  const inferred = inferSchema(answers.map(jsonBody), [...sent, ...secrets]);
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: `What an accepted upload to ${flow} is answered with`,
    ...inferred,
  };
}

async function write(file: string, content: object): Promise<string> {
  try {
    await replaceFile(file, Buffer.from(`${JSON.stringify(content, null, 2)}\n`));
    return file;
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? "unknown error";
    throw new GateError("RECORDED_ANSWER_INVALID", {
      message: `${file} cannot be written (${reason}).`,
      cause,
    });
  }
}

function invalid(message: string): GateError {
  return new GateError("RECORDED_ANSWER_INVALID", { message });
}
