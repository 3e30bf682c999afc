/**
 * JSON Schemas for editors, made from the schemas that decide.
 */
import { z } from "zod";

/** One schema file: its name below contract/ and its text, ending in a line break. */
export interface SchemaFile {
  readonly name: string;
  readonly json: string;
}

/** Makes the file of one schema: what may be written, with descriptions; draft 2020-12. */
export function editorSchemaFile(name: string, title: string, schema: z.ZodType): SchemaFile {
  const { $schema, ...rest } = jsonSchemaOf(schema);
  return { name, json: `${JSON.stringify({ $schema, title, ...rest }, null, 2)}\n` };
}

/** The same for a schema that stands inside another. */
export function editorSchemaOf(schema: z.ZodType): Readonly<Record<string, unknown>> {
  const { $schema, ...rest } = jsonSchemaOf(schema);
  return rest;
}

function jsonSchemaOf(schema: z.ZodType): Record<string, unknown> {
  return z.toJSONSchema(schema, {
    io: "input",
    target: "draft-2020-12",
    // zod leaves examples and defaults of transformed values out, because it cannot know that they are what is written.
    override: ({ zodSchema, jsonSchema }) => {
      const examples = z.globalRegistry.get(zodSchema as unknown as z.ZodType)?.examples;
      if (Array.isArray(examples)) jsonSchema.examples = examples;
      const { def } = zodSchema._zod;
      if (def.type === "default") jsonSchema.default = def.defaultValue as string | number | boolean;
    },
  });
}
