/**
 * Makes names in one folder durable, once for all who wait (group commit).
 *
 * A file's own sync does not make its name durable: fsync(2), "Calling fsync() does not necessarily ensure that the entry in the
 * directory containing the file has also reached disk". Always holds: a promise of `sync` resolves only after a sync that began after
 * the call, so that it covers every name that the caller made before.
 */
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";

export class FolderSync {
  readonly #folder: FileHandle;
  #running: Promise<unknown> = Promise.resolve();
  #next: Promise<void> | null = null;
  #count = 0;

  private constructor(folder: FileHandle) {
    this.#folder = folder;
  }

  static async open(path: string): Promise<FolderSync> {
    return new FolderSync(await open(path, constants.O_RDONLY | constants.O_DIRECTORY));
  }

  /** Syncs done so far: how well they are grouped, for metrics and tests. */
  get count(): number {
    return this.#count;
  }

  /** Joins the next sync; it starts when the one that is running, if any, is done. Rejects with the file system's error. */
  sync(): Promise<void> {
    if (this.#next === null) {
      const next = this.#running.then(() => this.#start());
      this.#next = next;
      this.#running = next.catch(() => {});
    }
    return this.#next;
  }

  async close(): Promise<void> {
    await this.#running;
    await this.#folder.close();
  }

  #start(): Promise<void> {
    this.#next = null;
    this.#count += 1;
    return this.#folder.sync();
  }
}
