import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { storageContract } from "../storage.contract.ts";
import type { Storage } from "../storage.ts";
import { openDiskStorage } from "./open-disk-storage.ts";

storageContract("disk", async () => {
  const root = await mkdtemp(join(tmpdir(), "sluicegate-storage-"));
  const storage = await openDiskStorage({ root });
  let open: Storage = storage;
  return {
    storage,
    reopen: async () => {
      await open.close();
      open = await openDiskStorage({ root });
      return open;
    },
    dispose: async () => {
      await open.close();
      await rm(root, { recursive: true });
    },
  };
});
