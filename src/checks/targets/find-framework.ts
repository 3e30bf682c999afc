/**
 * Which framework answers, so that remedies are told in its words; and what the answers say of server and version.
 *
 * In: answers of any kind, best that of a page that is not there. Out: a guess from what only one framework writes, or `null`.
 */
import { type Answer, headerOf } from "../answer-reader.ts";
import type { Framework } from "../remedy.ts";
import { bodyJson, bodyText } from "./ask.ts";

type Sign = (answer: Answer) => boolean;

/** Error pages and headers as the frameworks write them where nobody has changed them. */
const SIGNS: readonly (readonly [Framework, Sign])[] = [
  ["fastapi", (answer) => isJsonDetail(answer) && /uvicorn|hypercorn/i.test(serverOf(answer))],
  ["fastapi", isPydanticDetail],
  [
    "django",
    (answer) =>
      /Using the URLconf defined in|You're seeing this error because you have/.test(bodyText(answer)),
  ],
  [
    "django",
    (answer) => bodyText(answer).includes("<p>The requested resource was not found on this server.</p>"),
  ],
  ["django", (answer) => /^WSGIServer\//.test(serverOf(answer)) || hasCookie(answer, "csrftoken")],
  [
    "flask",
    (answer) => bodyText(answer).includes("The requested URL was not found on the server. If you entered"),
  ],
  ["flask", (answer) => /^Werkzeug\//.test(serverOf(answer))],
  ["fastapi", (answer) => [404, 405].includes(answer.status) && isJsonDetail(answer)],
];

/** The first framework that one of the answers shows a sign of. */
export function findFramework(answers: readonly (Answer | null)[]): Framework | null {
  const known = answers.filter((answer) => answer !== null);
  return SIGNS.find(([, isSign]) => known.some(isSign))?.[0] ?? null;
}

const serverOf = (answer: Answer): string => headerOf(answer, "server") ?? "";

function hasCookie(answer: Answer, name: string): boolean {
  return answer.headers.some(([each, value]) => each === "set-cookie" && value.startsWith(`${name}=`));
}

/** `{"detail": "Not Found"}`: Starlette's words under FastAPI's key. */
function isJsonDetail(answer: Answer): boolean {
  const body = bodyJson(answer);
  if (typeof body !== "object" || body === null || Object.keys(body).length !== 1) return false;
  const { detail } = body as { readonly detail?: unknown };
  return detail === "Not Found" || detail === "Method Not Allowed";
}

/** A 422 whose `detail` lists places and messages. */
function isPydanticDetail(answer: Answer): boolean {
  return answer.status === 422 && pydanticDetails(bodyJson(answer)).length > 0;
}

/** One complaint of FastAPI about a request. */
export interface PydanticDetail {
  /** `body.caption` */
  readonly place: readonly string[];
  readonly message: string;
}

/** The complaints of FastAPI's answer to a request that does not validate; none where it is something else. */
export function pydanticDetails(body: unknown): readonly PydanticDetail[] {
  const { detail } = (typeof body === "object" && body !== null ? body : {}) as { readonly detail?: unknown };
  if (!Array.isArray(detail)) return [];
  return detail.flatMap((each: unknown) => {
    const { loc, msg } = (typeof each === "object" && each !== null ? each : {}) as {
      readonly loc?: unknown;
      readonly msg?: unknown;
    };
    return Array.isArray(loc) && typeof msg === "string" ? [{ place: loc.map(String), message: msg }] : [];
  });
}

const VERSION_HEADERS = [
  "x-app-version",
  "x-version",
  "x-api-version",
  "x-revision",
  "x-commit",
  "x-release",
];

/** What the answers tell of server and version: `uvicorn; x-app-version 1.4.2`; `null` where they tell nothing. */
export function whatServes(answers: readonly (Answer | null)[]): string | null {
  const known = answers.filter((answer) => answer !== null);
  const told = ["server", ...VERSION_HEADERS].flatMap((name) => {
    const value = known.map((answer) => headerOf(answer, name)).find((each) => each !== null && each !== "");
    if (value == null) return [];
    return [name === "server" ? value : `${name} ${value}`];
  });
  return told.length === 0 ? null : told.join("; ").slice(0, 200);
}
