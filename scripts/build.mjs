/**
 * `npm run build`: from `src/` to `dist/`, the plain JavaScript that is published.
 */
import { chmodSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ensurePackages, ROOT, run } from "./bootstrap.mjs";

ensurePackages();
rmSync(join(ROOT, "dist"), { recursive: true, force: true });
const code = await run(join(ROOT, "node_modules/.bin/tsc"), ["-p", "tsconfig.build.json"]);
if (code === 0) chmodSync(join(ROOT, "dist/cli/main.js"), 0o755);
process.exitCode = code;
