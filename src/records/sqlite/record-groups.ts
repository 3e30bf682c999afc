/**
 * Runs a group of requests: all changes in one transaction, then the questions, then the answers.
 *
 * Always holds: a change is answered `done` only after the commit that holds it returned. A change that fails by its own fault is
 * undone and fails alone; a fault of the database (full disk, lock, damage) undoes the whole group and fails all its changes.
 */
import type { DatabaseSync } from "node:sqlite";
import { GateError } from "../../problems/gate-error.ts";
import { isDamage } from "./check-database.ts";
import { isFaultOfChange, packError, recordsUnavailable } from "./database-errors.ts";
import {
  type ChangeRequest,
  type GroupAnswer,
  isChangeRequest,
  type Question,
  type RecordsRequest,
  type RequestBatch,
} from "./records-messages.ts";
import { type BatchContent, RequestDesk } from "./request-desk.ts";

interface Numbered<Request> {
  readonly number: number;
  readonly request: Request;
  readonly content: BatchContent;
}

interface Outcome {
  readonly done: number[];
  readonly failed: { number: number; error: ReturnType<typeof packError> }[];
  readonly answers: { number: number; value: unknown }[];
}

export class RecordGroups {
  readonly #database: DatabaseSync;
  readonly #desk: RequestDesk;
  #commits = 0;
  #isClosed = false;
  /** Damage that was met: it does not heal, and a probe that happens not to touch it must not hide it. */
  #damage: Error | null = null;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#desk = new RequestDesk(database);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  run(batches: readonly RequestBatch[]): GroupAnswer {
    const requests = batches.flatMap(numbered);
    const outcome = emptyOutcome();
    this.#runChanges(requests.filter(isNumberedChange), outcome);
    for (const { number, request } of requests) {
      if (!isChangeRequest(request)) this.#answer(number, request, outcome);
    }
    return { ...outcome, commits: this.#commits };
  }

  #runChanges(changes: readonly Numbered<ChangeRequest>[], outcome: Outcome): void {
    if (changes.length === 0) return;
    try {
      this.#runTogether(changes, outcome);
    } catch (error) {
      this.#rollBack();
      if (isFaultOfChange(error)) this.#runWithSavepoints(changes, outcome);
      else this.#failAll(changes, error, outcome);
    }
  }

  /**
   * The usual way, without a savepoint for each change: those cost a seventh of a small upload's time. A refusal is thrown before its
   * change has written anything, so the others go on.
   * @throws any other fault; nothing of the group counts then.
   */
  #runTogether(changes: readonly Numbered<ChangeRequest>[], outcome: Outcome): void {
    const group = emptyOutcome();
    this.#begin();
    for (const change of changes) {
      try {
        this.#apply(change, group);
      } catch (error) {
        if (!(error instanceof GateError)) throw error;
        group.failed.push({ number: change.number, error: packError(error) });
      }
    }
    this.#commit(group, outcome);
  }

  /** The careful way, once a change has failed half-way: which one it was shows again, and is undone alone. */
  #runWithSavepoints(changes: readonly Numbered<ChangeRequest>[], outcome: Outcome): void {
    try {
      const group = emptyOutcome();
      this.#begin();
      for (const change of changes) this.#runWithSavepoint(change, group);
      this.#commit(group, outcome);
    } catch (error) {
      this.#rollBack();
      this.#failAll(changes, error, outcome);
    }
  }

  /** @throws what is not the change's own fault. */
  #runWithSavepoint(change: Numbered<ChangeRequest>, group: Outcome): void {
    const own = emptyOutcome();
    this.#database.exec("SAVEPOINT change");
    try {
      this.#apply(change, own);
      // Part of the change may be written only here, so it counts as done only after.
      this.#desk.finish();
      this.#database.exec("RELEASE change");
      addTo(group, own);
    } catch (error) {
      if (!isFaultOfChange(error)) throw error;
      this.#database.exec("ROLLBACK TO change; RELEASE change");
      this.#desk.undone();
      group.failed.push({ number: change.number, error: packError(error) });
    }
  }

  #begin(): void {
    this.#database.exec("BEGIN IMMEDIATE");
    this.#desk.startAnew();
  }

  #commit(group: Outcome, outcome: Outcome): void {
    this.#desk.finish();
    this.#database.exec("COMMIT");
    this.#commits += 1;
    addTo(outcome, group);
  }

  #apply({ number, request, content }: Numbered<ChangeRequest>, group: Outcome): void {
    if (request.kind === "probe" && this.#damage !== null) throw recordsUnavailable(this.#damage);
    const value = this.#desk.apply(request, content);
    if (value === undefined) group.done.push(number);
    else group.answers.push({ number, value });
  }

  /** Some faults (SQLITE_FULL, SQLITE_IOERR) have rolled back already: sqlite.org/lang_transaction.html section 3.1. */
  #rollBack(): void {
    this.#desk.undone();
    try {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
    } catch {
      // The fault that led here is what the changes are answered with; the next BEGIN meets whatever is left of it.
    }
  }

  #answer(number: number, request: Question | { readonly kind: "close" }, outcome: Outcome): void {
    try {
      outcome.answers.push({ number, value: this.#ask(request) });
    } catch (error) {
      if (isDamage(error)) this.#damage = error;
      outcome.failed.push({ number, error: packError(error) });
    }
  }

  #failAll(changes: readonly Numbered<ChangeRequest>[], cause: unknown, outcome: Outcome): void {
    if (isDamage(cause)) this.#damage = cause;
    const error = packError(cause);
    for (const { number } of changes) outcome.failed.push({ number, error });
  }

  #ask(request: Question | { readonly kind: "close" }): unknown {
    if (request.kind !== "close") return this.#desk.answer(request);
    this.#isClosed = true;
    return this.#database.close();
  }
}

const emptyOutcome = (): Outcome => ({ done: [], failed: [], answers: [] });

function addTo(outcome: Outcome, { done, failed, answers }: Outcome): void {
  outcome.done.push(...done);
  outcome.failed.push(...failed);
  outcome.answers.push(...answers);
}

function numbered(batch: RequestBatch): Numbered<RecordsRequest>[] {
  return (JSON.parse(batch.requests) as RecordsRequest[]).map((request, index) => ({
    number: batch.first + index,
    request,
    content: batch,
  }));
}

function isNumberedChange(numbered: Numbered<RecordsRequest>): numbered is Numbered<ChangeRequest> {
  return isChangeRequest(numbered.request);
}
