/**
 * `[Content_Types].xml` of an OOXML package (ECMA-376 part 2 section 7.2.3).
 *
 * In: its text. Out: content types by part name and by extension, lower-cased. Read strictly, so that no office program can read it
 * otherwise: no DOCTYPE, no CDATA, no entities but the five of XML and numbers; `Types` with nothing in it but `Default` and
 * `Override`.
 */

/** Content types of a package. Part names with their leading slash; extensions without dot; all lower-case. */
export interface ContentTypes {
  readonly byPart: ReadonlyMap<string, string>;
  readonly byExtension: ReadonlyMap<string, string>;
}

const PIECE =
  /\s+|<\?xml [^<>]*\?>|<!--(?:(?!--)[\s\S])*-->|<(\/?)(?:[\w.-]+:)?(\w+)((?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>/y;
const ATTRIBUTE = /([\w:.-]+)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/g;
const NAMED: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** @returns `null` where the text is anything but a plain list of content types, or names one part or extension twice. */
export function readContentTypes(text: string): ContentTypes | null {
  const list = new TypeList();
  for (let at = text.startsWith("\ufeff") ? 1 : 0; at < text.length; at = PIECE.lastIndex) {
    PIECE.lastIndex = at;
    const match = PIECE.exec(text);
    if (match === null) return null;
    const [, slash, element, attributes, slashAtEnd] = match;
    if (element === undefined) continue;
    const tag = { element, closes: slash === "/", isEmpty: slashAtEnd === "/", attributes: attributes ?? "" };
    if (!list.take(tag)) return null;
  }
  return list.isOver ? list : null;
}

interface Tag {
  readonly element: string;
  readonly closes: boolean;
  readonly isEmpty: boolean;
  readonly attributes: string;
}

/** Takes tags in order; `take` is false for one that has no place in a list of types. */
class TypeList implements ContentTypes {
  readonly byPart = new Map<string, string>();
  readonly byExtension = new Map<string, string>();
  isOver = false;
  #isOpen = false;

  take(tag: Tag): boolean {
    if (this.isOver) return false;
    return tag.element === "Types" ? this.#takeRoot(tag) : this.#isOpen && this.#takeType(tag);
  }

  #takeRoot({ closes, isEmpty }: Tag): boolean {
    if (closes !== this.#isOpen) return false;
    this.#isOpen = !closes;
    this.isOver = closes || isEmpty;
    return true;
  }

  #takeType({ element, closes, attributes }: Tag): boolean {
    if (element !== "Default" && element !== "Override") return false;
    if (closes) return true;
    const isDefault = element === "Default";
    const found = readAttributes(attributes);
    const key = found?.get(isDefault ? "Extension" : "PartName")?.toLowerCase();
    const type = found?.get("ContentType")?.trim().toLowerCase();
    const target = isDefault ? this.byExtension : this.byPart;
    if (key === undefined || type === undefined || target.has(key)) return false;
    target.set(key, type);
    return true;
  }
}

function readAttributes(text: string): ReadonlyMap<string, string> | null {
  const found = new Map<string, string>();
  for (const [, name, inDouble, inSingle] of text.matchAll(ATTRIBUTE)) {
    const value = readEntities(inDouble ?? inSingle ?? "");
    if (name === undefined || value === null || found.has(name)) return null;
    found.set(name, value);
  }
  return found;
}

function readEntities(text: string): string | null {
  let isFine = true;
  const read = text.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(\w+))?;?/gi, (whole, hex, decimal, name) => {
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    const character = name === undefined ? characterOf(code) : NAMED[name];
    if (!whole.endsWith(";") || character === undefined) isFine = false;
    return character ?? "";
  });
  return isFine ? read : null;
}

function characterOf(code: number): string | undefined {
  return Number.isInteger(code) && code > 0x1f && code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
}
