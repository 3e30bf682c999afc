/**
 * The JSON Schema of flow.yaml for editors; checked in as contract/flow.schema.json.
 */
import { editorSchemaFile, type SchemaFile } from "../setup/editor-schema.ts";
import { flowSchema } from "./flow-schema.ts";

/** The schema files of this folder. */
export function generateSchemas(): SchemaFile[] {
  return [editorSchemaFile("flow.schema.json", "Sluicegate flow file (flow.yaml)", flowSchema)];
}
