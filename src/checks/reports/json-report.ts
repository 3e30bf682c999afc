/**
 * A run as JSON, and back: what `--report json` writes, what `--baseline` and `replay` read.
 */
import { z } from "zod";
import { GateError, quoteSeen } from "../../problems/gate-error.ts";
import type { SchemaFile } from "../../setup/editor-schema.ts";
import type { CheckRun } from "../run/check-run.ts";
import { runSchema } from "./run-schema.ts";

const SCHEMA = "sluicegate-check-run/1";
const PROBLEMS_MAX = 5;

/** The run as it is, ending in a line break. */
export function jsonReport(run: CheckRun): string {
  return `${JSON.stringify(run, null, 2)}\n`;
}

/**
 * A run that `jsonReport` wrote.
 * @param name what to call it in errors: the file's name
 * @throws CHECK_RUN_INVALID where it is no JSON, not a run, or of a version that is not known
 */
export function readRunJson(text: string, name: string): CheckRun {
  const written = parse(text, name);
  const version = isObject(written) ? written.schema : undefined;
  if (version !== SCHEMA) throw wrongVersion(version, name);
  const read = runSchema.safeParse(written);
  if (!read.success) throw notARun(read.error, name);
  return read.data;
}

/** The schema files of this folder, for `contract/`. */
export function generateSchemas(): SchemaFile[] {
  const { $schema, ...rest } = z.toJSONSchema(runSchema, {
    io: "input",
    target: "draft-2020-12",
    override: ({ jsonSchema }) => {
      // That our own type is readonly is no business of whoever reads the file.
      delete jsonSchema.readOnly;
    },
  });
  const title = "A run of Sluicegate's checks (--report json)";
  return [
    { name: "check-run.schema.json", json: `${JSON.stringify({ $schema, title, ...rest }, null, 2)}\n` },
  ];
}

function parse(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new GateError("CHECK_RUN_INVALID", {
      message: `${quoteSeen(name)} is no JSON.`,
      expected: "a file that sluicegate check --report json wrote",
      seen: text.trim() === "" ? "an empty file" : quoteSeen(text, 60),
      cause,
    });
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function wrongVersion(version: unknown, name: string): GateError {
  const isOther = typeof version === "string" && version.startsWith("sluicegate-check-run/");
  return new GateError("CHECK_RUN_INVALID", {
    message: isOther
      ? `${quoteSeen(name)} is a run of checks in another version of the format.`
      : `${quoteSeen(name)} is not a run of checks.`,
    expected: `"schema": "${SCHEMA}"`,
    seen: version === undefined ? 'no member "schema"' : quoteSeen(String(version)),
  });
}

function notARun(error: z.ZodError, name: string): GateError {
  const problems = error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  const told = problems.slice(0, PROBLEMS_MAX);
  const more = problems.length > PROBLEMS_MAX ? [`and ${problems.length - PROBLEMS_MAX} more`] : [];
  return new GateError("CHECK_RUN_INVALID", {
    message: `${quoteSeen(name)} is a run of checks with something missing or wrong.`,
    expected: "the form of contract/check-run.schema.json",
    seen: quoteSeen([...told, ...more].join("; "), 600),
    details: { problems: told },
  });
}
