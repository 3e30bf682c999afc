/**
 * Names inside an archive: which of them lead out of the folder that the archive is unpacked in, and which fall together there.
 */

const DEPTH_MAX = 64;

const PROBLEMS: readonly (readonly [RegExp, string])[] = [
  [/^$/, "an empty name"],
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  [/[\0-\x1f\x7f\u2028\u2029]/, "control characters in a name"],
  [/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/, "direction-changing characters in a name"],
  [/\\/, "a backslash in a name"],
  [/^\//, "an absolute name"],
  [/^[A-Za-z]:/, "a name with a drive letter"],
  [/(^|\/)\.\.?(\/|$)/, "a name with . or .. as a folder"],
  [/\/\//, "a name with an empty folder"],
];

/** What is wrong with an entry's name, in words; `null` where nothing is. */
export function entryNameProblem(name: string): string | null {
  if (name.split("/").length > DEPTH_MAX) return `folders more than ${DEPTH_MAX} deep`;
  return PROBLEMS.find(([pattern]) => pattern.test(name))?.[1] ?? null;
}

/** Collects names and says which one cannot stand beside the others on a file system that folds case or Unicode forms. */
export class NamesTogether {
  readonly #files = new Set<string>();
  readonly #folders = new Set<string>();

  /** @returns what the name collides with, in words; `null` where it can stand. */
  add(name: string): string | null {
    const isFolder = name.endsWith("/");
    const folded = fold(isFolder ? name.slice(0, -1) : name);
    if (this.#files.has(folded)) return "two entries of one name";
    if (isFolder ? this.#isNamedFolder(folded) : this.#folders.has(folded)) return "two entries of one name";
    if (!isFolder) this.#files.add(folded);
    return this.#addParents(folded) ? null : "a file that is a folder too";
  }

  readonly #namedFolders = new Set<string>();

  #isNamedFolder(folded: string): boolean {
    if (this.#namedFolders.has(folded)) return true;
    this.#namedFolders.add(folded);
    this.#folders.add(folded);
    return false;
  }

  #addParents(folded: string): boolean {
    for (let slash = folded.lastIndexOf("/"); slash > 0; slash = folded.lastIndexOf("/", slash - 1)) {
      const parent = folded.slice(0, slash);
      if (this.#files.has(parent)) return false;
      if (this.#folders.has(parent)) return true;
      this.#folders.add(parent);
    }
    return true;
  }
}

/** Upper case first, so that `ß` and `ss` fall together as they do in some file systems. */
function fold(name: string): string {
  return name.normalize("NFC").toUpperCase().toLowerCase();
}
