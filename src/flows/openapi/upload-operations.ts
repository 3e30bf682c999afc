/**
 * The operations of an OpenAPI document that take files: which fields, how many, how long.
 */
import { findFileType } from "../../uploads/file-types.ts";
import {
  declaredTypes,
  flatten,
  isBinary,
  longestText,
  verifiableTypes,
  wholeNumberOf,
} from "./body-schema.ts";
import { type OpenApiDocument, type Part, partOf } from "./openapi-document.ts";
import { type DraftSecurity, securityOf } from "./operation-security.ts";

/** A file field; `null` where the document does not say. */
export interface DraftFile {
  readonly name: string;
  readonly types: readonly string[] | null;
  readonly isList: boolean;
  readonly countMax: number | null;
  readonly isOptional: boolean;
  /** A size as it is written in a flow file, where something is known of it. */
  readonly sizeMax?: string;
  /** What was seen of sizes and of types, for the person who completes the draft. */
  readonly sizeNote?: string;
  readonly typesNote?: string;
}

/** A text field; `null` where the document does not say. */
export interface DraftField {
  readonly name: string;
  readonly lengthMax: number | null;
  readonly lengthMin: number;
  readonly isList: boolean;
  readonly countMax: number | null;
  readonly isOptional: boolean;
  readonly lengthNote?: string;
}

/** One operation that takes files. */
export interface UploadOperation {
  /** Upper case; not always one that a flow may have. */
  readonly method: string;
  readonly path: string;
  readonly summary: string | null;
  readonly protocol: "multipart" | "raw";
  readonly files: readonly DraftFile[];
  readonly fields: readonly DraftField[];
  /** Status of success, where the document names exactly one. */
  readonly status: number | null;
  readonly security: DraftSecurity;
  /** Where not from an OpenAPI document: where from, for the head of the draft; what callers came with; and what else is worth a comment. */
  readonly source?: string;
  readonly callerNote?: string;
  readonly notes?: readonly string[];
}

const METHODS = ["get", "put", "post", "delete", "options", "head", "patch", "trace"] as const;

/** Every operation with a multipart body that has a file, or with a binary body, in document order. */
export function findUploadOperations(document: OpenApiDocument): UploadOperation[] {
  return Object.entries(partOf(document.root.paths)).flatMap(([path, item]) => {
    const pathItem = document.follow(item);
    return METHODS.flatMap((method) => {
      const operation = document.follow(pathItem[method]);
      const body = readBody(document, operation);
      if (body === null) return [];
      const summary = text(operation.summary) ?? text(operation.description) ?? text(pathItem.summary);
      const status = successStatus(operation);
      const security = securityOf(document, operation);
      return [{ method: method.toUpperCase(), path, summary, ...body, status, security }];
    });
  });
}

type Body = Pick<UploadOperation, "protocol" | "files" | "fields">;

/** Where an operation takes a form and a raw body, the form is drafted: it says more. */
function readBody(document: OpenApiDocument, operation: Part): Body | null {
  const content = Object.entries(partOf(document.follow(operation.requestBody).content)).map(
    ([mediaType, media]) =>
      [(mediaType.split(";")[0] ?? "").trim().toLowerCase(), document.follow(media)] as const,
  );
  const form = content.find(([mediaType]) => mediaType === "multipart/form-data");
  const formBody = form === undefined ? null : readForm(document, form[1]);
  return formBody ?? readRaw(document, content);
}

function readForm(document: OpenApiDocument, media: Part): Body | null {
  const { properties, required } = mergedObject(document, media.schema);
  const files: DraftFile[] = [];
  const fields: DraftField[] = [];
  for (const [name, property] of Object.entries(properties)) {
    const { schema, isList, itemsMax } = flatten(document, property);
    const encoding = partOf(media.encoding)[name];
    const shared = { name, isList, countMax: isList ? itemsMax : 1, isOptional: !required.has(name) };
    const hasMediaOnly =
      Object.keys(schema).length === 0 && verifiableTypes(partOf(encoding).contentType) !== null;
    if (isBinary(schema) || hasMediaOnly) files.push({ ...shared, types: declaredTypes(schema, encoding) });
    else
      fields.push({
        ...shared,
        lengthMax: longestText(schema),
        lengthMin: wholeNumberOf(schema.minLength) ?? 0,
      });
  }
  return files.length === 0 ? null : { protocol: "multipart", files, fields };
}

/** Properties of an object and of all that it is put together from. */
function mergedObject(document: OpenApiDocument, written: unknown, level = 0) {
  const schema = document.follow(written);
  const properties: Record<string, unknown> = { ...partOf(schema.properties) };
  const required = new Set<unknown>(Array.isArray(schema.required) ? schema.required : []);
  for (const part of level < 8 && Array.isArray(schema.allOf) ? schema.allOf : []) {
    const more = mergedObject(document, part, level + 1);
    Object.assign(properties, more.properties);
    for (const name of more.required) required.add(name);
  }
  return { properties, required };
}

function readRaw(document: OpenApiDocument, content: readonly (readonly [string, Part])[]): Body | null {
  const binary = content.filter(([mediaType, media]) => isRawBody(document, mediaType, media));
  if (binary.length === 0) return null;
  const types = verifiableTypes(binary.map(([mediaType]) => mediaType).join(","));
  const file = { name: "file", types, isList: false, countMax: 1, isOptional: false };
  return { protocol: "raw", files: [file], fields: [] };
}

/** A body is a file where its schema says bytes, or where its media type cannot be anything else and no schema says more. */
function isRawBody(document: OpenApiDocument, mediaType: string, media: Part): boolean {
  if (mediaType.startsWith("multipart/") || mediaType === "application/x-www-form-urlencoded") return false;
  const { schema } = flatten(document, media.schema);
  if (isBinary(schema)) return true;
  const isText = /^text\/|[/+](json|xml)$/.test(mediaType);
  const saysNothing = Object.keys(schema).length === 0;
  const isOctets = mediaType === "application/octet-stream" || /^(image|audio|video)\//.test(mediaType);
  return !isText && (isOctets || (saysNothing && findFileType(mediaType) !== undefined));
}

function successStatus(operation: Part): number | null {
  const statuses = Object.keys(partOf(operation.responses)).filter((status) => /^2\d\d$/.test(status));
  return statuses.length === 1 ? Number(statuses[0]) : null;
}

function text(written: unknown): string | null {
  if (typeof written !== "string") return null;
  const line = written.replace(/[\s\p{Cc}\p{Cf}]+/gu, " ").trim();
  return line === "" ? null : line;
}
