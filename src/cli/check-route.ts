/**
 * Which route a command checks: a flow's at the address of its gate or of `--target`, or any URL with a sample.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { readExpectation } from "../checks/expectation/read-expectation.ts";
import type { TlsTrust } from "../checks/open-connection.ts";
import type { CheckSubject } from "../checks/run/run-request.ts";
import type { FirstRequests } from "../checks/targets/ask.ts";
import { subjectOfFlow, subjectOfUrl } from "../checks/targets/make-subject.ts";
import type { UrlSubject } from "../checks/targets/subject-of-url.ts";
import type { UrlTargetInput } from "../checks/targets/url-request.ts";
import { readWaivers } from "../checks/waivers/read-waivers.ts";
import type { Flow } from "../flows/flow.ts";
import { readFlowFolder } from "../flows/load-flows.ts";
import { readFlow } from "../flows/read-flow.ts";
import { loadSettings } from "../settings/load-settings.ts";
import type { Settings } from "../settings/settings.ts";
import type { YamlSource } from "../setup/yaml-source.ts";
import {
  type CheckArguments,
  listOf,
  oneOf,
  pairsOf,
  pathOf,
  readMaxSize,
  readProfile,
  readStatus,
  UsageError,
} from "./check-options.ts";
import { findFlows, noSuchFlow, problemLine } from "./find-flows.ts";
import type { CommandIo } from "./io.ts";

/** A route that was found; nothing was sent to it. */
export type CheckedRoute =
  | {
      readonly kind: "flow";
      readonly origin: string;
      readonly flow: Flow;
      readonly source: YamlSource;
      readonly settings: Settings | null;
      readonly runId: string;
    }
  | { readonly kind: "url"; readonly origin: string; readonly input: UrlTargetInput; readonly runId: string };

/** @returns `null` after saying what is wrong. @throws UsageError */
export async function findRoute(
  args: CheckArguments,
  io: CommandIo,
  runId: string,
): Promise<CheckedRoute | null> {
  if ((args.flow === undefined) === (args.url === undefined))
    throw new UsageError(
      "Say what to check: the name of a flow, or --url URL --field NAME --sample FILE where there is none yet.",
    );
  return args.url === undefined ? findFlowRoute(args, io, runId) : urlRoute(args, args.url, runId);
}

async function findFlowRoute(
  args: CheckArguments,
  io: CommandIo,
  runId: string,
): Promise<CheckedRoute | null> {
  const place = await findFlows(args);
  if (!place.ok) {
    for (const problem of place.problems) io.err(problemLine(problem));
    return null;
  }
  const name = args.flow ?? "";
  const { folder } = place.options;
  const { names } = await readFlowFolder(place.options);
  if (!names.includes(name)) {
    io.err(noSuchFlow(name, names, folder));
    return null;
  }
  const reading = await readFlow(join(folder, name, "flow.yaml"), place.options);
  if (!reading.ok) {
    for (const problem of reading.problems) io.err(problemLine(problem));
    return null;
  }
  const origin = originOf(args.target, place.settings);
  const settings = await withSecrets(place.settings);
  return { kind: "flow", origin, flow: reading.flow, source: reading.source, settings, runId };
}

/** Whoever may not read the gate's secrets checks without them: then some callers cannot be played. */
async function withSecrets(settings: Settings | null): Promise<Settings | null> {
  if (settings?.file === null || settings === null) return settings;
  const load = await loadSettings(settings.file);
  return load.ok ? load.settings : settings;
}

function originOf(target: string | undefined, settings: Settings | null): string {
  if (target !== undefined) return readOrigin(target);
  if (settings === null)
    throw new UsageError(
      "There are no settings that say where the gate listens: name the server with --target URL.",
    );
  const { host, port, tls } = settings.listen.public;
  const shown = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
  return `${tls === null ? "http" : "https"}://${shown.includes(":") ? `[${shown}]` : shown}:${port}`;
}

function readOrigin(written: string): string {
  const url = URL.canParse(written) ? new URL(written) : null;
  if (url === null || !["http:", "https:"].includes(url.protocol))
    throw new UsageError(`--target takes an address such as http://127.0.0.1:8000, not "${written}".`);
  if (url.pathname !== "/" || url.search !== "")
    throw new UsageError(
      `--target takes the server alone: the path is the flow's. Write --target ${url.origin}.`,
    );
  return url.origin;
}

function urlRoute(args: CheckArguments, url: string, runId: string): CheckedRoute {
  const { sample, types } = args;
  if (sample === undefined)
    throw new UsageError("--url needs --sample FILE: a file that the route must take.");
  if (!URL.canParse(url))
    throw new UsageError(`--url takes an address such as http://127.0.0.1:8000/upload, not "${url}".`);
  const input: UrlTargetInput = {
    url,
    field: args.field ?? null,
    sample: pathOf(sample),
    method: args.method ?? null,
    sizeBytesMax: readMaxSize(args.maxSize),
    types: types === undefined ? null : types === "any" ? "any" : listOf(types),
    headers: args.header ?? [],
    texts: pairsOf("--text", args.text),
    isRaw: args.raw === true,
    status: readStatus(args.status),
    runId,
  };
  return { kind: "url", origin: new URL(url).origin, input, runId };
}

/** A route that is ready to be checked, and what only one of the two kinds has. */
export interface OpenedRoute {
  readonly subject: CheckSubject;
  /** Where the route was found out and not described: what it was taken for. */
  readonly inferred: UrlSubject | null;
  /** How what is stored is removed again, in a phrase, or `null`. */
  readonly removal: string | null;
}

/**
 * Sends the first requests: who is in front, and one upload that must pass. Nothing for a dry run.
 * @throws GateError for waivers or an expectation that cannot be read; UsageError
 */
export async function openRoute(
  route: CheckedRoute,
  args: CheckArguments,
  io: CommandIo,
): Promise<OpenedRoute> {
  const more = {
    first: firstRequests(args),
    tls: await trustOf(args),
  };
  const opened = route.kind === "flow" ? await openFlow(route, more, io) : await openUrl(route, more);
  if (args.framework === undefined) return opened;
  const framework = oneOf("--framework", args.framework, ["fastapi", "django", "flask"]);
  const { subject } = opened;
  return { ...opened, subject: { ...subject, about: { ...subject.about, framework } } };
}

type More = { readonly first: FirstRequests; readonly tls: TlsTrust };

/** In production the run's own control upload is the only one. */
function firstRequests(args: CheckArguments): FirstRequests {
  if (args.dryRun === true) return "none";
  return readProfile(args.profile) === "prod-safe" ? "questions" : "upload";
}

async function openFlow(
  route: Extract<CheckedRoute, { kind: "flow" }>,
  more: More,
  io: CommandIo,
): Promise<OpenedRoute> {
  const { flow } = route;
  const { waivers, problems } = await readWaivers(flow.folder, new Date().toISOString().slice(0, 10));
  for (const problem of problems) io.err(problemLine(problem));
  const expected = await readExpectation(flow);
  const subject = { ...(await subjectOfFlow({ ...route, ...more })), waivers, expected };
  const cleanup = flow.verify?.cleanup ?? null;
  const removal =
    cleanup === null ? null : "command" in cleanup ? cleanup.command : `${cleanup.method} ${cleanup.path}`;
  return { subject, inferred: null, removal };
}

async function openUrl(route: Extract<CheckedRoute, { kind: "url" }>, more: More): Promise<OpenedRoute> {
  const inferred = await subjectOfUrl({ ...route.input, ...more });
  return { subject: inferred, inferred, removal: null };
}

/** @throws UsageError */
export async function trustOf({ ca, insecure }: CheckArguments): Promise<TlsTrust> {
  if (ca === undefined) return { isUnverified: insecure === true };
  try {
    return { ca: await readFile(ca, "utf8"), isUnverified: insecure === true };
  } catch (error) {
    throw new UsageError(`--ca: ${error instanceof Error ? error.message : String(error)}`);
  }
}
