/**
 * The console's page as it is published: plain JavaScript, style and page, into the folder that is named.
 *
 * `node scripts/build-web.ts dist/console/web`; `npm run build` and `npm run build:wheel` do that.
 */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { readPageSources } from "../src/console/page-assets.ts";

const into = process.argv[2];
if (into === undefined)
  throw new TypeError("Which folder? For example: scripts/build-web.ts dist/console/web");
await rm(into, { recursive: true, force: true });
for (const { name, bytes } of await readPageSources()) {
  await mkdir(dirname(join(into, name)), { recursive: true });
  await writeFile(join(into, name), bytes);
}
