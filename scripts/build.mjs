/**
 * `npm run build`: from `src/` to `dist/`, the plain JavaScript that is published, with the console's page from `web/`.
 */
import { chmodSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ensurePackages, NODE, ROOT, run } from "./bootstrap.mjs";

ensurePackages();
rmSync(join(ROOT, "dist"), { recursive: true, force: true });
const compiled = await run(join(ROOT, "node_modules/.bin/tsc"), ["-p", "tsconfig.build.json"]);
const page = ["scripts/build-web.ts", join(ROOT, "dist/console/web")];
const code = compiled === 0 ? await run(NODE, page) : compiled;
if (code === 0) chmodSync(join(ROOT, "dist/cli/main.js"), 0o755);
process.exitCode = code;
