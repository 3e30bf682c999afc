/**
 * How large a page may become: proof is added as long as there is room, so that a run of any size gives a page that opens.
 */

/** Characters that are left for what can be left out. */
export class PageRoom {
  #left: number;

  constructor(chars: number) {
    this.#left = chars;
  }

  get left(): number {
    return this.#left;
  }

  /** Takes the room for a text, if there is enough. */
  take(chars: number): boolean {
    if (chars > this.#left) return false;
    this.#left -= chars;
    return true;
  }
}
