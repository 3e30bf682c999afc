/**
 * What one property of a multipart body, or a whole raw body, is: a file or a text.
 *
 * Three ways to say "file" are in use: `format: binary` (OpenAPI 3.0), `contentMediaType` without an encoding (OpenAPI 3.1, and FastAPI
 * since it writes 3.1 strictly), and a media type in `encoding` with no schema at all (OpenAPI 3.1).
 */
import { findFileType } from "../../uploads/file-types.ts";
import { type OpenApiDocument, type Part, partOf } from "./openapi-document.ts";

/** A schema with references, `null` alternatives and lists taken apart. */
export interface FlatSchema {
  readonly schema: Part;
  readonly isList: boolean;
  readonly itemsMax: number | null;
}

/** Schemas inside schemas, at most. */
const LEVELS_MAX = 8;

/** Takes a schema apart: `anyOf: [X, null]`, `allOf: [X]`, `type: [string, null]`, `type: array`. */
export function flatten(document: OpenApiDocument, written: unknown, level = 0): FlatSchema {
  const schema = document.follow(written);
  const alternatives = [schema.anyOf, schema.oneOf, schema.allOf].find((list) => Array.isArray(list)) as
    | unknown[]
    | undefined;
  const real = (alternatives ?? []).filter((one) => document.follow(one).type !== "null");
  if (level < LEVELS_MAX && real.length > 0) {
    const flat = real.map((one) => flatten(document, one, level + 1));
    // A file among alternatives decides: refusing it would break what the service takes.
    const chosen = flat.find((one) => isBinary(one.schema)) ?? flat[0];
    if (chosen !== undefined) return chosen;
  }
  if (level < LEVELS_MAX && isOfType(schema, "array")) {
    const items = flatten(document, schema.items, level + 1);
    return { schema: items.schema, isList: true, itemsMax: wholeNumberOf(schema.maxItems) };
  }
  return { schema, isList: false, itemsMax: null };
}

/** Whether a schema says: bytes as they are. */
export function isBinary(schema: Part): boolean {
  if (schema.format === "binary") return true;
  const encoding = schema.contentEncoding;
  const isEncoded = typeof encoding === "string" && !/^(binary|8bit|7bit)$/i.test(encoding);
  const saysMedia = typeof schema.contentMediaType === "string" && !/json/.test(schema.contentMediaType);
  return isOfType(schema, "string") && !isEncoded && (saysMedia || typeof encoding === "string");
}

/** Whether a schema has a type, alone or beside others. */
export function isOfType(schema: Part, type: string): boolean {
  return schema.type === type || (Array.isArray(schema.type) && schema.type.includes(type));
}

/** The longest text that a schema allows, in characters, where that follows from it. */
export function longestText(schema: Part): number | null {
  const said = wholeNumberOf(schema.maxLength);
  if (said !== null && said > 0) return said;
  const words = Array.isArray(schema.enum) ? schema.enum : "const" in schema ? [schema.const] : [];
  if (words.length > 0) return Math.max(1, ...words.map((word) => [...String(word)].length));
  if (isOfType(schema, "boolean")) return 5;
  if (isOfType(schema, "integer")) return 20;
  if (isOfType(schema, "number")) return 40;
  const formats: Record<string, number> = {
    uuid: 36,
    date: 10,
    "date-time": 40,
    time: 30,
    email: 320,
    ipv4: 15,
    ipv6: 45,
  };
  return isOfType(schema, "string") ? (formats[String(schema.format)] ?? null) : null;
}

/** A whole number from 0 on, or `null`. */
export function wholeNumberOf(written: unknown): number | null {
  return typeof written === "number" && Number.isInteger(written) && written >= 0 ? written : null;
}

/** The types that a comma-separated list names, where the gate can verify all of them; else `null`. */
export function verifiableTypes(written: unknown): readonly string[] | null {
  if (typeof written !== "string") return null;
  const types = written.split(",").map((type) => (type.split(";")[0] ?? "").trim().toLowerCase());
  return types.every((type) => findFileType(type) !== undefined) ? [...new Set(types)] : null;
}

/** What the document says of a property's media type: in `encoding`, or in the schema itself. */
export function declaredTypes(schema: Part, encoding: unknown): readonly string[] | null {
  return verifiableTypes(partOf(encoding).contentType) ?? verifiableTypes(schema.contentMediaType);
}
