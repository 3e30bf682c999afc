/**
 * The version of this program.
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** From the package's own description, the nearest above this file: in the checkout, in the package, and in any other build. */
export function readVersion(): string {
  for (let folder = dirname(import.meta.filename); folder !== dirname(folder); folder = dirname(folder)) {
    const file = join(folder, "package.json");
    if (existsSync(file)) return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
  }
  return "unknown";
}
