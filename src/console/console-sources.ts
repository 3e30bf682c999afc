/**
 * What the console reads from and acts through: made by the server, which knows all of it. The console opens nothing itself.
 */
import type { GateParts } from "../gate/gate-parts.ts";
import type { HistoryReader, HistoryWriter } from "../signals/history/history.ts";
import type { FrontPage } from "./console-api.ts";

/** Whether the gate can take uploads: each part with its state, in words. */
export interface GateReadiness {
  readonly ok: boolean;
  readonly parts: readonly { readonly name: string; readonly ok: boolean; readonly reason: string | null }[];
}

export interface ConsoleSources {
  readonly gate: GateParts;
  readonly history: HistoryReader;
  readonly marks: Pick<HistoryWriter, "mark" | "flush">;
  readonly readiness: () => Promise<GateReadiness>;
  readonly undescribed: () => Promise<FrontPage["undescribed"]> | FrontPage["undescribed"];
  /** When the last request of all ended, since this start; `null`: none yet. */
  readonly lastSignalAtMs: () => number | null;
  /** How this program is called: node, its flags, the main file. A command's words follow. */
  readonly commandLine: readonly string[];
  /** The operator's token. */
  readonly token: string;
  readonly version: string;
  readonly startedAtMs: number;
  readonly now: () => number;
}
