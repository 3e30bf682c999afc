/**
 * From the bodies of several answers to a JSON Schema that they all fit, and that the next answer will fit as well where nothing has changed.
 *
 * Always holds: what differs from answer to answer, or could with another upload, becomes a type or a format. A value is a constant only where its name
 * says that it tells what became of the upload, and nothing that was sent is in it. Members that come later are allowed: a service may tell more.
 */
import { isGroup } from "../../setup/written-group.ts";
import { below, isEqual } from "./json-schema.ts";

export type JsonSchema = Readonly<Record<string, unknown>>;

/** Names of members that say what became of an upload: the same for each that was accepted. */
const OUTCOME_NAMES = /^(status|state|result|outcome|kind|object|ok|success|accepted|error)$/i;
const WORD = /^[A-Za-z][A-Za-z_-]{0,29}$/;
const DATE_TIME = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const URI = /^https?:\/\/[\x21-\x7e]+$/;

/**
 * Infers a schema.
 * @param values bodies, parsed; at least one
 * @param sent   texts that were sent: names of files, values of fields
 */
export function inferSchema(values: readonly unknown[], sent: readonly string[]): JsonSchema {
  return infer(values, "", sent);
}

/** JSON pointers of what another answer tells otherwise: what differed, moments and random ids. */
export function volatilePointers(values: readonly unknown[]): string[] {
  return collectVolatile(values, "");
}

function collectVolatile(values: readonly unknown[], at: string): string[] {
  if (values.every(isGroup)) {
    return allNames(values).flatMap((name) =>
      collectVolatile(
        values.flatMap((value) => (Object.hasOwn(value, name) ? [value[name]] : [])),
        below(at, name),
      ),
    );
  }
  const isSame = values.every((value) => isEqual(value, values[0]));
  const isMomentOrId = values.every(
    (value) => typeof value === "string" && (DATE_TIME.test(value) || UUID.test(value)),
  );
  return isSame && !isMomentOrId ? [] : [at];
}

function infer(values: readonly unknown[], name: string, sent: readonly string[]): JsonSchema {
  const isSame = values.every((value) => isEqual(value, values[0]));
  if (isSame && isOutcome(name, values[0], sent)) return { const: values[0] };
  const types = typesOf(values);
  const type = types.length === 1 ? types[0] : types;
  return {
    type,
    ...(types.includes("string") ? inferText(values.filter((value) => typeof value === "string")) : {}),
    ...(types.includes("integer") || types.includes("number") ? inferNumber(values) : {}),
    ...(types.includes("array") ? inferList(values.filter(Array.isArray).flat(), name, sent) : {}),
    ...(types.includes("object") ? inferObject(values.filter(isGroup), sent) : {}),
  };
}

/** `status: "stored"`, `ok: true`; never what was sent. */
function isOutcome(name: string, value: unknown, sent: readonly string[]): boolean {
  if (!OUTCOME_NAMES.test(name)) return false;
  if (typeof value === "boolean" || value === null) return true;
  return typeof value === "string" && WORD.test(value) && !sent.some((text) => text.includes(value));
}

const TYPES = ["null", "boolean", "integer", "number", "string", "array", "object"] as const;

function typesOf(values: readonly unknown[]): string[] {
  const found = new Set(values.map(typeOf));
  if (found.has("number")) found.delete("integer");
  return TYPES.filter((type) => found.has(type));
}

function typeOf(value: unknown): (typeof TYPES)[number] {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value === "boolean" ? "boolean" : typeof value === "string" ? "string" : "object";
}

function inferText(texts: readonly string[]): JsonSchema {
  const all = (pattern: RegExp): boolean => texts.every((text) => pattern.test(text));
  if (all(UUID)) return { format: "uuid" };
  if (all(DATE_TIME)) return { format: "date-time" };
  if (all(/^[0-9a-f]{64}$/)) return { pattern: "^[0-9a-f]{64}$" };
  if (all(URI)) return { format: "uri" };
  const varies = texts.some((text) => text !== texts[0]);
  return varies && texts.every((text) => text !== "") ? { minLength: 1 } : {};
}

function inferNumber(values: readonly unknown[]): JsonSchema {
  return values.every((value) => typeof value !== "number" || value >= 0) ? { minimum: 0 } : {};
}

function inferList(items: readonly unknown[], name: string, sent: readonly string[]): JsonSchema {
  return items.length === 0 ? {} : { items: infer(items, name, sent) };
}

function inferObject(
  objects: readonly Readonly<Record<string, unknown>>[],
  sent: readonly string[],
): JsonSchema {
  const names = allNames(objects);
  const required = names.filter((name) => objects.every((object) => Object.hasOwn(object, name)));
  const properties = names.map((name): [string, JsonSchema] => {
    const values = objects.flatMap((object) => (Object.hasOwn(object, name) ? [object[name]] : []));
    return [name, infer(values, name, sent)];
  });
  return {
    ...(required.length === 0 ? {} : { required }),
    properties: Object.fromEntries(properties),
  };
}

function allNames(objects: readonly Readonly<Record<string, unknown>>[]): string[] {
  return [...new Set(objects.flatMap((object) => Object.keys(object)))];
}
