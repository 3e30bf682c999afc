/**
 * `npm run generate`: writes every file of the repository that is made from the sources.
 */
import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cataloguePage } from "../src/checks/catalogue-page.ts";
import { generateSchemas as generateCheckSchemas } from "../src/checks/reports/json-report.ts";
import { generateSchemas as generateFlowSchemas } from "../src/flows/generate-schemas.ts";
import { reviewPage } from "../src/flows/review/review-page.ts";
import { errorsPage } from "../src/problems/errors-page.ts";
import { failuresPage } from "../src/problems/failures-page.ts";
import { generateSchemas as generateSettingsSchemas } from "../src/settings/generate-schemas.ts";

const ROOT = join(import.meta.dirname, "..");

writeFileSync(join(ROOT, "docs/errors.md"), errorsPage());
writeFileSync(join(ROOT, "docs/checks.md"), cataloguePage());
writeFileSync(join(ROOT, "docs/failures.md"), failuresPage());
writeFileSync(join(ROOT, "docs/review.md"), reviewPage());
for (const { name, json } of [
  ...generateCheckSchemas(),
  ...generateFlowSchemas(),
  ...generateSettingsSchemas(),
]) {
  writeFileSync(join(ROOT, "contract", name), json);
}
// The browser's code sees these types and nothing else of `src`.
copyFileSync(join(ROOT, "src/console/console-api.ts"), join(ROOT, "contract/console-api.ts"));
