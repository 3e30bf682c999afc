/**
 * `npm run generate`: writes every file of the repository that is made from the sources.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { errorsPage } from "../src/problems/errors-page.ts";

const ROOT = join(import.meta.dirname, "..");

writeFileSync(join(ROOT, "docs/errors.md"), errorsPage());
