/**
 * Documents against a JSON Schema that others have published, by a validator that is not ours (PyPI `jsonschema`).
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

export const PYTHON = resolve(import.meta.dirname, "../../.venv/bin/python");

/** Schemas that the first refers to by `$id` stand in the same folder. Draft as `$schema` says. */
const PROGRAM = `
import json, pathlib, sys
from jsonschema.validators import validator_for
from referencing import Registry, Resource
path = pathlib.Path(sys.argv[1])
read = lambda p: json.loads(p.read_text(encoding="utf-8"))
schema = read(path)
others = [r for r in (Resource.from_contents(read(p)) for p in path.parent.glob("*.json")) if r.id()]
cls = validator_for(schema)
cls.check_schema(schema)
validator = cls(schema, registry=Registry().with_resources((r.id(), r) for r in others))
documents = json.loads(pathlib.Path(sys.argv[2]).read_text(encoding="utf-8"))
print(json.dumps([[f"{e.json_path}: {e.message[:300]}" for e in validator.iter_errors(json.loads(d))][:10] for d in documents]))
`;

/** What is wrong with each document, by the schema in the file; nothing where it is valid. */
export function schemaErrors(
  schemaPath: string,
  documents: readonly string[],
): readonly (readonly string[])[] {
  const folder = mkdtempSync(join(tmpdir(), "schema-errors-"));
  try {
    const path = join(folder, "documents.json");
    writeFileSync(path, JSON.stringify(documents));
    const run = spawnSync(PYTHON, ["-c", PROGRAM, schemaPath, path], {
      encoding: "utf8",
      maxBuffer: 64_000_000,
    });
    if (run.status !== 0) throw new Error(`the validator failed: ${run.stderr || run.error}`);
    return JSON.parse(run.stdout) as string[][];
  } finally {
    rmSync(folder, { recursive: true });
  }
}
