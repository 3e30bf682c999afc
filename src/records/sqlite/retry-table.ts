/**
 * What another try to deliver needs: the handover, and when it is due.
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { UploadId } from "../../uploads/upload-id.ts";
import type { Handover } from "../records.ts";
import type { WrittenChange } from "./records-messages.ts";

export class RetryTable {
  readonly #put: StatementSync;
  readonly #drop: StatementSync;
  readonly #find: StatementSync;
  readonly #setNextTry: StatementSync;

  constructor(database: DatabaseSync) {
    this.#put = database.prepare("INSERT OR REPLACE INTO handovers VALUES (?, ?)");
    this.#drop = database.prepare("DELETE FROM handovers WHERE upload = ?");
    this.#find = database.prepare(
      "SELECT handover FROM handovers JOIN uploads ON seq = upload WHERE uploads.id = ?",
    );
    this.#setNextTry = database.prepare("UPDATE uploads SET next_try_at_ms = ? WHERE seq = ?");
  }

  /** @param upload its `seq` */
  apply(upload: number, { handover, nextTryAtMs }: Pick<WrittenChange, "handover" | "nextTryAtMs">): void {
    if (handover === null) this.#drop.run(upload);
    else if (handover !== undefined) this.#put.run(upload, handover);
    if (nextTryAtMs !== undefined) this.#setNextTry.run(nextTryAtMs, upload);
  }

  find(id: UploadId): Handover | null {
    const row = this.#find.get(id);
    return row === undefined ? null : (JSON.parse(String(row.handover)) as Handover);
  }
}
