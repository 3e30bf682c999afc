/**
 * The cookie that names a session. @see RFC 6265 section 4.1.2
 *
 * `HttpOnly`: no script reads it. `SameSite=Strict`: no other site's request brings it. `Path`: cookies do not know ports, so that whatever else is served
 * from this host gets it only below this path, which nobody else has. Not `Secure`: the operator's port speaks plain HTTP.
 */
import type { IncomingMessage } from "node:http";

const NAME = "sluicegate_console";
const ATTRIBUTES = "Path=/api/console; HttpOnly; SameSite=Strict";

export const sessionCookie = (id: string): string => `${NAME}=${id}; ${ATTRIBUTES}`;

export const endedCookie = (): string => `${NAME}=; ${ATTRIBUTES}; Max-Age=0`;

/** The id that a request brings, or `null`. */
export function readSessionId({ headers }: Pick<IncomingMessage, "headers">): string | null {
  for (const pair of (headers.cookie ?? "").split(";")) {
    const [name, value] = pair.trim().split("=", 2);
    if (name === NAME && value !== undefined && /^[\w-]{20,100}$/.test(value)) return value;
  }
  return null;
}
