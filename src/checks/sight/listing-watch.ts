/**
 * What is listed now and was not before.
 *
 * Always holds: a listing proves nothing until an accepted upload has appeared in it; a listing that changes by itself proves nothing at all. Where
 * several uploads of the same bytes are one entry, an upload that does not appear may be there all the same.
 */
import type { ListedEntry } from "./listed-entries.ts";

/** Reads the whole listing; `null` where it cannot be had now. */
export type ReadListing = () => Promise<readonly ListedEntry[] | null>;

/** What is said of an upload: entries that are new; `none` surely; or that it cannot be told. */
export type Listed =
  | { readonly kind: "new"; readonly entries: readonly ListedEntry[] }
  | { readonly kind: "none" }
  | { readonly kind: "unknown" };

const AGAIN_AFTER_MS: readonly number[] = [100, 300, 600];
/** Twice in a row without a change in between: nobody else is at work here, and nothing in it changes by itself. */
const QUIET_TRIES = 3;
/** A listing of just so many entries is probably one page of a longer one. */
const PAGE_SIZES: ReadonlySet<number> = new Set([10, 15, 20, 24, 25, 30, 40, 50, 100, 200, 250, 500, 1000]);

export class ListingWatch {
  readonly #read: ReadListing;
  #before: ReadonlyMap<string, number> | null = null;
  #first: ReadonlyMap<string, number> | null = null;
  /** Folders of the service's own. */
  readonly #directories = new Set<string>();
  #isQuiet: boolean | null = null;
  /** Accepted uploads that appeared. */
  #appeared = 0;
  /** Whether an accepted upload did not appear. */
  #isBlind = false;

  constructor(read: ReadListing) {
    this.#read = read;
  }

  async begin(): Promise<void> {
    this.#isQuiet ??= await this.#isStill();
    const entries = await this.#read();
    this.#before = entries === null ? null : counted(entries);
    this.#first ??= this.#before;
    this.#learn(entries ?? []);
  }

  #learn(entries: readonly ListedEntry[]): void {
    for (const directory of entries.map(directoryOf))
      if (directory !== null) this.#directories.add(directory);
  }

  /**
   * @param isAccepted whether the upload was; `false` also where it is asked of several at once
   * @param hasPlainNames whether no name that was sent has anything of a path: a folder that is listed is then the service's own
   */
  async since(isAccepted: boolean, hasPlainNames: boolean): Promise<Listed> {
    if (this.#before === null || this.#isQuiet !== true) return { kind: "unknown" };
    const now = await this.#newEntries(isAccepted);
    if (now === null) return { kind: "unknown" };
    const { entries, count } = now;
    if (hasPlainNames) this.#learn(entries);
    if (entries.length > 0) return this.#appears(entries, isAccepted);
    if (isAccepted) return this.#doesNotAppear(count);
    return this.#appeared > 0 && !this.#isBlind ? { kind: "none" } : { kind: "unknown" };
  }

  #appears(entries: readonly ListedEntry[], isAccepted: boolean): Listed {
    if (isAccepted) this.#appeared += 1;
    return { kind: "new", entries: entries.map((entry) => withoutDirectory(entry, this.#directories)) };
  }

  /** Every earlier one appeared, and there is no end of a page: then it is not there. */
  #doesNotAppear(count: number): Listed {
    if (this.#appeared > 1 && !this.#isBlind && !PAGE_SIZES.has(count)) return { kind: "none" };
    this.#isBlind = true;
    return { kind: "unknown" };
  }

  /** Everything that was not there at the very beginning; nothing where it cannot be told. */
  async sinceFirst(): Promise<readonly ListedEntry[]> {
    return this.#first === null ? [] : (difference(this.#first, await this.#read())?.entries ?? []);
  }

  async #newEntries(isExpected: boolean): Promise<Difference | null> {
    for (const waitMs of isExpected ? AGAIN_AFTER_MS : []) {
      const found = difference(this.#before, await this.#read());
      if (found === null || found.entries.length > 0) return found;
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
    return difference(this.#before, await this.#read());
  }

  async #isStill(): Promise<boolean | null> {
    let last = await this.#read();
    for (let tries = 0; tries < QUIET_TRIES; tries += 1) {
      const next = await this.#read();
      if (last === null || next === null) return null;
      if (JSON.stringify([...counted(last)]) === JSON.stringify([...counted(next)])) return true;
      last = next;
    }
    return false;
  }
}

interface Difference {
  readonly entries: readonly ListedEntry[];
  /** How many are listed now. */
  readonly count: number;
}

function difference(
  before: ReadonlyMap<string, number> | null,
  now: readonly ListedEntry[] | null,
): Difference | null {
  if (now === null) return null;
  const left = new Map(before ?? []);
  const entries = now.filter(({ key }) => {
    const count = left.get(key) ?? 0;
    left.set(key, count - 1);
    return count <= 0;
  });
  return { entries, count: now.length };
}

/** How often each key is there. */
function counted(entries: readonly ListedEntry[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { key } of [...entries].sort((a, b) => (a.key < b.key ? -1 : 1)))
    counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

function directoryOf({ name }: ListedEntry): string | null {
  const end = name?.lastIndexOf("/") ?? -1;
  return end === -1 ? null : (name?.slice(0, end + 1) ?? null);
}

/** Where all names are paths below a folder of the service, the folder is no part of the name that a client has chosen. */
function withoutDirectory(entry: ListedEntry, known: ReadonlySet<string>): ListedEntry {
  const directory = directoryOf(entry);
  const isOwn = directory !== null && known.has(directory) && !/(^|\/)\.\.?\//.test(directory);
  return isOwn ? { ...entry, name: entry.name?.slice(directory.length) ?? null } : entry;
}
