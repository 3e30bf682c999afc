/**
 * The upload routes that traffic shows and no flow describes: gathered as requests end, kept in a file of the data folder.
 *
 * Always holds: bounded in routes, fields and names whatever clients send; saved at most every few seconds, by a new file that takes the old one's place;
 * a disk that cannot be written, or a file that cannot be read, costs the notes and nothing else.
 */
import { readFileSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Log } from "../../signals/log.ts";
import { RouteNotes, type SeenRequest } from "./route-notes.ts";
import { openLastSegment } from "./route-path.ts";
import type { SeenRoute, TrafficNotes } from "./seen-route.ts";

const ROUTES_MAX = 200;
/** So many routes that differ in their last segment alone are one route whose last segment is open. */
const SIBLINGS_MAX = 6;
const SAVE_EVERY_MS = 5_000;

/** Beside the records. */
export const trafficPath = (dataFolder: string): string => join(dataFolder, "traffic.json");

/** Routes that were saved; none where there is no such file, or none that can be read. */
export function readTraffic(path: string): readonly SeenRoute[] {
  try {
    const notes = JSON.parse(readFileSync(path, "utf8")) as TrafficNotes;
    return notes.version === 1 && Array.isArray(notes.routes) ? notes.routes : [];
  } catch {
    return [];
  }
}

export interface SeenRoutesOptions {
  readonly path: string;
  readonly log: Pick<Log, "warn">;
  /** Default 5,000. */
  readonly saveEveryMs?: number;
}

export class SeenRoutes {
  readonly #options: SeenRoutesOptions;
  readonly #routes = new Map<string, RouteNotes>();
  #timer: NodeJS.Timeout | null = null;
  #saving: Promise<void> = Promise.resolve();

  constructor(options: SeenRoutesOptions) {
    this.#options = options;
    for (const saved of readTraffic(options.path).slice(0, ROUTES_MAX))
      this.#routes.set(`${saved.method} ${saved.path}`, RouteNotes.from(saved));
  }

  /** @returns the route where this is the first request of it, else `null` */
  note(request: SeenRequest): SeenRoute | null {
    const { method, path } = request;
    const open = openLastSegment(path);
    const known =
      this.#routes.get(`${method} ${path}`) ??
      (open === null ? undefined : this.#routes.get(`${method} ${open}`));
    if (known === undefined && this.#routes.size >= ROUTES_MAX) return null;
    const route = known ?? this.#begin(request);
    route.add(request);
    if (known === undefined) this.#join(method, open);
    this.#saveSoon();
    return known === undefined ? route.toJSON() : null;
  }

  /** The most requested first. */
  list(): readonly SeenRoute[] {
    return [...this.#routes.values()]
      .map((route) => route.toJSON())
      .sort((one, other) => other.requests - one.requests);
  }

  /** Saves what is not saved yet. */
  async close(): Promise<void> {
    if (this.#timer !== null) {
      clearTimeout(this.#timer);
      this.#save();
    }
    await this.#saving;
  }

  #begin(request: SeenRequest): RouteNotes {
    const route = new RouteNotes(request);
    this.#routes.set(`${request.method} ${request.path}`, route);
    return route;
  }

  /** Names of the client's choice look like many routes at first. */
  #join(method: string, open: string | null): void {
    if (open === null) return;
    const siblings = [...this.#routes].filter(
      ([, route]) => route.method === method && openLastSegment(route.path) === open,
    );
    if (siblings.length < SIBLINGS_MAX) return;
    for (const [name] of siblings) this.#routes.delete(name);
    const all = siblings.map(([, route]) => route);
    this.#routes.set(`${method} ${open}`, RouteNotes.join(open, all));
  }

  #saveSoon(): void {
    this.#timer ??= setTimeout(() => this.#save(), this.#options.saveEveryMs ?? SAVE_EVERY_MS).unref();
  }

  #save(): void {
    this.#timer = null;
    const notes: TrafficNotes = { version: 1, savedAtMs: Date.now(), routes: this.list() };
    this.#saving = this.#saving.then(() => this.#write(notes));
  }

  async #write(notes: TrafficNotes): Promise<void> {
    const { path, log } = this.#options;
    try {
      await writeFile(`${path}.new`, `${JSON.stringify(notes, null, 1)}\n`, { mode: 0o600 });
      await rename(`${path}.new`, path);
    } catch (error) {
      log.warn({ err: error }, "what traffic shows of upload routes could not be saved");
    }
  }
}
