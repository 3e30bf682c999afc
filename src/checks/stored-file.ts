/**
 * Scenarios about a file that is fetched again: uploaded as main, read by a link.
 */
import { type Answer, headerOf } from "./answer-reader.ts";
import type { Probe, Target } from "./check.ts";
import {
  acceptedId,
  answerOf,
  plainRequest,
  type ScenarioOptions,
  scenario,
  statusOf,
  tellsIds,
} from "./define-scenario.ts";
import { makesAnew } from "./judge.ts";
import type { Scenario, Stage } from "./scenario.ts";
import type { Exchange } from "./send-probe.ts";

/** One file that was stored, and ways to ask for it. */
export interface StoredFile {
  readonly target: Target;
  readonly path: string;
  get(what: string, ...lines: readonly string[]): Promise<Exchange>;
  head(what: string, ...lines: readonly string[]): Promise<Exchange>;
  /** With this behind the query. */
  getWith(what: string, query: string): Promise<Exchange>;
}

/** Stores what `probeOf` makes and hands it to `look`. */
export function stored(
  name: string,
  requestsMax: number,
  probeOf: (target: Target) => Probe,
  look: (stage: Stage, file: StoredFile) => Promise<void>,
  options: ScenarioOptions = {},
): Scenario {
  const play = async (stage: Stage): Promise<void> => {
    const file = await storeFile(stage, probeOf);
    if (file !== null) await look(stage, file);
  };
  return scenario(name, requestsMax + 1, play, { appliesTo: tellsIds, hooks: ["mintLink"], ...options });
}

/** @returns `null` after a complaint, or where the upload was refused and `mayRefuse` */
export async function storeFile(
  stage: Stage,
  probeOf: (target: Target) => Probe,
): Promise<StoredFile | null> {
  const main = await stage.as("main");
  const id = await acceptedId(stage, "the upload", main, probeOf(main));
  const path = id === null ? undefined : await stage.hooks.mintLink?.({ uploadId: id });
  return path === undefined ? null : fileAt(stage, await stage.as("nobody"), path);
}

export function fileAt(stage: Stage, target: Target, path: string): StoredFile {
  const ask = (what: string, method: string, at: string, lines: readonly string[]) =>
    stage.send(what, plainRequest(target, method, at, ...lines));
  return {
    target,
    path,
    get: (what, ...lines) => ask(what, "GET", path, lines),
    head: (what, ...lines) => ask(what, "HEAD", path, lines),
    getWith: (what, query) => ask(what, "GET", `${path}${path.includes("?") ? "&" : "?"}${query}`, []),
  };
}

/** A header of an answer that must be there. */
export function header(exchange: Exchange, name: string): string | null {
  return headerOf(answerOf(exchange) ?? { headers: [] }, name);
}

/** Complains unless the file came whole; or at all, where the route makes it anew. */
export function isWhole(stage: Stage, exchange: Exchange, target: Target, bytes: Uint8Array): void {
  const body = answerOf(exchange)?.body ?? new Uint8Array();
  const isSame = makesAnew(target) ? body.length > 0 : Buffer.from(bytes).equals(body);
  if (statusOf(exchange) !== 200 || !isSame)
    stage.complain(
      `the file is answered with ${statusOf(exchange)} and ${body.length} bytes, stored were ${bytes.length}`,
    );
}

/** Headers without those that differ from answer to answer. */
export function lastingHeaders({ headers }: Answer): string[] {
  const passing = new Set([
    "date",
    "x-request-id",
    "connection",
    "keep-alive",
    "server-timing",
    "traceparent",
  ]);
  return headers
    .filter(([name]) => !passing.has(name))
    .map(([name, value]) => `${name}: ${value}`)
    .sort();
}
