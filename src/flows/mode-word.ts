/**
 * The one word of a flow file that is changed in place: where it stands.
 */
import type { YamlSource } from "../setup/yaml-source.ts";
import type { FlowMode } from "./flow.ts";

export const FLOW_MODES: readonly FlowMode[] = ["off", "observe", "enforce"];

/** The mode's word; offsets in bytes of the file, quotes left out. */
export interface ModeWord {
  readonly word: FlowMode;
  readonly startByte: number;
  readonly endByte: number;
}

/**
 * Finds the word at the top-level key `mode`.
 * @returns `null` where there is none, or where it is not one of the three words written plainly (in quotes or not).
 */
export function findModeWord(source: YamlSource, text: string): ModeWord | null {
  const scalar = source.scalars.find(({ path }) => path.length === 1 && path[0] === "mode");
  if (scalar === undefined) return null;
  const written = text.slice(scalar.start, scalar.end);
  const [, quote, word] = /^(["']?)(off|observe|enforce)\1$/.exec(written) ?? [];
  const mode = FLOW_MODES.find((known) => known === word);
  if (mode === undefined) return null;
  const startByte = Buffer.byteLength(text.slice(0, scalar.start + (quote ?? "").length));
  return { word: mode, startByte, endByte: startByte + mode.length };
}
