/**
 * Asks the operator's port. Out: the contract's values, or an `ApiProblem` whose message is ready to be read.
 */
import type { Session } from "../contract/console-api.ts";

/** What was answered instead: `status` 0 where nothing was. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly code: string | null;

  constructor(status: number, message: string, code: string | null = null) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** The last session that was told, for the header that every change needs. */
let session: Session | null = null;

export const currentSession = (): Session | null => session;

export async function readSession(): Promise<Session> {
  session = await ask<Session>("GET", "session");
  return session;
}

export async function signIn(token: string): Promise<Session> {
  session = await ask<Session>("POST", "session", { token });
  return session;
}

export async function signOut(): Promise<void> {
  await ask<unknown>("DELETE", "session");
  await readSession();
}

/** @param path below `/api/console/`, its parts encoded. */
export async function readJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  return await ask<T>("GET", path, undefined, signal);
}

/** Asks for a change. @returns what came of it, in a sentence. */
export async function change(path: string, body: unknown): Promise<string> {
  const { sentence } = await ask<{ readonly sentence: string }>("POST", path, body);
  return sentence;
}

async function ask<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const headers: Record<string, string> = { accept: "application/json" };
  if (body !== undefined) headers["content-type"] = "application/json";
  if (method !== "GET" && session?.csrf) headers["x-sluicegate-csrf"] = session.csrf;
  const answer = await send(`/api/console/${path}`, {
    method,
    headers,
    cache: "no-store",
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  });
  const value: unknown = answer.status === 204 ? null : await answer.json().catch(() => null);
  if (!answer.ok) throw toProblem(answer.status, value);
  return value as T;
}

async function send(path: string, options: RequestInit): Promise<Response> {
  try {
    return await fetch(path, options);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiProblem(
      0,
      "The gate does not answer. It may have stopped, or the network between may be down.",
    );
  }
}

function toProblem(status: number, value: unknown): ApiProblem {
  const problem = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
  const text = [problem.detail, problem.title].find((each): each is string => typeof each === "string");
  const code = typeof problem.code === "string" ? problem.code : null;
  return new ApiProblem(status, text ?? `The gate answered with status ${status} and did not say why.`, code);
}
