/**
 * The history of a running gate: its write side and its reader, opened and closed together.
 */
import type { HistoryReader } from "./history.ts";
import { openHistoryReader } from "./reader/open-history-reader.ts";
import { type HistoryOptions, openHistoryWriter, type RollingHistory } from "./rolling-history.ts";

export interface GateHistory {
  readonly writer: RollingHistory;
  readonly reader: HistoryReader;
  /** Writes what is in memory, then closes both. */
  close(): Promise<void>;
}

/** @param options `path`: the records database that `store` writes to. @throws RECORDS_UNAVAILABLE */
export async function openGateHistory(
  options: HistoryOptions & { readonly path: string },
): Promise<GateHistory> {
  const writer = await openHistoryWriter(options);
  const reader = openHistoryReader(options.path);
  return {
    writer,
    reader,
    close: async () => {
      await writer.close();
      await reader.close();
    },
  };
}
