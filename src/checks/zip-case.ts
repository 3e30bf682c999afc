/**
 * Cases about archives: a ZIP or tar that is wrong, and its honest neighbour.
 */
import type { CheckCase, Target } from "./check.ts";
import { type Inside, refusedInside, TAR, ZIP } from "./content-case.ts";
import { type TarEntry, tarArchive } from "./payloads/tar-archive.ts";
import {
  deflatedEntry,
  storedEntry,
  type ZipEntry,
  type ZipFrame,
  zipArchive,
} from "./payloads/zip-archive.ts";

const NOTE = "Nothing here.\n";

/** A name that nobody else gives to an entry. */
export function canaryName(target: Target): string {
  return `flowcheck-${target.seed.replace(/[^A-Za-z0-9-]/g, "-")}-canary.txt`;
}

/** Two small files, as anybody packs them. */
export function honestEntries(): readonly [ZipEntry, ZipEntry] {
  return [storedEntry("read-me.txt", NOTE), deflatedEntry("notes/one.txt", NOTE.repeat(20))];
}

export function honestZip(): Uint8Array {
  return zipArchive(honestEntries());
}

type Entries = (target: Target) => readonly ZipEntry[];

/** An archive that must be refused. `frame`: what is around its entries. */
export function refusedZip(
  name: string,
  entries: Entries,
  frame: (target: Target) => ZipFrame = () => ({}),
  more: Partial<Inside> = {},
): CheckCase {
  const file = (target: Target) => zipArchive(entries(target), frame(target));
  return refusedInside(name, ZIP, { file, twin: honestZip, ...more });
}

/** A tar that must be refused. */
export function refusedTar(
  name: string,
  entries: (target: Target) => readonly TarEntry[],
  more: Partial<Inside> = {},
): CheckCase {
  const file = (target: Target) => tarArchive(...entries(target));
  return refusedInside(name, TAR, { file, twin: honestTar, ...more });
}

export function honestTar(): Uint8Array {
  return tarArchive({ name: "read-me.txt", content: NOTE }, { name: "notes/one.txt", content: NOTE });
}
