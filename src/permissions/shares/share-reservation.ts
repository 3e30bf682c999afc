/**
 * One upload's claims on all shares of its flow, from its first header to its end.
 *
 * Always: several shares are taken together or not at all. A request that was refused by a share of its own is not counted, or a client that
 * keeps asking too early would never be let in again; one that was counted by its address stays counted, whatever refuses it later.
 */
import type { Flow, ShareRule } from "../../flows/flow.ts";
import type { GateError } from "../../problems/gate-error.ts";
import type { UsageEntry } from "../../records/records.ts";
import { rateLimitHeaders } from "./rate-limit-headers.ts";
import type { ShareAccount, Slot, Taken } from "./share-account.ts";
import { type Needs, ShareClaim } from "./share-claim.ts";
import { shareRefusal } from "./share-refusal.ts";
import { addressSubject, FLOW_SUBJECT, principalSubject } from "./share-subject.ts";
import type { Reservation } from "./shares.ts";

/** Bytes of a body of unknown length are reserved in steps of so many. */
export const SLAB_BYTES = 256 * 1024;

/** What a reservation needs of its ledger. */
export interface AccountBook {
  nowMs(): number;
  /** @throws GATE_BUSY where no more subjects can be kept account of */
  account(flow: Flow, rule: ShareRule, subject: string): ShareAccount;
  /** Use that is in no record yet. */
  markUnrecorded(account: ShareAccount): void;
  entryOf(account: ShareAccount, slot: Slot, taken: Taken): UsageEntry;
}

/** What a claim was charged with, and where. */
interface Settled {
  readonly claim: ShareClaim;
  readonly slot: Slot;
  readonly taken: Taken;
}

export class ShareReservation implements Reservation {
  readonly #flow: Flow;
  readonly #book: AccountBook;
  #claims: ShareClaim[] = [];
  /** Up to here `grow` has nothing to ask for. */
  #covered = { bytes: 0, files: 0 };
  /** Whether it seems to be an upload that was counted before; it is asked for no bytes then, unless it turns out to be a new one. */
  #isAgain = false;
  #settled: readonly Settled[] | null = null;
  #hasEnded = false;

  /** @throws GATE_BUSY; then nothing is held */
  constructor(flow: Flow, address: string, book: AccountBook) {
    this.#flow = flow;
    this.#book = book;
    try {
      this.#attach((rule) => (rule.per === "address" ? addressSubject(address) : null));
    } catch (error) {
      this.end();
      throw error;
    }
  }

  /** Bytes and files are asked for when it is known who sends; here only what refuses without a question to anybody. */
  begin(): void {
    this.#take({ requests: 1, places: 1 });
  }

  admit(principal: string, contentLengthBytes: number | null): void {
    if (this.#hasEnded) return;
    this.#attach((rule) => {
      if (rule.per === "address") return null;
      return rule.per === "flow" ? FLOW_SUBJECT : principalSubject(principal);
    });
    const bytes = contentLengthBytes ?? 1;
    this.#take({ requests: 1, places: 1, files: 1, bytes }, contentLengthBytes === null ? SLAB_BYTES : 0);
    this.#noteCovered();
  }

  admitAgain(): void {
    if (this.#hasEnded) return;
    this.#isAgain = true;
    this.#take({ requests: 1, places: 1 });
  }

  /** Both in all so far, not since the last call. */
  grow(bytesReceived: number, filesBegun: number): void {
    if (this.#isAgain || this.#settled !== null || this.#hasEnded) return;
    if (bytesReceived <= this.#covered.bytes && filesBegun <= this.#covered.files) return;
    this.#take({ bytes: bytesReceived, files: filesBegun }, SLAB_BYTES);
    this.#noteCovered();
  }

  settle(bytes: number, files: number): readonly UsageEntry[] {
    if (this.#settled !== null || this.#hasEnded) return [];
    // What was taken without having been reserved must fit all the same.
    this.#isAgain = false;
    this.grow(bytes, files);
    const nowMs = this.#book.nowMs();
    const settled: Settled[] = [];
    const entries: UsageEntry[] = [];
    for (const claim of this.#claims) {
      const charged = claim.settle({ bytes, files }, nowMs);
      if (charged === null) continue;
      const { slot, taken } = charged;
      settled.push({ claim, slot, taken });
      entries.push(this.#book.entryOf(claim.account, slot, taken));
    }
    this.#settled = settled;
    return entries;
  }

  unsettle(): void {
    for (const { claim, slot, taken } of this.#settled ?? []) {
      claim.unsettle(slot, taken);
      if (slot.unrecorded > 0) this.#book.markUnrecorded(claim.account);
    }
    this.#settled = [];
  }

  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    for (const claim of this.#claims) claim.end();
  }

  headers(): readonly (readonly [name: string, value: string])[] {
    return rateLimitHeaders(this.#claims, this.#book.nowMs());
  }

  #attach(subjectOf: (rule: ShareRule) => string | null): void {
    for (const rule of this.#flow.permissions.shares) {
      const subject = subjectOf(rule);
      if (subject !== null)
        this.#claims.push(new ShareClaim(rule, this.#book.account(this.#flow, rule, subject)));
    }
  }

  #take(needs: Needs, slab = 0): void {
    const nowMs = this.#book.nowMs();
    for (const claim of this.#claims)
      if (claim.shortage(needs, nowMs) !== null) throw this.#refusal(needs, nowMs);
    for (const claim of this.#claims) {
      claim.take(needs, nowMs, slab);
      if (claim.rule.kind === "rate") this.#book.markUnrecorded(claim.account);
    }
  }

  #refusal(needs: Needs, nowMs: number): GateError {
    const [first, ...others] = this.#claims.flatMap((claim) => claim.shortage(needs, nowMs) ?? []);
    if (first === undefined) throw new Error("nothing stands against what is needed");
    return shareRefusal([first, ...others]);
  }

  #noteCovered(): void {
    let bytes = Number.POSITIVE_INFINITY;
    let files = Number.POSITIVE_INFINITY;
    for (const claim of this.#claims) {
      bytes = Math.min(bytes, claim.covered("bytes"));
      files = Math.min(files, claim.covered("files"));
    }
    this.#covered = { bytes, files };
  }
}
