/**
 * What is gathered of one route, request by request.
 */
import { countName, countsOf } from "./counts.ts";
import type { SeenPart } from "./seen-body.ts";
import type { SeenField, SeenFile, SeenRoute } from "./seen-route.ts";
import { Spread } from "./spread.ts";

const FIELDS_MAX = 50;
const NAME_CHARS_MAX = 100;

/** One request of a route, ended. `path` is the template. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly protocol: SeenRoute["protocol"];
  readonly reason: string;
  readonly atMs: number;
  readonly durationMs: number;
  readonly status: number;
  readonly bytes: number;
  readonly parts: readonly SeenPart[] | null;
  readonly credentials: string;
  readonly isFromPage: boolean;
}

class FileNotes {
  requests = 0;
  countMax = 0;
  readonly sizes: Spread;
  readonly declared: Map<string, number>;
  readonly contents: Map<string, number>;

  constructor(saved: SeenFile | null) {
    this.requests = saved?.requests ?? 0;
    this.countMax = saved?.countMax ?? 0;
    this.sizes = new Spread(saved?.sizeBytes ?? null);
    this.declared = new Map(Object.entries(saved?.declaredTypes ?? {}));
    this.contents = new Map(Object.entries(saved?.contents ?? {}));
  }

  add(parts: readonly SeenPart[]): void {
    this.requests += 1;
    this.countMax = Math.max(this.countMax, parts.length);
    for (const { sizeBytes, declaredType, content, extension } of parts) {
      this.sizes.add(sizeBytes);
      countName(this.declared, declaredType ?? "none");
      countName(this.contents, contentOf(content, extension));
    }
  }

  toJSON(name: string): SeenFile {
    const { requests, countMax, sizes } = this;
    const declaredTypes = countsOf(this.declared);
    return {
      name,
      requests,
      countMax,
      sizeBytes: sizes.toJSON(),
      declaredTypes,
      contents: countsOf(this.contents),
    };
  }
}

/** Archives and texts are told apart by their ending: `archive .docx`. */
const contentOf = (content: string | null, extension: string | null): string =>
  (content === "archive" || content === "text") && extension !== null
    ? `${content} .${extension}`
    : (content ?? "unknown");

interface FieldNotes {
  requests: number;
  countMax: number;
  lengthMax: number;
}

export class RouteNotes {
  readonly method: string;
  readonly path: string;
  readonly #protocol: SeenRoute["protocol"];
  readonly #reason: string;
  #requests = 0;
  #read = 0;
  #firstAtMs: number;
  #lastAtMs = 0;
  readonly #statuses = new Map<string, number>();
  #bodies = new Spread();
  #durations = new Spread();
  readonly #credentials = new Map<string, number>();
  #fromPages = 0;
  readonly #files = new Map<string, FileNotes>();
  readonly #fields = new Map<string, FieldNotes>();

  constructor({
    method,
    path,
    protocol,
    reason,
    atMs,
  }: Pick<SeenRequest, "method" | "path" | "protocol" | "reason" | "atMs">) {
    this.method = method;
    this.path = path;
    this.#protocol = protocol;
    this.#reason = reason;
    this.#firstAtMs = atMs;
  }

  static from(saved: SeenRoute): RouteNotes {
    const route = new RouteNotes({ ...saved, atMs: saved.firstAtMs });
    route.#take(saved);
    route.#bodies = new Spread(saved.bodyBytes);
    route.#durations = new Spread(saved.durationMs);
    for (const file of saved.files) route.#files.set(file.name, new FileNotes(file));
    for (const { name, ...field } of saved.fields) route.#fields.set(name, { ...field });
    return route;
  }

  /** Several routes as one. Spreads and parts are those of the most requested. @param path of the joined one */
  static join(path: string, routes: readonly RouteNotes[]): RouteNotes {
    const all = routes.map((route) => route.toJSON()).sort((one, other) => other.requests - one.requests);
    const [most, ...others] = all;
    if (most === undefined) throw new Error("there is nothing to join");
    const joined = RouteNotes.from({ ...most, path });
    for (const other of others) joined.#take(other);
    return joined;
  }

  add({ atMs, durationMs, status, bytes, parts, credentials, isFromPage }: SeenRequest): void {
    this.#requests += 1;
    this.#lastAtMs = Math.max(this.#lastAtMs, atMs);
    countName(this.#statuses, String(status));
    countName(this.#credentials, credentials);
    if (isFromPage) this.#fromPages += 1;
    this.#bodies.add(bytes);
    this.#durations.add(Math.round(durationMs));
    // What the service refused says nothing of what belongs into a flow.
    if (parts === null || status >= 400) return;
    this.#read += 1;
    this.#addParts(parts);
  }

  toJSON(): SeenRoute {
    return {
      method: this.method,
      path: this.path,
      protocol: this.#protocol,
      reason: this.#reason,
      requests: this.#requests,
      read: this.#read,
      firstAtMs: this.#firstAtMs,
      lastAtMs: this.#lastAtMs,
      statuses: countsOf(this.#statuses),
      bodyBytes: this.#bodies.toJSON(),
      durationMs: this.#durations.toJSON(),
      credentials: countsOf(this.#credentials),
      fromPages: this.#fromPages,
      files: [...this.#files].map(([name, file]) => file.toJSON(name)),
      fields: [...this.#fields].map(([name, field]): SeenField => ({ name, ...field })),
    };
  }

  /** Counts alone. */
  #take(saved: SeenRoute): void {
    this.#requests += saved.requests;
    this.#read += saved.read;
    this.#fromPages += saved.fromPages;
    this.#firstAtMs = Math.min(this.#firstAtMs, saved.firstAtMs);
    this.#lastAtMs = Math.max(this.#lastAtMs, saved.lastAtMs);
    for (const [name, times] of Object.entries(saved.statuses))
      this.#statuses.set(name, (this.#statuses.get(name) ?? 0) + times);
    for (const [name, times] of Object.entries(saved.credentials))
      this.#credentials.set(name, (this.#credentials.get(name) ?? 0) + times);
  }

  #addParts(parts: readonly SeenPart[]): void {
    const byName = Map.groupBy(parts, ({ name, isFile }) => `${isFile ? "file" : "text"} ${name}`);
    for (const same of byName.values()) {
      const [first] = same;
      if (first === undefined || first.name.length > NAME_CHARS_MAX) continue;
      if (first.isFile) this.#fileOf(first.name)?.add(same);
      else this.#addField(first.name, same);
    }
  }

  #fileOf(name: string): FileNotes | null {
    const known = this.#files.get(name);
    if (known !== undefined) return known;
    if (this.#files.size >= FIELDS_MAX) return null;
    const file = new FileNotes(null);
    this.#files.set(name, file);
    return file;
  }

  #addField(name: string, same: readonly SeenPart[]): void {
    const field = this.#fields.get(name) ?? { requests: 0, countMax: 0, lengthMax: 0 };
    if (!this.#fields.has(name) && this.#fields.size >= FIELDS_MAX) return;
    field.requests += 1;
    field.countMax = Math.max(field.countMax, same.length);
    field.lengthMax = Math.max(field.lengthMax, ...same.map(({ sizeBytes }) => sizeBytes));
    this.#fields.set(name, field);
  }
}
