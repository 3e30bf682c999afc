/**
 * From accepted to released: the records first, then the move, then the records again; one transaction where nothing has to move, because
 * the bytes are in the records themselves or are only passed on.
 */
import type { DeliveryPart } from "../delivery/delivery-input.ts";
import type { Flow } from "../flows/flow.ts";
import type { GateError } from "../problems/gate-error.ts";
import type { UploadChange } from "../records/records.ts";
import { releaseFile } from "../release/release-file.ts";
import type { AcceptedFile } from "../uploads/stages.ts";
import type { ReceivedPart } from "./body-intake.ts";
import type { GateParts } from "./gate-parts.ts";
import type { FilePart, UploadInspection } from "./inspect-upload.ts";
import { lateRecordsOf } from "./redelivery/behind-answers.ts";
import { type DeliveryHead, makeHandover } from "./redelivery/handover.ts";
import { removeFiles } from "./redelivery/remove-files.ts";
import { asGateError, refusalRecord } from "./refusal.ts";
import { deliveryBegun, fileRecord, type UploadJournal } from "./upload-journal.ts";

export interface AcceptedUpload {
  readonly flow: Flow;
  readonly journal: UploadJournal;
  readonly parts: readonly ReceivedPart[];
  readonly accepted: ReadonlyMap<FilePart, AcceptedFile>;
  readonly inspection: UploadInspection;
  /** What changes together with the move to `released`: use of shares, an idempotency key's claim, a grant. */
  readonly along?: UploadChange;
  /** The head of the request that brought it: what another try to deliver needs of it is kept with the release. */
  readonly head?: DeliveryHead;
}

/**
 * Releases every file and records the first try to deliver as begun.
 * @throws STORAGE_WRITE_FAILED, RECORDS_UNAVAILABLE …, and what `along` may fail with (RECORDS_KEY_TAKEN, RECORDS_GRANT_USED, RECORDS_API_KEY_ENDED); the upload is
 *   then still `accepted` or before, and nothing of it is in the store
 */
export async function releaseUpload(
  gate: GateParts,
  upload: AcceptedUpload,
): Promise<readonly DeliveryPart[]> {
  const files = [...upload.accepted.keys()].map((part) => part.file);
  const begun: UploadChange = {
    ...upload.along,
    ...handoverOf(upload),
    delivery: deliveryBegun(upload.flow.deliver, Date.now()),
  };
  const content: UploadChange = {
    files: files.map((file) => fileRecord(file, upload.inspection)),
    putInline: files.flatMap((file) => (file.inline === null ? [] : [{ key: file.key, bytes: file.inline }])),
    bytesReceived: files.reduce((sum, file) => sum + file.sizeBytes, 0),
  };
  const needsPath = upload.flow.deliver === "receipt";
  if (!needsPath || files.every((file) => file.inline !== null)) {
    await upload.journal.take(["received", "inspecting", "accepted", "released"], { ...content, ...begun });
    return releaseParts(gate, upload).catch((error: unknown) => takeBack(gate, upload, asGateError(error)));
  }
  await upload.journal.take(["received", "inspecting", "accepted"], content);
  try {
    const released = await releaseParts(gate, upload);
    await upload.journal.take(["released"], begun);
    return released;
  } catch (error) {
    // Some may have been moved, and by the records none is released: nobody will ever ask for them.
    await removeFiles(
      gate.storage,
      files.map(({ key }) => key),
    );
    throw error;
  }
}

/**
 * Ends an upload whose release is recorded and whose files could not be brought to the store: the service was not told of it.
 * @throws `error`
 */
async function takeBack(gate: GateParts, upload: AcceptedUpload, error: GateError): Promise<never> {
  const keys = [...upload.accepted.keys()].map((part) => part.file.key);
  const claim = upload.along?.idempotency;
  const change: UploadChange = {
    refusal: refusalRecord(error),
    dropInline: keys,
    handover: null,
    ...(claim?.kind === "claim" ? { idempotency: { kind: "free", scope: claim.scope } } : {}),
  };
  const note = `${error.code}: ${error.publicMessage}`;
  const write = (): Promise<void> => upload.journal.take([["rejected", note]], change);
  await write().catch(() => lateRecordsOf(gate).add(upload.journal.upload.id, write));
  await removeFiles(gate.storage, keys);
  throw error;
}

function handoverOf({ head, flow, parts, along }: AcceptedUpload): UploadChange {
  if (head === undefined) return {};
  const claim = along?.idempotency;
  const scope = claim?.kind === "claim" ? claim.scope : null;
  return { handover: makeHandover(head, flow.route.method, parts, scope) };
}

function releaseParts(gate: GateParts, { parts, accepted, flow }: AcceptedUpload): Promise<DeliveryPart[]> {
  const options = { needsPath: flow.deliver === "receipt" };
  return Promise.all(
    parts.map(async (part): Promise<DeliveryPart> => {
      if (part.kind === "field") return part;
      const file = accepted.get(part);
      if (file === undefined) throw new Error(`file ${part.name} was not accepted`);
      return { kind: "file", name: part.name, file: await releaseFile(file, gate.storage, options) };
    }),
  );
}
