/**
 * What one subject has of one share: what was taken, by slots of time, and what is reserved now.
 *
 * Times are ledger times. Always: `slots` is in order of their ends, and `sums` is what they add up to; a slot counts while its end lies inside the window, so that use is
 * never counted for too short a time. Whether something fits is the claim's question (`share-claim.ts`); here it is only counted.
 */
import { slotEndMs } from "./window-slots.ts";

/** What a share can bound. `places` are uploads at work: they are reserved and given back, never used up. */
export type ShareUnit = "requests" | "places" | "bytes" | "files";

/** What was taken in one slot. `unrecorded`: of its requests, those that are in no entry for the records yet. */
export interface Slot {
  readonly endMs: number;
  requests: number;
  bytes: number;
  files: number;
  unrecorded: number;
}

export type Taken = Partial<Record<"requests" | "bytes" | "files", number>>;

/** How many slots all accounts together may have; shared by the accounts of a ledger. */
export interface SlotBudget {
  readonly max: number;
  used: number;
}

export class ShareAccount {
  /** `flow/share`. */
  readonly share: string;
  readonly subject: string;
  /** Of the rule that was last applied: a reload may change it. */
  windowMs: number;
  readonly reserved: Record<ShareUnit, number> = { requests: 0, places: 0, bytes: 0, files: 0 };
  /** Claims that point here; such an account is not dropped. */
  holders = 0;
  #slots: Slot[] = [];
  readonly #sums = { requests: 0, bytes: 0, files: 0 };
  readonly #budget: SlotBudget;

  constructor(share: string, subject: string, options: { windowMs: number; budget: SlotBudget }) {
    this.share = share;
    this.subject = subject;
    this.windowMs = options.windowMs;
    this.#budget = options.budget;
  }

  get slots(): readonly Slot[] {
    return this.#slots;
  }

  /** What counts at `nowMs`, without what is reserved. */
  used(unit: ShareUnit, windowMs: number, nowMs: number): number {
    if (unit === "places") return 0;
    let used = this.#sums[unit];
    for (const slot of this.#slots) {
      if (slot.endMs > nowMs - windowMs) break;
      used -= slot[unit];
    }
    return used;
  }

  /**
   * When at most `usedMax` of what is used now will still count: the moment a slot leaves the window, or `nowMs` where it is so already.
   * @returns `null` where even an empty window would not do.
   */
  usedAtMostAt(unit: ShareUnit, usedMax: number, windowMs: number, nowMs: number): number | null {
    if (usedMax < 0) return null;
    let used = this.used(unit, windowMs, nowMs);
    if (used <= usedMax || unit === "places") return nowMs;
    for (const slot of this.#slots) {
      if (slot.endMs <= nowMs - windowMs) continue;
      used -= slot[unit];
      if (used <= usedMax) return slot.endMs + windowMs;
    }
    return null;
  }

  /** Counts what was taken now. @returns the slot that it is in. */
  charge(taken: Taken, nowMs: number): Slot {
    this.forgetExpired(nowMs);
    return this.restore(taken, slotEndMs(nowMs, this.windowMs));
  }

  /** Counts what was taken in the slot that ends at `endMs`. */
  restore(taken: Taken, endMs: number): Slot {
    const slot = this.#slotEndingAt(endMs);
    addTo(slot, taken, 1);
    addTo(this.#sums, taken, 1);
    return slot;
  }

  /** Undoes a charge. A slot that has left the account meanwhile takes its sums along. */
  takeBack(slot: Slot, taken: Taken): void {
    addTo(slot, taken, -1);
    if (this.#slots.includes(slot)) addTo(this.#sums, taken, -1);
  }

  forgetExpired(nowMs: number): void {
    const beginMs = nowMs - this.windowMs;
    let count = 0;
    while ((this.#slots[count]?.endMs ?? Number.POSITIVE_INFINITY) <= beginMs) count += 1;
    if (count === 0) return;
    for (const slot of this.#slots.splice(0, count)) addTo(this.#sums, slot, -1);
    this.#budget.used -= count;
  }

  /** Whether nothing would be lost by forgetting this account. */
  isIdle(nowMs: number): boolean {
    if (this.holders > 0) return false;
    this.forgetExpired(nowMs);
    return this.#slots.length === 0;
  }

  #slotEndingAt(endMs: number): Slot {
    const after = this.#slots.findLastIndex((slot) => slot.endMs <= endMs);
    const found = this.#slots[after];
    if (found?.endMs === endMs) return found;
    const slot: Slot = { endMs, requests: 0, bytes: 0, files: 0, unrecorded: 0 };
    this.#slots.splice(after + 1, 0, slot);
    this.#budget.used += 1;
    return this.#budget.used > this.#budget.max ? this.#mergeFirst(slot) : slot;
  }

  /** Where memory for slots is used up, the two oldest of this account become one that counts as long as the younger: stricter, never laxer. */
  #mergeFirst(wanted: Slot): Slot {
    const [first, second] = this.#slots;
    if (first === undefined || second === undefined) return wanted;
    second.requests += first.requests;
    second.bytes += first.bytes;
    second.files += first.files;
    second.unrecorded += first.unrecorded;
    first.unrecorded = 0;
    this.#slots.shift();
    this.#budget.used -= 1;
    return first === wanted ? second : wanted;
  }
}

function addTo(sums: Pick<Slot, "requests" | "bytes" | "files">, taken: Taken, sign: 1 | -1): void {
  sums.requests += sign * (taken.requests ?? 0);
  sums.bytes += sign * (taken.bytes ?? 0);
  sums.files += sign * (taken.files ?? 0);
}
