/**
 * `sluicegate init`: drafts flow folders from a service's OpenAPI document, or from the upload routes that a gate has seen in its traffic.
 *
 * Always: nothing that is there is overwritten, and nothing is fetched but the document itself.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { draftFlow, nameFlow } from "../flows/openapi/draft-flow.ts";
import { type OpenApiDocument, readOpenApi } from "../flows/openapi/openapi-document.ts";
import { findUploadOperations, type UploadOperation } from "../flows/openapi/upload-operations.ts";
import { operationOf } from "../gate/discovery/draft-route.ts";
import { readTraffic, trafficPath } from "../gate/discovery/seen-routes.ts";
import { GateError } from "../problems/gate-error.ts";
import { shownPath } from "./find-flows.ts";
import type { CommandIo } from "./io.ts";
import { readOpenApiText } from "./openapi-text.ts";
import { readSettings } from "./read-settings.ts";

export interface InitArguments {
  /** URL or file. */
  readonly openapi?: string;
  readonly fromTraffic?: boolean;
  readonly settings?: string;
  /** The flows folder; made where there is none. */
  readonly into: string;
  /** Name of the service in sluicegate.yaml; `service` where left out. */
  readonly upstream?: string;
}

const METHODS: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH"]);

/** Exit codes: 0 drafted (or all of it was there already), 1 no operation takes files, 2 could not run. */
export async function initCommand(args: InitArguments, io: CommandIo): Promise<number> {
  if ((args.openapi === undefined) !== (args.fromTraffic === true)) {
    io.err("Say where to draft from: --openapi URL_OR_FILE, or --from-traffic.");
    return 2;
  }
  return args.openapi === undefined ? initFromTraffic(args, io) : initFromDocument(args.openapi, args, io);
}

/** What the gate of these settings has seen, running or not. */
async function initFromTraffic(args: InitArguments, io: CommandIo): Promise<number> {
  const settings = await readSettings(args.settings === undefined ? {} : { settings: args.settings }, io);
  if (settings === null) return 2;
  const path = trafficPath(dirname(settings.records.path));
  const routes = readTraffic(path);
  if (routes.length === 0) {
    io.err("The gate has seen no upload that no flow describes.");
    io.err(
      "  expected: a gate in front of the service (pass-through: true), and an upload through it; it takes notes every 5 s",
    );
    io.err(`  looked at: ${shownPath(path)}`);
    return 1;
  }
  const passing = [...settings.upstreams.values()].find(({ passThrough }) => passThrough);
  const upstream = args.upstream ?? passing?.name;
  await writeDrafts(
    routes.map(operationOf),
    { ...args, ...(upstream === undefined ? {} : { upstream }) },
    io,
  );
  return 0;
}

async function initFromDocument(openapi: string, args: InitArguments, io: CommandIo): Promise<number> {
  let document: OpenApiDocument;
  try {
    document = readOpenApi(await readOpenApiText(openapi));
  } catch (error) {
    if (!(error instanceof GateError)) throw error;
    io.err(`${openapi}: ${error.publicMessage}`);
    if (error.expected !== null)
      io.err(`  expected: ${error.expected}; found: ${error.seen ?? "something else"}`);
    return 2;
  }
  const found = findUploadOperations(document);
  for (const reference of document.outside)
    io.err(`Not followed, because it leads out of the document: ${reference}`);
  for (const { method, path } of found) {
    if (!METHODS.has(method))
      io.err(`${method} ${path} takes a file, but a flow is about POST, PUT or PATCH; left out.`);
  }
  const operations = found.filter(({ method }) => METHODS.has(method));
  if (operations.length === 0) {
    io.err(
      "No operation of this document takes a file: none has a multipart body with a file, or a binary body.",
    );
    return 1;
  }
  await writeDrafts(operations, args, io);
  return 0;
}

async function writeDrafts(
  operations: readonly UploadOperation[],
  args: InitArguments,
  io: CommandIo,
): Promise<void> {
  const names = new Set<string>();
  let drafted = 0;
  await mkdir(args.into, { recursive: true });
  for (const operation of operations) {
    const name = nameFlow(operation, names);
    names.add(name);
    const folder = join(args.into, name);
    const isNew = await writeDraft(folder, draftFlow(name, operation, args.upstream ?? "service"));
    if (isNew) drafted++;
    const what = isNew ? "drafted" : "is there already, left as it is";
    io.out(`${shownPath(folder)}: ${operation.method} ${operation.path} ${what}`);
  }
  if (drafted > 0) io.out("Next: `sluicegate lint` names what is still to be written in them.");
}

/** @returns false where the folder exists. */
async function writeDraft(folder: string, text: string): Promise<boolean> {
  try {
    await mkdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
  await writeFile(join(folder, "flow.yaml"), text, { flag: "wx" });
  return true;
}
