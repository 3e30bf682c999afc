/**
 * An OpenAPI document as plain values, and the way through its references.
 *
 * In: text, JSON or YAML. Always: references are followed inside the document only; nothing is fetched. It does not check the document
 * against the OpenAPI specification: what is not of the expected shape is passed over.
 */
import { parse } from "yaml";
import { GateError } from "../../problems/gate-error.ts";

/** An object of the document; its members may be anything. */
export type Part = Readonly<Record<string, unknown>>;

/** References that lead on to references, at most. */
const STEPS_MAX = 32;
/** A document whose aliases blow up is refused by the YAML library. */
const ALIASES_MAX = 100;

/** The document, and the references that point out of it. */
export class OpenApiDocument {
  readonly root: Part;
  /** References that were not followed, as they are written. */
  readonly outside = new Set<string>();

  constructor(root: Part) {
    this.root = root;
  }

  /** The object that is meant, references followed; an empty one where there is none. @see OpenAPI 3.1 section 4.8.23 */
  follow(part: unknown): Part {
    let current = part;
    for (let steps = 0; steps < STEPS_MAX; steps++) {
      const reference = partOf(current).$ref;
      if (typeof reference !== "string") return partOf(current);
      if (!reference.startsWith("#/")) {
        this.outside.add(reference);
        return {};
      }
      current = this.#at(reference.slice(2));
    }
    return {};
  }

  /** RFC 6901: `~1` is a slash, `~0` a tilde; in a fragment also percent-encoded. */
  #at(pointer: string): unknown {
    const keys = pointer
      .split("/")
      .map((key) => unescapeKey(key).replaceAll("~1", "/").replaceAll("~0", "~"));
    return keys.reduce<unknown>((part, key) => (hasOwn(part, key) ? part[key] : undefined), this.root);
  }
}

function unescapeKey(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}

function hasOwn(part: unknown, key: string): part is Part {
  return typeof part === "object" && part !== null && Object.hasOwn(part, key);
}

/** An object as such; anything else as an empty one. */
export function partOf(part: unknown): Part {
  return typeof part === "object" && part !== null && !Array.isArray(part) ? (part as Part) : {};
}

/** Reads the text of a document. @throws GateError OPENAPI_INVALID */
export function readOpenApi(text: string): OpenApiDocument {
  const root = partOf(parseText(text));
  const version = root.openapi;
  if (typeof version !== "string" || !/^3\.\d+(\.\d+)?/.test(version)) {
    const seen = root.swagger === undefined ? "no key openapi" : "swagger 2";
    throw new GateError("OPENAPI_INVALID", {
      message: "This is not an OpenAPI 3 document.",
      expected: "openapi: 3.0 or 3.1",
      seen,
    });
  }
  return new OpenApiDocument(root);
}

function parseText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON; YAML is asked next.
  }
  try {
    return parse(text, { maxAliasCount: ALIASES_MAX, uniqueKeys: false, logLevel: "silent" });
  } catch (cause) {
    throw new GateError("OPENAPI_INVALID", { message: "The document is neither JSON nor YAML.", cause });
  }
}
