/**
 * Where an answer tells what was stored, and where it can be read again: tried with the very upload that was just accepted.
 *
 * In: the answer to an upload, and the bytes that were sent. Out: a place of an id and a path that gave exactly these bytes, or `null`. At most
 * ten GETs; addresses of other origins are left alone.
 */
import type { FlowVerify } from "../../flows/flow.ts";
import { type Answer, headerOf } from "../answer-reader.ts";
import type { Target } from "../check.ts";
import { pathOf } from "../define-scenario.ts";
import type { TlsTrust } from "../open-connection.ts";
import type { AnswerPlace } from "../promise.ts";
import { ask, bodyJson } from "./ask.ts";
import type { OpenApiHints } from "./openapi-hints.ts";

export type InferredReadBack = Pick<FlowVerify, "cleanup"> & {
  readonly id: AnswerPlace;
  /** Path with `{id}`; `null` where none gave the bytes again. */
  readonly url: string | null;
};

/** A text of the answer that may lead to the upload. */
interface Told {
  readonly place: AnswerPlace;
  readonly text: string;
}

const QUESTIONS_MAX = 10;
const LEVELS_MAX = 3;
const TOLD_MAX = 20;
const TELLING =
  /^(id|uuid|guid|key|slug|hash|sha256|digest|token|name|file|path|url|uri|href|link|location|self|.*[_-]?(id|uuid|key|name|url|uri|path))$/i;
const USUAL_PATHS = ["/files/{id}", "/uploads/{id}", "/media/{id}", "/download/{id}"];

export async function inferReadBack(
  target: Target,
  answer: Answer,
  hints: OpenApiHints | null,
  tls?: TlsTrust,
): Promise<InferredReadBack | null> {
  const told = toldBy(answer);
  const tried = new Set<string>();
  for (const { place, url, path } of waysOf(target, told, hints)) {
    if (tried.has(path)) continue;
    if (tried.size >= QUESTIONS_MAX) break;
    tried.add(path);
    const again = await ask(target, path, tls);
    if (again?.status === 200 && Buffer.from(target.file.control.bytes).equals(again.body))
      return { id: place, url, cleanup: cleanupOf(url, hints) };
  }
  const [first] = told.filter(isId);
  return first === undefined ? null : { id: first.place, url: null, cleanup: null };
}

/** Something short that is named like an id: that it is none does no harm, since nothing is read by it. */
function isId({ place, text }: Told): boolean {
  const isNamed = "header" in place || /(^|[_/-]?)(id|uuid|guid)$/i.test(place.pointer);
  return isNamed && text.length <= 200;
}

/** What is told, most telling first: Location, then members whose names say that they lead somewhere. */
function toldBy(answer: Answer): readonly Told[] {
  const location = headerOf(answer, "location");
  const ofHeader: Told[] = location === null ? [] : [{ place: { header: "Location" }, text: location }];
  return [...ofHeader, ...membersOf(bodyJson(answer), "", 0)].slice(0, TOLD_MAX);
}

function membersOf(value: unknown, pointer: string, level: number): readonly Told[] {
  if (typeof value !== "object" || value === null || level >= LEVELS_MAX) return [];
  const members = Object.entries(value).map(([name, each]) => ({
    name,
    each: each as unknown,
    at: `${pointer}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`,
  }));
  const own = members.flatMap(({ name, each, at }) => {
    const isText = (typeof each === "string" && each !== "") || typeof each === "number";
    return isText && TELLING.test(name) ? [{ place: { pointer: at }, text: String(each) }] : [];
  });
  return [...own, ...members.flatMap(({ each, at }) => membersOf(each, at, level + 1))];
}

interface Way {
  readonly place: AnswerPlace;
  /** With `{id}`. */
  readonly url: string;
  /** With the id in it. */
  readonly path: string;
}

/** Addresses as they are; ids at the paths that the service names, below the route, and at usual places. */
function waysOf(target: Target, told: readonly Told[], hints: OpenApiHints | null): readonly Way[] {
  const addresses = told.flatMap((each) => addressWay(target, each) ?? []);
  const route = (target.path.split("?")[0] ?? "").replace(/\/\{name\}$/, "").replace(/\/$/, "");
  const templates = [...(hints?.readable ?? []).map(({ path }) => path), `${route}/{id}`, ...USUAL_PATHS];
  const ids = told.filter(({ text }) => text.length <= 200 && !text.includes("/"));
  const guesses = templates.flatMap((url) =>
    ids.map(({ place, text }) => ({ place, url, path: pathOf(url, text) })),
  );
  return [...addresses, ...guesses];
}

/** An address of the same origin, whose last segment is taken for the id. */
function addressWay({ origin }: Target, { place, text }: Told): Way | null {
  if (!/^(https?:\/)?\//.test(text) || !URL.canParse(text, origin)) return null;
  const url = new URL(text, origin);
  const last = url.pathname.split("/").findLast((segment) => segment !== "");
  if (url.origin !== new URL(origin).origin || last === undefined) return null;
  const at = url.pathname.lastIndexOf(last);
  const template = `${url.pathname.slice(0, at)}{id}${url.pathname.slice(at + last.length)}`;
  return { place, url: template, path: `${url.pathname}${url.search}` };
}

/** The service's own document says that what is there can be deleted. */
function cleanupOf(url: string, hints: OpenApiHints | null): FlowVerify["cleanup"] {
  const isDeletable = hints?.readable.some((each) => each.path === url && each.isDeletable) ?? false;
  return isDeletable ? { method: "DELETE", path: url } : null;
}
