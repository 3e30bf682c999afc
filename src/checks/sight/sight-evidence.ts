/**
 * What was stored, put together from every way of looking that there is: by the id that an answer tells, by a listing, by a command.
 *
 * Always holds: where the ways cannot tell it is `null`, and never an empty list; what others have stored meanwhile is not taken for ours.
 */
import type { ReceivedFile, ReceivedUpload, Target, UploadContent } from "../check.ts";
import { isAccepted } from "../judge.ts";
import type { Evidence } from "../run-check.ts";
import type { Exchange } from "../send-probe.ts";
import type { ListedEntry } from "./listed-entries.ts";
import type { Listed, ListingWatch } from "./listing-watch.ts";
import type { StoredReading } from "./read-stored.ts";
import { isPlainName, isSurelyOurs, sha256Of, whoseEntry, withTellingName } from "./whose-entry.ts";

export interface EvidenceWays {
  /** What the answer to an accepted upload leads to. */
  readonly byAnswer: (exchange: Exchange, content: UploadContent | undefined) => Promise<StoredReading>;
  /** The id in an answer to an accepted upload. */
  readonly idOf: (exchange: Exchange) => string | null;
  /** What an entry of a listing leads to. */
  readonly byEntry: (entry: ListedEntry) => Promise<StoredReading>;
  readonly listings: readonly ListingWatch[];
  /** Nobody else sends to this target: what is new is ours, even where it tells nothing. */
  readonly isAlone: boolean;
  /** Is told of the id of everything that is surely ours; `null` for an accepted upload whose answer tells none. */
  readonly onStored: (id: string | null) => void;
}

export class SightEvidence implements Evidence {
  readonly #target: Target;
  readonly #ways: EvidenceWays;
  /** Whether an answer has once led to what had been sent. */
  #answerHasLed = false;
  readonly #seen = new WeakSet<Exchange>();

  constructor(target: Target, ways: EvidenceWays) {
    this.#target = target;
    this.#ways = ways;
  }

  async clear(): Promise<void> {
    for (const listing of this.#ways.listings) await listing.begin();
  }

  saw(exchange: Exchange): void {
    if (this.#seen.has(exchange) || !isAccepted(this.#target, exchange)) return;
    this.#seen.add(exchange);
    this.#ways.onStored(this.#ways.idOf(exchange));
  }

  async received(exchange?: Exchange, content?: UploadContent): Promise<readonly ReceivedUpload[] | null> {
    const isTaken = exchange !== undefined && isAccepted(this.#target, exchange);
    if (exchange !== undefined) this.saw(exchange);
    const entries = await this.#newEntries(isTaken, content);
    if (exchange === undefined || !isTaken)
      return (
        entries?.map((entry) => this.#upload([knownFile(entry)].filter((each) => each !== null))) ?? null
      );
    return this.#accepted(exchange, content, entries);
  }

  /** Ours among what is new in any of the listings; `null` where it cannot be told. */
  async #newEntries(
    isTaken: boolean,
    content: UploadContent | undefined,
  ): Promise<readonly ListedEntry[] | null> {
    let found: readonly ListedEntry[] | null = null;
    for (const listing of this.#ways.listings) {
      const ours = this.#oursOf(await listing.since(isTaken, this.#hasPlainNames(content)), content);
      if (ours !== null && ours.length > (found?.length ?? -1)) found = ours;
    }
    for (const entry of found ?? [])
      if (entry.id !== null && isSurelyOurs(entry, content, this.#target.file.control))
        this.#ways.onStored(entry.id);
    return found;
  }

  #hasPlainNames(content: UploadContent | undefined): boolean {
    const { control } = this.#target.file;
    return content?.files.every(({ name }) => isPlainName(name, control.name)) ?? true;
  }

  #oursOf(listed: Listed, content: UploadContent | undefined): readonly ListedEntry[] | null {
    if (listed.kind === "unknown") return null;
    if (listed.kind === "none") return [];
    const whose = (entry: ListedEntry) => whoseEntry(entry, content, this.#target.file.control);
    const { isAlone } = this.#ways;
    const ours = listed.entries.filter(
      (entry) => whose(entry) === "ours" || (isAlone && whose(entry) === "unclear"),
    );
    // Somebody else's, and nothing of ours beside it: on a shared target that says too little to say that there is nothing.
    return ours.length === 0 && !isAlone ? null : ours;
  }

  async #accepted(
    exchange: Exchange,
    content: UploadContent | undefined,
    entries: readonly ListedEntry[] | null,
  ): Promise<readonly ReceivedUpload[] | null> {
    const sentCount = content?.files.length ?? 1;
    const byId = await this.#readByAnswer(exchange, content);
    if (byId.kind === "file" && sentCount === 1) {
      const others = besides(entries ?? [], byId.file).map((entry) => knownFile(entry) ?? unseen(entry));
      return [this.#upload(this.#named([byId.file, ...others], content))];
    }
    // What is listed and cannot be fetched, where all others could be, is no upload that is there.
    if (byId.kind === "absent" && this.#answerHasLed) return [];
    if (entries !== null && entries.length > 0) return this.#fromEntries(entries, content);
    return entries === null ? null : [];
  }

  async #readByAnswer(exchange: Exchange, content: UploadContent | undefined): Promise<StoredReading> {
    const reading = await this.#ways.byAnswer(exchange, content);
    const sent = content?.files ?? [this.#target.file.control];
    if (reading.kind === "file" && sent.some(({ bytes }) => sha256Of(bytes) === reading.file.sha256))
      this.#answerHasLed = true;
    return reading;
  }

  /** Every file must be known by its bytes, except where there are more than were sent: that alone says enough. */
  async #fromEntries(
    entries: readonly ListedEntry[],
    content: UploadContent | undefined,
  ): Promise<readonly ReceivedUpload[] | null> {
    const files: ReceivedFile[] = [];
    for (const entry of entries) {
      const file = knownFile(entry) ?? fileOf(await this.#ways.byEntry(entry));
      if (file === null) return null;
      files.push({ ...file, name: entry.name ?? file.name });
    }
    const sentCount = content?.files.length ?? files.length;
    // One entry may stand for an upload of several files.
    if (files.length < sentCount) return null;
    return [this.#upload(this.#named(files, content))];
  }

  /** In the order in which they were sent, as far as that can be told. */
  #named(files: readonly ReceivedFile[], content: UploadContent | undefined): readonly ReceivedFile[] {
    const { control } = this.#target.file;
    const left = [...files];
    const ordered = (content?.files ?? []).flatMap((sent) => {
      const digest = sha256Of(sent.bytes);
      const at = left.findIndex(({ sha256 }) => sha256 === digest);
      return left.length === 0 ? [] : left.splice(Math.max(0, at), 1);
    });
    return [...ordered, ...left].map((file, index) => withTellingName(file, content?.files[index], control));
  }

  #upload(files: readonly ReceivedFile[]): ReceivedUpload {
    const { method, path } = this.#target;
    return { method, path, headers: null, fields: null, files };
  }
}

const fileOf = (reading: StoredReading): ReceivedFile | null =>
  reading.kind === "file" ? reading.file : null;

/** The file of an entry that tells its digest. */
function knownFile({ name, sizeBytes, sha256 }: ListedEntry): ReceivedFile | null {
  return sha256 === null ? null : { field: null, name, mediaType: null, sizeBytes: sizeBytes ?? 0, sha256 };
}

/** The entries without the one that stands for this file. */
function besides(entries: readonly ListedEntry[], { sha256 }: ReceivedFile): readonly ListedEntry[] {
  const at = entries.findIndex((entry) => entry.sha256 === sha256);
  return entries.filter((_, index) => index !== Math.max(0, at));
}

/** A file of which no more is known than that it is there beside the one that was sent. */
function unseen({ name, sizeBytes }: ListedEntry): ReceivedFile {
  return { field: null, name, mediaType: null, sizeBytes: sizeBytes ?? 0, sha256: "" };
}
