/**
 * Reads a list of structured field values (RFC 9651 section 4.2.1), as far as headers need it that name things and say something of each: members that are
 * items with parameters.
 *
 * In: a header's text, several lines joined by ", ". Out: the members in their order, or `null` where the text is no such list: what cannot be read whole is
 * not read at all (section 4.2), so half a value is never taken for one. Commas and semicolons inside of quoted strings separate nothing.
 */

/** `true` where a key stands alone. A token and a quoted string are told apart by nobody here. */
export type ParameterValue = string | number | boolean;

export interface ListMember {
  readonly value: ParameterValue;
  /** By key, small letters; the last one counts where a key is repeated. */
  readonly parameters: ReadonlyMap<string, ParameterValue>;
}

/** Longer headers are rubbish or an attack; either way nobody learns anything from them. */
const TEXT_CHARS_MAX = 8192;

/** @returns `null` where the text is no list, is longer than 8 KiB, or holds inner lists, which none of our headers has */
export function readStructuredList(text: string): readonly ListMember[] | null {
  if (text.length > TEXT_CHARS_MAX) return null;
  const rest = new Rest(text.trim());
  const members: ListMember[] = [];
  while (!rest.isEmpty()) {
    const member = readMember(rest);
    if (member === null) return null;
    members.push(member);
    rest.take(/^[ \t]*/);
    if (rest.isEmpty()) return members;
    // Section 4.2.1: after a comma something has to follow.
    if (rest.take(/^,[ \t]*/) === null || rest.isEmpty()) return null;
  }
  return members;
}

class Rest {
  #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  isEmpty(): boolean {
    return this.#text === "";
  }

  /** What the pattern (which begins with `^`) matches is taken away. */
  take(pattern: RegExp): string | null {
    const found = pattern.exec(this.#text)?.[0];
    if (found === undefined) return null;
    this.#text = this.#text.slice(found.length);
    return found;
  }
}

function readMember(rest: Rest): ListMember | null {
  const value = readBareItem(rest);
  if (value === null) return null;
  const parameters = new Map<string, ParameterValue>();
  while (rest.take(/^;[ ]*/) !== null) {
    const key = rest.take(/^[a-z*][a-z0-9_\-.*]*/);
    if (key === null) return null;
    const given = rest.take(/^=/) === null ? true : readBareItem(rest);
    if (given === null) return null;
    parameters.set(key, given);
  }
  return { value, parameters };
}

/** Section 4.2.3.1. Byte sequences, dates and display strings come back as their text. */
function readBareItem(rest: Rest): ParameterValue | null {
  const quoted = rest.take(/^"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"/);
  if (quoted !== null) return quoted.slice(1, -1).replace(/\\(["\\])/g, "$1");
  const token = rest.take(/^[A-Za-z*][!#$%&'*+\-.^_`|~0-9A-Za-z:/]*/);
  if (token !== null) return token;
  const number = rest.take(/^-?[0-9]{1,15}(?:\.[0-9]{1,3})?/);
  if (number !== null) return Number(number);
  const truth = rest.take(/^\?[01]/);
  if (truth !== null) return truth === "?1";
  return rest.take(/^(?::[A-Za-z0-9+/=]*:|@-?[0-9]{1,15}|%"[\x20\x21\x23-\x7e]*")/);
}
