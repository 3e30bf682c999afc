/**
 * One upload's claim on one share: what it needs is judged, then taken, then settled or given back.
 *
 * Always: `shortage` changes nothing, and `take` is called only after it found none, in the same turn of the event loop; so what is reserved
 * and what was taken never exceed the rule together.
 */
import type { ShareRule } from "../../flows/flow.ts";
import type { ShareAccount, ShareUnit, Slot, Taken } from "./share-account.ts";

/** What an upload needs of its shares at one moment. Absent: nothing. */
export type Needs = Partial<Record<ShareUnit, number>>;

/** What a share has too little of. */
export interface Shortage {
  readonly rule: ShareRule;
  readonly unit: ShareUnit;
  readonly max: number;
  readonly need: number;
  /** Taken within the window, and reserved by uploads at work. */
  readonly used: number;
  readonly reserved: number;
  /** Milliseconds until it would fit if nobody took more; `null` where it can never fit. */
  readonly waitMs: number | null;
}

/**
 * A pace over so short a time is written down every few seconds (`open-shares.ts`) and not with each release: most of such a window is over before
 * a gate that was killed is there again. What is an amount, bytes and files, is always written with the release.
 */
const SOON_OVER_MS = 60_000;

/** All but requests, which are counted at once. */
const RESERVED = ["places", "bytes", "files"] as const satisfies readonly ShareUnit[];

/** Nobody knows when an upload at work ends. */
const WAIT_FOR_UPLOADS_MS = 5000;

type Bounds = readonly (readonly [ShareUnit, number])[];

/** Of each rule as long as its flow is in use. */
const bounds = new WeakMap<ShareRule, Bounds>();

/** What a rule bounds. */
export function boundsOf(rule: ShareRule): Bounds {
  const known = bounds.get(rule);
  if (known !== undefined) return known;
  const read = readBounds(rule);
  bounds.set(rule, read);
  return read;
}

function readBounds(rule: ShareRule): Bounds {
  if (rule.kind === "rate") return [["requests", rule.requestsMax]];
  if (rule.kind === "concurrent") return [["places", rule.uploadsMax]];
  return [
    ...(rule.bytesMax === null ? [] : [["bytes", rule.bytesMax] as const]),
    ...(rule.filesMax === null ? [] : [["files", rule.filesMax] as const]),
  ];
}

/** The window of a rule; uploads at once have none. */
export function windowOf(rule: ShareRule): number {
  return rule.kind === "concurrent" ? 0 : rule.windowMs;
}

export class ShareClaim {
  readonly rule: ShareRule;
  readonly account: ShareAccount;
  readonly #bounds: Bounds;
  readonly #held: Record<ShareUnit, number> = { requests: 0, places: 0, bytes: 0, files: 0 };
  #requestSlot: Slot | null = null;

  constructor(rule: ShareRule, account: ShareAccount) {
    this.rule = rule;
    this.account = account;
    this.#bounds = boundsOf(rule);
    account.windowMs = windowOf(rule);
    account.holders += 1;
  }

  /** How much of a unit this claim has reserved; as good as without end where the rule does not bound it. */
  covered(unit: ShareUnit): number {
    for (const [bounded] of this.#bounds) if (bounded === unit) return this.#held[unit];
    return Number.POSITIVE_INFINITY;
  }

  /** How much is neither taken nor reserved. */
  room(unit: ShareUnit, max: number, nowMs: number): number {
    const { account, rule } = this;
    return Math.max(0, max - account.used(unit, windowOf(rule), nowMs) - account.reserved[unit]);
  }

  /** What stands against having `needs` in all; `null` where nothing does. What this claim holds already is not needed again. */
  shortage(needs: Needs, nowMs: number): Shortage | null {
    for (const [unit, max] of this.#bounds) {
      const need = needs[unit] ?? 0;
      const more = need - this.#held[unit];
      if (more > 0 && (need > max || more > this.room(unit, max, nowMs)))
        return this.#describe(unit, max, need, nowMs);
    }
    return null;
  }

  /**
   * Takes what `shortage` found to be there: a request is counted at once, all else is reserved.
   * @param slab bytes are taken in steps of so many as far as they are there, so that not every chunk of a body has to ask.
   */
  take(needs: Needs, nowMs: number, slab = 0): void {
    for (const [unit, max] of this.#bounds) {
      const more = (needs[unit] ?? 0) - this.#held[unit];
      if (more <= 0) continue;
      if (unit === "requests") this.#countRequest(nowMs);
      else
        this.#reserve(
          unit,
          unit === "bytes" ? Math.min(this.room(unit, max, nowMs), Math.max(more, slab)) : more,
        );
    }
  }

  /** Puts what was really taken in place of what was reserved of it. @returns what to record, for the slot of this moment. */
  settle(
    taken: { readonly bytes: number; readonly files: number },
    nowMs: number,
  ): { slot: Slot; taken: Taken } | null {
    if (this.rule.kind === "concurrent") return null;
    if (this.rule.kind === "rate") return this.#settleRequest();
    this.#release("bytes");
    this.#release("files");
    if (taken.bytes === 0 && taken.files === 0) return null;
    return { slot: this.account.charge(taken, nowMs), taken };
  }

  /** Undoes `settle`: of its bytes and files nothing was taken, and its request, which stays counted, is in no record. */
  unsettle(slot: Slot, { requests = 0, bytes = 0, files = 0 }: Taken): void {
    this.account.takeBack(slot, { bytes, files });
    slot.unrecorded += requests;
  }

  /** Gives back what is reserved. A request that was counted stays counted. */
  end(): void {
    for (const unit of RESERVED) this.#release(unit);
    this.account.holders -= 1;
  }

  #countRequest(nowMs: number): void {
    this.#requestSlot = this.account.charge({ requests: 1 }, nowMs);
    this.#requestSlot.unrecorded += 1;
    this.#held.requests = 1;
  }

  /** The request goes along with the release, unless it was written down before or is written down soon enough. */
  #settleRequest(): { slot: Slot; taken: Taken } | null {
    const slot = this.#requestSlot;
    if (slot === null || slot.unrecorded === 0 || windowOf(this.rule) <= SOON_OVER_MS) return null;
    slot.unrecorded -= 1;
    return { slot, taken: { requests: 1 } };
  }

  #reserve(unit: ShareUnit, amount: number): void {
    this.#held[unit] += amount;
    this.account.reserved[unit] += amount;
  }

  #release(unit: (typeof RESERVED)[number]): void {
    this.account.reserved[unit] -= this.#held[unit];
    this.#held[unit] = 0;
  }

  #describe(unit: ShareUnit, max: number, need: number, nowMs: number): Shortage {
    const windowMs = windowOf(this.rule);
    const others = this.account.reserved[unit] - this.#held[unit];
    const waits = [others, 0].map((kept) =>
      this.account.usedAtMostAt(unit, max - need - kept, windowMs, nowMs),
    );
    const [whileOthersRun, whenOthersEnded] = waits.map((atMs) => (atMs === null ? null : atMs - nowMs));
    const used = this.account.used(unit, windowMs, nowMs);
    const waitMs =
      whileOthersRun ?? (whenOthersEnded == null ? null : Math.max(whenOthersEnded, WAIT_FOR_UPLOADS_MS));
    return { rule: this.rule, unit, max, need, used, reserved: others, waitMs };
  }
}
