/**
 * A set of keys in a file, read again when the file has changed.
 *
 * Always holds: a key that is taken out of the file is not used for longer than `LOOK_MS`. A file that is missing or not whole, as it may be for a
 * moment while it is replaced, is passed over for `GRACE_MS`; then nobody is recognised until it is there again.
 */
import { type BigIntStats, createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { gatherText } from "./gather-text.ts";
import { KEY_SET_BYTES_MAX, type KeySet, readKeySet } from "./key-set.ts";
import { type KeySetOptions, type KeySetSource, keysUnavailable } from "./key-set-source.ts";

/** The file is looked at no more often. */
const LOOK_MS = 1000;
const GRACE_MS = 10_000;

/** @param path absolute */
export function keySetFile(path: string, options: KeySetOptions = {}): KeySetSource {
  const { elapsedMs = () => performance.now(), log } = options;
  let set: KeySet | null = null;
  let stamp = "";
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  let goodAtMs = Number.NEGATIVE_INFINITY;
  let failure: unknown = null;
  let look: Promise<void> | null = null;

  async function readChanged(): Promise<void> {
    const found = stampOf(await stat(path, { bigint: true }));
    if (found === stamp) return;
    set = await readKeySet(await gatherText(createReadStream(path), KEY_SET_BYTES_MAX));
    stamp = found;
    if (set.size === 0) log?.warn({ file: path }, "the file has no key that tokens can be checked with");
  }

  async function lookNow(): Promise<void> {
    try {
      await readChanged();
      failure = null;
      goodAtMs = elapsedMs();
    } catch (error) {
      if (failure === null) log?.warn({ file: path, err: error }, "the file with keys cannot be read");
      failure = error;
    } finally {
      lookedAtMs = elapsedMs();
      look = null;
    }
  }

  async function current(): Promise<KeySet> {
    if (look !== null || elapsedMs() - lookedAtMs >= LOOK_MS) {
      look ??= lookNow();
      await look;
    }
    if (set === null || elapsedMs() - goodAtMs >= GRACE_MS) throw keysUnavailable(LOOK_MS, failure);
    return set;
  }

  return {
    current,
    known: current,
    async newerThan(known) {
      const now = await current();
      return now === known ? null : now;
    },
    close() {},
  };
}

/** A file that is replaced by another of the same size in the same tick has another inode. */
const stampOf = ({ mtimeNs, size, ino }: BigIntStats): string => `${mtimeNs} ${size} ${ino}`;
