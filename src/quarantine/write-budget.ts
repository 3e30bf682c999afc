/**
 * How much each writer may hold in memory: much while there are few, little while there are many, and never more than a set amount
 * in all as long as the least share allows it.
 */

export interface QuarantineOptions {
  /** Files of at most so many bytes stay in memory and ride in the records database. */
  readonly inlineBytesMax: number;
  /** Chunks are gathered to so many bytes before a write. */
  readonly gatherBytes: number;
  /** Bytes that all writers to storage may hold together. */
  readonly bufferedBytesMax: number;
}

const KIB = 1024;
const MIB = 1024 * KIB;

/**
 * Gathering to 1 MiB and pausing at 4 MiB made writing as cheap as in servers that write from C. With 64 writers the 32 MiB leave
 * each half a mebibyte.
 */
export const DEFAULT_OPTIONS: QuarantineOptions = {
  inlineBytesMax: 64 * KIB,
  gatherBytes: MIB,
  bufferedBytesMax: 32 * MIB,
};

const SHARE_BYTES_MIN = 256 * KIB;
const SHARE_BYTES_MAX = 4 * MIB;

export class WriteBudget {
  readonly #options: QuarantineOptions;
  #writers = 0;

  constructor(options: QuarantineOptions) {
    this.#options = options;
  }

  /** Counts a writer to storage until it calls what it gets; calling that again changes nothing. */
  join(): () => void {
    let isMember = true;
    this.#writers += 1;
    return () => {
      if (isMember) this.#writers -= 1;
      isMember = false;
    };
  }

  /** A writer that holds so much, or more, has to pause. */
  get pauseBytes(): number {
    const share = Math.floor(this.#options.bufferedBytesMax / Math.max(1, this.#writers));
    return Math.max(SHARE_BYTES_MIN, Math.min(share, SHARE_BYTES_MAX));
  }

  /** A write begins at so many bytes: at the most half of what makes a writer pause, so that one half fills while the other is written. */
  get gatherBytes(): number {
    return Math.min(this.#options.gatherBytes, Math.floor(this.pauseBytes / 2));
  }
}
