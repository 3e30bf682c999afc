/**
 * What changed, in words: marks as they stand on a time line and in sentences.
 */
import type { Mark } from "../../signals/history/history.ts";

/** Kinds that may have changed how a flow behaves. A start or a drill explains a gap, and is no change. */
const CHANGES: ReadonlySet<Mark["kind"]> = new Set(["deploy", "version", "flow", "mode", "change"]);

export const isChange = ({ kind }: Mark): boolean => CHANGES.has(kind);

/** In a few words: `deployed 3c4d`, `mode observe → enforce`, `gate started`. */
export function markLabel({ kind, version, previous }: Mark): string {
  const what = version ?? "";
  switch (kind) {
    case "deploy":
      return words("deployed", what);
    case "version":
      return words("version", what, "seen");
    case "flow":
      return "flow file edited";
    case "mode":
      return previous === null ? words("mode", what) : words("mode", previous, "→", what);
    case "change":
      return words("change", what);
    case "drill":
      return words("drill", what);
    case "start":
      return "gate started";
    case "stop":
      return "gate stopped";
  }
}

const words = (...parts: readonly string[]): string => parts.filter((part) => part !== "").join(" ");

/** The rest of what is known of it, or `null`. */
export function markDetail({ kind, previous, note, by, version }: Mark): string | null {
  const before = previous === null || kind === "mode" ? "" : `before: ${previous}`;
  const now = kind === "flow" && version !== null ? `policy version ${version}` : "";
  const parts = [note ?? "", now, before, by === null ? "" : `by ${by}`].filter((part) => part !== "");
  return parts.length === 0 ? null : parts.join("; ");
}

/** Where its record is, as a path of the page; `null` where there is none. */
export function markLink({ kind, flow, version }: Mark): string | null {
  if (flow === null || version === null || (kind !== "change" && kind !== "drill")) return null;
  return `/flows/${flow}/${kind}s/${version}`;
}
