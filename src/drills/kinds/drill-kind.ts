/**
 * One kind of drill as data: what it does, told beforehand; what it wants of its gate; and how it is played and judged.
 */
import type { Flow } from "../../flows/flow.ts";
import type { Settings } from "../../settings/settings.ts";
import type { DrillKind } from "../drill.ts";
import type { DrillScene } from "../drill-scene.ts";
import type { GateWishes } from "../gate-settings.ts";

/** What a kind asks for before the gate starts. `cannot`: why it cannot be made on this machine. */
export interface KindPreparation {
  readonly within: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  /** In front of the paths of the gate's storage, by the gate's process id. */
  readonly root: (pid: number) => string;
  readonly play: (scene: DrillScene) => Promise<void>;
}

export interface DrillKindRow {
  readonly kind: DrillKind;
  /** What fails, to go behind "with": `the service down`. */
  readonly title: string;
  /** What is done, a sentence each; shown by --dry-run. */
  readonly plan: (flow: Flow, settings: Settings) => readonly string[];
  /** So many uploads are sent at most, with those before and after. */
  readonly uploadsMax: number;
  readonly wishes: (flow: Flow) => GateWishes;
  /** @param dataFolder of the gate @param folder of the drill @returns a sentence where it cannot be made on this machine */
  readonly prepare: (dataFolder: string, folder: string) => Promise<KindPreparation | string>;
}

/** For kinds that need nothing but the proxy and the gate. */
export function simply(play: KindPreparation["play"]): DrillKindRow["prepare"] {
  return async () => ({ within: [], environment: {}, root: () => "", play });
}
