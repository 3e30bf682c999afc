/**
 * Removing the bytes of an upload whose end is recorded. Nobody waits for it: the record says that they are no longer needed, and a start
 * sweeps what is left of them.
 */
import type { DeliveryPart } from "../../delivery/delivery-input.ts";
import type { Storage } from "../../storage/storage.ts";

/** Removes files from wherever they are in storage; never rejects. */
export async function removeFiles(storage: Pick<Storage, "remove">, keys: readonly string[]): Promise<void> {
  await Promise.allSettled(
    keys.flatMap((key) => [storage.remove("quarantine", key), storage.remove("store", key)]),
  );
}

/** Removes the files of an upload that was just released: they are where its release has left them. */
export async function removeReleased(
  storage: Pick<Storage, "remove">,
  parts: readonly DeliveryPart[],
): Promise<void> {
  await Promise.allSettled(
    parts.flatMap((part) => {
      if (part.kind === "field") return [];
      const { accepted, localPath } = part.file;
      if (accepted.file.inline !== null && localPath === null) return [];
      return [storage.remove(localPath === null ? "quarantine" : "store", accepted.file.key)];
    }),
  );
}
