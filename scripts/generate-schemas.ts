/**
 * Writes the JSON Schemas for editors into contract/. Tests fail while what is checked in differs from what this writes.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { generateSchemas as flowSchemas } from "../src/flows/generate-schemas.ts";
import { generateSchemas as settingsSchemas } from "../src/settings/generate-schemas.ts";

const folder = resolve(import.meta.dirname, "../contract");
mkdirSync(folder, { recursive: true });
for (const { name, json } of [...flowSchemas(), ...settingsSchemas()]) {
  writeFileSync(resolve(folder, name), json);
  console.log(`contract/${name}`);
}
