/**
 * One line of a log as an object; words that a logger puts before it are passed over.
 */
import { parseJson } from "../setup/parse-json.ts";
import type { CacheState } from "../signals/request-signal.ts";

export type LogLine = Readonly<Record<string, unknown>>;

/** `null` where it is no JSON object. */
export function readLogLine(text: string): LogLine | null {
  const start = text.indexOf("{");
  if (start === -1) return null;
  const value = parseJson(text.slice(start));
  return typeof value === "object" && value !== null ? (value as LogLine) : null;
}

/** A cache state as a line has it. */
export const cacheWord = (value: unknown): CacheState =>
  value === "hit" || value === "miss" || value === "bypass" ? value : "unknown";
