/**
 * Where each key of a flow file stands, so that a report can point at the line that promises something.
 */
import type { YamlSource } from "../../setup/yaml-source.ts";

/** Lines, 1-based, by the key's path: `accept.files.picture.max-size`; items of lists by their number: `route.protocols.0`. */
export function flowLines(source: YamlSource): Readonly<Record<string, number>> {
  const lines: Record<string, number> = {};
  for (const { path } of source.scalars)
    for (let length = 1; length <= path.length; length += 1) {
      const key = path.slice(0, length);
      lines[key.map(String).join(".")] ??= source.placeOfKey(key).line;
    }
  return lines;
}
