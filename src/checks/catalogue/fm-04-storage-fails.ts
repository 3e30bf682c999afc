import type { Check, Refusal, Target } from "../check.ts";
import { whereAll } from "../define-case.ts";
import {
  ACCEPTED,
  acceptedId,
  answerOf,
  pathOf,
  plainRequest,
  refused,
  scenario,
  statusOf,
  tellsIds,
} from "../define-scenario.ts";
import type { FaultName } from "../hooks.ts";
import { canBeSized, sizedControl } from "../payloads/sized-file.ts";
import { controlProbe } from "../payloads/upload.ts";
import type { Play, Scenario, Stage } from "../scenario.ts";

const notStored: Refusal = {
  statuses: [503, 507],
  gateCodes: ["STORAGE_FULL", "STORAGE_WRITE_FAILED", "RECORDS_UNAVAILABLE"],
};

/** Too large to be held in memory until it is accepted. */
const large = (target: Target) => controlProbe(target, sizedControl(target, target.file.sizeBytesMax));

/** An upload that was accepted before, as whoever sent it can still see it. */
async function oldOneIsThere(stage: Stage, id: string | null): Promise<void> {
  const target = await stage.as("main");
  const { state } = target.promises ?? {};
  if (id === null || state === undefined) return;
  const told = await stage.send("an old upload", plainRequest(target, "GET", pathOf(state.path, id)));
  if (statusOf(told) !== 200) stage.complain(`meanwhile an old upload is answered ${statusOf(told)}`);
  const link = await stage.hooks.mintLink?.({ uploadId: id });
  if (link === undefined) return;
  const file = await stage.send("its file", plainRequest(await stage.as("nobody"), "GET", link));
  if (statusOf(file) !== 200 || answerOf(file)?.body.length !== target.file.sizeBytesMax)
    stage.complain(`meanwhile the file of an old upload is answered ${statusOf(file)}`);
}

function failing(name: string, fault: FaultName): Scenario {
  const play: Play = async (stage) => {
    const target = await stage.as("main");
    const id = await acceptedId(stage, "before", target, large(target));
    const before = await stage.hooks.stored?.();
    const got = (await stage.received())?.length ?? null;
    await stage.withFault(fault, async () => {
      const probe = large(await stage.as("main"));
      await stage.send(name, probe, { expect: refused(notStored) });
      await oldOneIsThere(stage, id);
    });
    const after = await stage.hooks.stored?.();
    const left = after?.temporary.filter((each) => before?.temporary.includes(each) !== true) ?? [];
    if (left.length > 0) stage.complain(`${left.length} partial files are left`);
    const arrived = (await stage.received())?.length ?? null;
    if (arrived !== got) stage.complain("the service got what could not be stored");
    await stage.send("afterwards", large(await stage.as("main")), { expect: ACCEPTED });
  };
  return scenario(name, 6, play, {
    appliesTo: whereAll(canBeSized, tellsIds),
    faults: [fault],
    twin: async (stage) => {
      await stage.send("without the fault", large(await stage.as("main")), { expect: ACCEPTED });
    },
  });
}

/** UPL-FM-04: nothing more can be written. */
export const storageFails: Check = {
  id: "UPL-FM-04",
  title: "Where nothing can be stored, uploads are refused, nothing is left half, and old files stay",
  why: "A disk that fills up during an upload leaves half a file, which the next reader takes for a whole one.",
  standards: ["v5.0.0-16.5.3", "CWE-755", "CVE-2026-5038"],
  flags: ["o"],
  remedy: {
    fastapi:
      "Catch `OSError` (ENOSPC, EROFS, EDQUOT) around every write, remove the part that was written, answer 507 or 503; `fsync` before a 2xx.",
    django: "The storage's `_save` raises `OSError`: catch it in the view, remove, answer 507 or 503.",
    flask: "Catch `OSError` around `FileStorage.save`, remove, answer 507 or 503.",
    gate: "`failure: { storage-full: refuse }`: 507 or 503, nothing half-stored, and it heals by itself.",
  },
  cases: [],
  scenarios: [
    failing("the disk is full", "storage-full"),
    failing("the disk can only be read", "storage-read-only"),
    failing("the records are locked", "records-locked"),
  ],
};
