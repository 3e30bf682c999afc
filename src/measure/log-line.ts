/**
 * One line of a log as an object; words that a logger puts before it are passed over.
 */

export type LogLine = Readonly<Record<string, unknown>>;

/** `null` where it is no JSON object. */
export function readLogLine(text: string): LogLine | null {
  const start = text.indexOf("{");
  if (start === -1) return null;
  try {
    const value: unknown = JSON.parse(text.slice(start));
    return typeof value === "object" && value !== null ? (value as LogLine) : null;
  } catch {
    return null;
  }
}
