/**
 * What checks of the log have in common: the events of one play, and where they apply.
 */
import type { Target } from "./check.ts";
import type { Stage } from "./scenario.ts";

/** What was logged since `before` characters: one event a line. */
export async function loggedSince(stage: Stage, before: number): Promise<readonly string[]> {
  const text = (await stage.hooks.log?.()) ?? "";
  return text
    .slice(before)
    .split("\n")
    .filter((line) => line.trim() !== "");
}

export async function logLength(stage: Stage): Promise<number> {
  return (await stage.hooks.log?.())?.length ?? 0;
}

/** A line as an event; `null` where it is no JSON object. */
export function eventOf(line: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : null;
  } catch {
    return null;
  }
}

/** Everything that is kept outside of the upload itself, as one text. */
export async function everythingKept(
  stage: Stage,
  logBefore: number,
  uploadId: string | null,
): Promise<string> {
  const record = uploadId === null ? null : await stage.hooks.record?.(uploadId);
  return [
    ...(await loggedSince(stage, logBefore)),
    (await stage.hooks.decisions?.()) ?? "",
    JSON.stringify(record ?? null),
  ].join("\n");
}

/** Applies where a request can be found by an id of its own. */
export function canBeFound({ promises }: Target): true | string {
  return promises?.requestIdHeader !== undefined || "the route promises no header that names a request";
}
