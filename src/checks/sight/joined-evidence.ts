/**
 * Two ways of looking as one: what the service shows, and what the gate in front of it has recorded.
 *
 * Always holds: what either of them surely saw counts; where one cannot tell, the other one does.
 */
import type { ReceivedUpload, UploadContent } from "../check.ts";
import type { Evidence } from "../run-check.ts";
import type { Exchange } from "../send-probe.ts";

export class JoinedEvidence implements Evidence {
  readonly #behind: Evidence;
  readonly #front: Evidence;

  /** @param behind looks at what is stored @param front knows what it let through */
  constructor(behind: Evidence, front: Evidence) {
    this.#behind = behind;
    this.#front = front;
  }

  async clear(): Promise<void> {
    await this.#behind.clear();
    await this.#front.clear();
  }

  saw(exchange: Exchange): void {
    this.#behind.saw?.(exchange);
    this.#front.saw?.(exchange);
  }

  async received(exchange?: Exchange, content?: UploadContent): Promise<readonly ReceivedUpload[] | null> {
    const stored = await this.#behind.received(exchange, content);
    if (stored !== null && stored.length > 0) return stored;
    const passed = await this.#front.received(exchange, content);
    return passed ?? stored;
  }
}
