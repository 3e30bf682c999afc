/**
 * The JSON Schema of sluicegate.yaml for editors; checked in as contract/settings.schema.json.
 */
import { editorSchemaFile, type SchemaFile } from "../setup/editor-schema.ts";
import { settingsSchema } from "./settings-schema.ts";

/** The schema files of this folder. */
export function generateSchemas(): SchemaFile[] {
  return [editorSchemaFile("settings.schema.json", "Sluicegate settings (sluicegate.yaml)", settingsSchema)];
}
