/**
 * Which keys are certainly in no record, so that an upload with a new key need not ask: a Bloom filter over the scopes of all keys in the records.
 *
 * In: the scopes that are there at the start, read in the background, and each that is claimed since; one gate writes claims in a data folder,
 * so there are no others. Out: "certainly not there", or "ask".
 * Always holds: nothing but speed rests on it. What it takes for new is claimed in the transaction of the release, which refuses a key that is
 * there after all. Memory is fixed (2 MiB, twice while it is filled anew); with more keys than it was made for it says "ask" more often.
 */
import type { Records } from "../../records/records.ts";

/** 2 MiB; with three bits a key 0.5 % of new keys are asked for needlessly among a million, 15 % among four million. */
const BITS = 2 ** 24;
const SCOPES_AT_ONCE = 2000;
/** Keys expire, and their bits stay: after so many it is filled anew. */
const REFILL_AFTER = 2_000_000;

/** Bits of scopes, which are hashes: their digits are as random as can be. */
class ScopeFilter {
  readonly #words = new Int32Array(BITS / 32);
  count = 0;

  add(scope: string): void {
    const digits = leadingDigits(scope);
    const isNew = this.#set(firstBit(digits));
    const isNewToo = this.#set(secondBit(digits));
    if (this.#set(thirdBit(digits)) || isNew || isNewToo) this.count += 1;
  }

  mayHave(scope: string): boolean {
    const digits = leadingDigits(scope);
    return this.#has(firstBit(digits)) && this.#has(secondBit(digits)) && this.#has(thirdBit(digits));
  }

  #has(bit: number): boolean {
    return ((this.#words[bit >>> 5] ?? 0) & (1 << (bit & 31))) !== 0;
  }

  /** @returns whether it was not set before */
  #set(bit: number): boolean {
    const before = this.#words[bit >>> 5] ?? 0;
    const after = before | (1 << (bit & 31));
    this.#words[bit >>> 5] = after;
    return after !== before;
  }
}

/**
 * Three numbers of 24 bits each, from the first 12 hexadecimal digits, which JavaScript has exactly: their halves, and a sum of these.
 * @see Kirsch and Mitzenmacher, "Less hashing, same performance: building a better Bloom filter" (2008): as good as three of their own
 */
const DIGITS = 12;

const leadingDigits = (scope: string): number => Number.parseInt(scope.slice(0, DIGITS), 16);
const firstBit = (digits: number): number => Math.floor(digits / BITS);
const secondBit = (digits: number): number => digits % BITS;
const thirdBit = (digits: number): number => (firstBit(digits) + 2 * secondBit(digits)) % BITS;

/** How often the filter had been filled, or was being filled. */
export type Filling = number;

export class FreshKeys {
  readonly #records: Pick<Records, "idempotencyScopes">;
  /** `null` until it has been filled once. */
  #filled: ScopeFilter | null = null;
  #filling: ScopeFilter | null = null;
  #refillAfter = REFILL_AFTER;
  #fillings: Filling = 0;

  constructor(records: Pick<Records, "idempotencyScopes">) {
    this.#records = records;
  }

  /** Whether no record has this scope. `false` where that is not certain. */
  isFresh(scope: string): boolean {
    const filter = this.#filled;
    if (this.#filling === null && (filter === null || filter.count > this.#refillAfter)) void this.fill();
    return filter !== null && !filter.mayHave(scope);
  }

  /** To be called before a claim of the scope goes to the records. @returns for `addAgain`, when its upload has ended */
  add(scope: string): Filling {
    this.#filled?.add(scope);
    this.#filling?.add(scope);
    return this.#fillings;
  }

  /** A filling that has begun since then may have passed the scope's place before the claim was written. */
  addAgain(scope: string, since: Filling): void {
    if (since !== this.#fillings) this.add(scope);
  }

  /** Reads what is in the records. Never rejects: what cannot be read now is tried again with a next key, and until then each key is asked for. */
  async fill(): Promise<void> {
    const filter = new ScopeFilter();
    this.#filling = filter;
    this.#fillings += 1;
    try {
      let after = "";
      for (;;) {
        const scopes = await this.#records.idempotencyScopes(after, SCOPES_AT_ONCE);
        for (const scope of scopes) filter.add(scope);
        if (scopes.length < SCOPES_AT_ONCE) break;
        after = scopes.at(-1) ?? "";
      }
      this.#filled = filter;
      // Where so many are really there, filling again would find them again.
      this.#refillAfter = Math.max(REFILL_AFTER, 2 * filter.count);
    } catch {
      // Asked for one by one, as before.
    } finally {
      this.#filling = null;
    }
  }
}
