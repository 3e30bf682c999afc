/**
 * Writes the flow folder of a route that was found out by `check --url`. Nothing that is there is overwritten.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { draftFlow } from "../checks/targets/draft-flow.ts";
import type { UrlSubject } from "../checks/targets/subject-of-url.ts";
import { shownPath } from "./find-flows.ts";
import type { CommandIo } from "./io.ts";

/** @param into the flows folder; made where there is none */
export async function writeFlow(subject: UrlSubject, into: string, io: CommandIo): Promise<void> {
  const { name, files } = draftFlow(subject);
  const folder = join(into, name);
  try {
    await mkdir(into, { recursive: true });
    await mkdir(folder);
  } catch (error) {
    io.err(`No flow was written: ${error instanceof Error ? error.message : String(error)}`);
    return;
  }
  for (const [path, bytes] of files) {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, bytes, { flag: "wx" });
  }
  io.out(`\nWritten: ${[...files.keys()].map((path) => shownPath(join(folder, path))).join(", ")}.`);
  io.out(
    `Read it, say who owns the route, then: sluicegate check ${name} --flows ${shownPath(into)} --target ${subject.about.origin}`,
  );
}
