/**
 * The accounts of all shares, in memory and synchronous: what is judged and what is taken is one step, whatever runs beside it.
 *
 * In: what was recorded before (`recall`), then uploads. Out: reservations, and entries for the records.
 * Always: what is reserved and what was taken within the window never exceed a share together. An account is kept under the names of flow and
 * share, so that it outlives a reload; each upload is held to the limits that were in force when it began.
 * Memory is bounded: subjects that have nothing left in a window are forgotten; with `subjectsMax` addresses, or as many principals, that do have
 * something, one more gets GATE_BUSY. To forget somebody's use would give it away, and to let one in uncounted would give everything away.
 */
import type { Flow, ShareRule } from "../../flows/flow.ts";
import { GateError } from "../../problems/gate-error.ts";
import type { UsageEntry } from "../../records/records.ts";
import type { LedgerTime } from "./ledger-time.ts";
import { recallUse } from "./recalled-use.ts";
import { ShareAccount, type Slot, type SlotBudget, type Taken } from "./share-account.ts";
import { windowOf } from "./share-claim.ts";
import { type AccountBook, ShareReservation } from "./share-reservation.ts";
import type { Reservation, Shares } from "./shares.ts";
import { slotLengthMs } from "./window-slots.ts";

export interface LedgerLimits {
  /** Addresses and principals each, counted for every share that they use. */
  readonly subjectsMax: number;
  /** Beyond so many slots accounts become coarser, and with that stricter. */
  readonly slotsMax: number;
}

/** About 130 MB when all of it is in use. */
const LIMITS: LedgerLimits = { subjectsMax: 100_000, slotsMax: 400_000 };
/** Accounts looked at for each new one: in the end all of them, and never many at once. */
const SWEPT_AT_ONCE = 16;
const BUSY_SECONDS = 30;

export class ShareLedger implements Shares, AccountBook {
  readonly #time: LedgerTime;
  readonly #limits: LedgerLimits;
  readonly #budget: SlotBudget;
  readonly #accounts = new Map<string, ShareAccount>();
  readonly #counts = { address: 0, principal: 0, flow: 0 };
  readonly #unrecorded = new Set<ShareAccount>();
  #broom: Iterator<[string, ShareAccount]>;

  constructor(time: LedgerTime, limits: LedgerLimits = LIMITS) {
    this.#time = time;
    this.#limits = limits;
    this.#budget = { max: limits.slotsMax, used: 0 };
    this.#broom = this.#accounts.entries();
  }

  /** How many accounts are kept. */
  get size(): number {
    return this.#accounts.size;
  }

  /** Takes up what earlier processes have recorded. */
  recall(entries: readonly UsageEntry[]): void {
    for (const entry of entries) {
      const recalled = recallUse(entry, this.nowMs());
      if (recalled !== null)
        this.#accountOf(entry.share, entry.subject, recalled.windowMs).restore(entry, recalled.endMs);
    }
  }

  reserve(flow: Flow, address: string): Reservation {
    return new ShareReservation(flow, address, this);
  }

  /** Of at most `accountsMax` accounts, so that a flood does not hold up everything else. */
  takeUnrecorded(accountsMax = Number.POSITIVE_INFINITY): readonly UsageEntry[] {
    const entries: UsageEntry[] = [];
    let taken = 0;
    for (const account of this.#unrecorded) {
      if (taken >= accountsMax) break;
      taken += 1;
      this.#unrecorded.delete(account);
      for (const slot of account.slots) {
        if (slot.unrecorded === 0) continue;
        entries.push(this.entryOf(account, slot, { requests: slot.unrecorded }));
        slot.unrecorded = 0;
      }
    }
    return entries;
  }

  /** Forgets accounts that have nothing left in their window, among the next `count`. */
  sweep(count: number): void {
    const nowMs = this.nowMs();
    for (let looked = 0; looked < count; looked += 1) {
      const { value, done } = this.#broom.next();
      if (done === true) {
        this.#broom = this.#accounts.entries();
        return;
      }
      const [key, account] = value;
      if (account.isIdle(nowMs)) this.#forget(key, account);
    }
  }

  nowMs(): number {
    return this.#time.now();
  }

  account(flow: Flow, rule: ShareRule, subject: string): ShareAccount {
    return this.#accounts.get(keyOf(shareOf(flow, rule), subject)) ?? this.#open(flow, rule, subject);
  }

  markUnrecorded(account: ShareAccount): void {
    this.#unrecorded.add(account);
  }

  /** `slotMs` and `expiresAtMs` in Unix time: the whole slot, and as long as any of it counts. */
  entryOf({ share, subject, windowMs }: ShareAccount, slot: Slot, taken: Taken): UsageEntry {
    const { requests = 0, files = 0, bytes = 0 } = taken;
    const endMs = slot.endMs + this.#time.wallOffsetMs();
    const slotMs = endMs - slotLengthMs(windowMs);
    return { share, subject, slotMs, requests, files, bytes, expiresAtMs: endMs + windowMs };
  }

  #open(flow: Flow, rule: ShareRule, subject: string): ShareAccount {
    this.sweep(SWEPT_AT_ONCE);
    if (rule.per !== "flow" && this.#counts[rule.per] >= this.#limits.subjectsMax)
      throw new GateError("GATE_BUSY", {
        message:
          "The gate keeps account of as many callers as it can, so it takes no new ones at the moment.",
        retryAfterSeconds: BUSY_SECONDS,
      });
    return this.#accountOf(shareOf(flow, rule), subject, windowOf(rule));
  }

  #accountOf(share: string, subject: string, windowMs: number): ShareAccount {
    const key = keyOf(share, subject);
    const found = this.#accounts.get(key);
    if (found !== undefined) return found;
    const account = new ShareAccount(share, subject, { windowMs, budget: this.#budget });
    this.#accounts.set(key, account);
    this.#counts[kindOf(subject)] += 1;
    return account;
  }

  #forget(key: string, account: ShareAccount): void {
    this.#accounts.delete(key);
    this.#unrecorded.delete(account);
    this.#counts[kindOf(account.subject)] -= 1;
  }
}

const shareOf = (flow: Flow, rule: ShareRule): string => `${flow.name}/${rule.name}`;

const keyOf = (share: string, subject: string): string => `${share}\n${subject}`;

function kindOf(subject: string): "address" | "principal" | "flow" {
  if (subject.startsWith("address:")) return "address";
  return subject.startsWith("principal:") ? "principal" : "flow";
}
