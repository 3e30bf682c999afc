/**
 * The log: one JSON line an event, on standard output or error, through pino. Values are escaped by JSON, so that no client text can
 * make a second line; nothing secret is ever handed in (headers and bodies are not logged at all).
 */
import { type DestinationStream, destination, type Logger, pino } from "pino";

export type Log = Logger;

/** Lines are written together: each write of its own is a trip through the thread pool. */
const GATHER_BYTES = 8192;
const GATHER_MS_MAX = 100;

/** Held for a reader that does not read; beyond it lines are dropped, not the gate's memory filled. */
const HELD_BYTES_MAX = 16 * 1024 * 1024;

/** Opens the log. @param to where lines go; `off` keeps only the interface. */
export function openLog(to: "stdout" | "stderr" | "off", stream?: DestinationStream): Log {
  const options = {
    level: to === "off" ? "silent" : "info",
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return pino(options, stream ?? openDestination(to === "stderr" ? 2 : 1));
}

function openDestination(fd: number): DestinationStream {
  const gathered = destination({
    fd,
    sync: false,
    minLength: GATHER_BYTES,
    maxLength: HELD_BYTES_MAX,
    periodicFlush: GATHER_MS_MAX,
  });
  // A log that nobody reads any more is no reason to take no uploads: decisions are in the audit, too.
  gathered.on("error", () => {});
  process.once("exit", () => {
    try {
      gathered.flushSync();
    } catch {
      // Whoever should have read it is gone.
    }
  });
  return gathered;
}
